"""One client's connection: requests in, answers out, one after another."""

from __future__ import annotations

import json
import os
import re
import socket
import time
from contextlib import suppress
from socketserver import StreamRequestHandler
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sagectl.controlplane.answers import answer
from sagectl.controlplane.bodies import body
from sagectl.controlplane.callers import claimed_caller
from sagectl.controlplane.heads import LINE_BYTES, bad_request, read_head
from sagectl.controlplane.loopback import is_loopback
from sagectl.controlplane.wire import CONTENT_TYPE, TARGET_PREFIX, encode_fault
from sagectl.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from io import BufferedReader

    from sagectl.controlplane.answers import Answer
    from sagectl.controlplane.callers import Caller
    from sagectl.controlplane.heads import Head
    from sagectl.controlplane.http import Server

_IDLE_SECONDS = 120
# How much of a refused request is read all the same, and for how long.
_LINGER_BYTES, _LINGER_SECONDS, _LINGER_WAIT_SECONDS = 32 << 20, 5.0, 1.0
_PHRASES: Mapping[int, str] = MappingProxyType(
    {200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found"}
)
_UP = json.dumps({"service": "sagemaker", "by": "sagectl"}).encode()


class Connection(StreamRequestHandler):
    """The requests of one client."""

    server: Server
    rfile: BufferedReader
    timeout = _IDLE_SECONDS
    # Headers and body leave in one segment, at once: else Nagle's algorithm and delayed
    # acknowledgements hold each answer back for 40 ms.
    wbufsize = -1
    disable_nagle_algorithm = True
    _has_refused = False
    # When the first byte of a request came that has not come whole.
    _receiving_since: float | None = None
    _is_idle = True

    def handle(self) -> None:
        self.server.enter(self)
        try:
            while self._serve_next():
                # First this, then the look: whoever ends the server does it the other way.
                self._is_idle = True
                if self.server.is_finishing:
                    break
        except TimeoutError:
            return  # nothing came for too long
        finally:
            self.server.leave(self)
        if self._has_refused:
            self._linger()

    def _linger(self) -> None:
        """Take what else is sent: who is cut off while sending does not read the answer."""
        with suppress(OSError):  # the client was quicker
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(_LINGER_WAIT_SECONDS)
            until, left = time.monotonic() + _LINGER_SECONDS, _LINGER_BYTES
            while left > 0 and time.monotonic() < until:
                taken = len(self.connection.recv(1 << 16))
                left = left - taken if taken else 0

    def end_if_idle(self) -> None:
        """Take no further request, unless one has begun to come."""
        if self._is_idle:
            self._end()

    def end_if_receiving(self, *, seconds: float) -> None:
        """Give up on a request that has been coming for ``seconds``, and is not all here."""
        since = self._receiving_since
        if since is not None and time.monotonic() - since >= seconds:
            self._end()

    def _end(self) -> None:
        with suppress(OSError):  # the client was quicker
            self.connection.shutdown(socket.SHUT_RD)

    def _serve_next(self) -> bool:
        """Answer one request; whether the connection is of further use."""
        if not self.rfile.peek(1):
            return False
        self._is_idle, self._receiving_since = False, time.monotonic()
        first = self.rfile.readline(LINE_BYTES + 1)
        if first in (b"\r\n", b"\n"):  # RFC 9112, 2.2: some clients end a body so
            first = self.rfile.readline(LINE_BYTES + 1)
        if not first:
            return False
        request_id = _request_id()
        try:
            head = read_head(first, self.rfile)
        except ServiceError as error:
            self._has_refused = True
            self._send(encode_fault(error, request_id), stays=False)
            return False
        return self._serve(head, request_id)

    def _serve(self, head: Head, request_id: str) -> bool:
        began, stays = time.perf_counter(), head.keeps_alive
        caller = None
        try:
            content = self._content(head)
            self._receiving_since = None
            if head.method == "GET":
                self._send((200, {"Content-Length": str(len(_UP))}, _UP), stays=stays)
                return stays
            caller = self._caller(head, content)
            said = answer(
                self.server.plane,
                head.headers.get("X-Amz-Target"),
                content,
                account=caller.account,
                region=caller.region,
                request_id=request_id,
            )
        except ServiceError as error:
            self._has_refused, stays = True, False  # the body may not have been read
            said = encode_fault(error, request_id)
        self._send(said, stays=stays)
        if self.server.log is not None:
            seconds = time.perf_counter() - began
            self.server.log(self._row(head, caller, said, request_id, seconds))
        return stays

    def _content(self, head: Head) -> bytes:
        if head.method not in ("POST", "GET"):
            raise ServiceError("BadRequest", f"{head.method} is not served.", status=501)
        if head.method == "POST":
            self._require_our_name(head)
        if head.headers.get("Expect").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
        return body(self.rfile, head.headers, self.server.body_bytes)

    def _require_our_name(self, head: Head) -> None:
        """Refuse a web page whose own name was made to lead here (DNS rebinding)."""
        given = head.headers.get_all("Host")
        if len(given) != 1:
            raise bad_request("A request has one Host header.")
        if self.server.signatures is not None:
            return  # the name is signed, which no web page can do
        name = re.sub(r":\d+$", "", given[0].lower()).strip("[]")
        if not is_loopback(name):
            raise ServiceError(
                "AccessDeniedException", f"This server is not called {name!r}.", status=403
            )

    def _caller(self, head: Head, content: bytes) -> Caller:
        kind = head.headers.get("Content-Type").partition(";")[0].strip().lower()
        if kind != CONTENT_TYPE:
            raise ServiceError(
                "UnsupportedMediaType", f"Content-Type is not {CONTENT_TYPE}.", status=415
            )
        if self.server.signatures is not None:
            return self.server.signatures.caller(
                head.method, head.target, head.headers, content
            )
        return claimed_caller(head.headers.get("Authorization"), self.server.region)

    def _row(
        self, head: Head, caller: Caller | None, said: Answer, request_id: str, seconds: float
    ) -> dict[str, Any]:
        """What the log says of a request: nothing of its body, which may hold a secret."""
        status, _, content = said
        return {
            "RequestId": request_id,
            "Client": self.client_address[0],
            "Account": caller.account if caller else "",
            "Region": caller.region if caller else "",
            "Operation": head.headers.get("X-Amz-Target").removeprefix(TARGET_PREFIX),
            "Status": status,
            "Code": "" if status == 200 else json.loads(content)["__type"],
            "Milliseconds": round(seconds * 1000, 3),
        }

    def _send(self, said: Answer, *, stays: bool) -> None:
        status, headers, content = said
        date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
        lines = [f"HTTP/1.1 {status} {_PHRASES.get(status, '')}", f"Date: {date}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if not stays or self.server.is_finishing:
            lines.append("Connection: close")
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + content)
        self.wfile.flush()


def _request_id() -> str:
    digits = os.urandom(16).hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
