"""Requests and answers of the portal's server, as HTTP has them."""

from __future__ import annotations

import re
from contextlib import suppress
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from sagectl.controlplane.loopback import is_loopback
from sagectl.errors import InputError

if TYPE_CHECKING:
    from sagectl.controlplane.portal.answers import Said

BODY_BYTES = 8 << 20
# Templates bring scripts and styles of their own, but reach nothing beyond this portal.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data: blob:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


class Exchange(BaseHTTPRequestHandler):
    """One connection: what was asked is read with care, what is said goes out whole."""

    protocol_version = "HTTP/1.1"
    server_version = "sagectl"
    sys_version = ""
    timeout = 60
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's
        """Nothing: what workers do is in the database."""

    def cookie(self, name: str) -> str:
        cookies: SimpleCookie = SimpleCookie()
        with suppress(CookieError):
            cookies.load(self.headers.get("Cookie", ""))
        found = cookies.get(name)
        return found.value if found else ""

    def fields(self) -> dict[str, str]:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal()) or int(length) > BODY_BYTES:
            self.close_connection = True
            raise InputError("the form is too large, or does not say how large it is")
        content = self.rfile.read(int(length)).decode(errors="replace")
        try:
            given = parse_qs(content, keep_blank_values=True, max_num_fields=20)
        except ValueError as error:
            raise InputError(f"the form cannot be read: {error}") from error
        return {name: values[-1] for name, values in given.items()}

    def require_our_name(self) -> None:
        """Refuse a web page of another name that was made to lead here, and its forms."""
        host = self.headers.get("Host", "")
        origin = self.headers.get("Origin")
        if not is_loopback(re.sub(r":\d+$", "", host).strip("[]").lower()) or (
            origin is not None and origin != f"http://{host}"
        ):
            self.close_connection = True
            raise InputError("this portal is not reached that way")

    def send(self, said: Said) -> None:
        self.send_response(said.status)
        self.send_header("Content-Type", said.kind)
        self.send_header("Content-Length", str(len(said.content)))
        self.send_header("Content-Security-Policy", _POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "same-origin")
        self.send_header("Cache-Control", "no-store")
        if said.location:
            self.send_header("Location", said.location)
        for held in said.cookies:
            self.send_header("Set-Cookie", held)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(said.content)
        self.wfile.flush()
