"""What the portal's server says to a browser."""

from __future__ import annotations

from typing import NamedTuple


class Said(NamedTuple):
    """An answer: a page, a place to go to, or bytes."""

    status: int
    content: bytes = b""
    kind: str = "text/html; charset=utf-8"
    location: str | None = None
    cookies: tuple[str, ...] = ()


def page(html: str, status: int = 200, *cookies: str) -> Said:
    return Said(status, html.encode(errors="replace"), cookies=cookies)


def leading_to(location: str, *cookies: str) -> Said:
    """Sends the browser elsewhere, after a form so that a reload sends nothing twice."""
    return Said(303, location=location, cookies=cookies)


def cookie(name: str, value: str, seconds: float, *, path: str = "/", same: str) -> str:
    """A cookie that scripts do not see; ``same`` is SameSite. No seconds take it away."""
    return f"{name}={value}; HttpOnly; SameSite={same}; Path={path}; Max-Age={seconds:.0f}"
