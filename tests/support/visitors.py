"""Visitors of the worker portal."""

from __future__ import annotations

import http.client
import re
from urllib.parse import urlencode, urlsplit


class Client:
    """A browser without a screen; ``held`` are the cookies as they were set."""

    def __init__(self, url: str) -> None:
        self.place = urlsplit(url).netloc
        self.cookies: dict[str, str] = {}
        self.held: list[str] = []

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def ask(
        self, method: str, path: str, fields: dict[str, object] | None = None, **headers: str
    ) -> tuple[int, str, str]:
        """Status, Location and text of an answer; header names are written with ``_``."""
        connection = http.client.HTTPConnection(self.place, timeout=10)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        given.setdefault("Cookie", self.cookie)
        body = None
        if fields is not None:
            body = urlencode(fields)
            given["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body, given)
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        for held in answer.headers.get_all("Set-Cookie", ()):
            name, _, value = held.partition(";")[0].partition("=")
            self.cookies[name] = value
            self.held.append(held)
        connection.close()
        return answer.status, answer.getheader("Location") or "", text

    def sign_in(self, name: str, password: str = "open-sesame") -> int:
        return self.ask("POST", "/sign-in", {"name": name, "password": password})[0]

    def csrf(self) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.ask("GET", "/")[2])
        assert found is not None
        return found[1]
