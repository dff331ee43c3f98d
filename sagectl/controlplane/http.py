"""The control plane as a server, for any client of SageMaker."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import socketserver
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from sagectl.catalog.regions import DEFAULT_LOCAL_REGION
from sagectl.controlplane.answers import answer
from sagectl.controlplane.bodies import bad_request, body
from sagectl.controlplane.callers import claimed_caller
from sagectl.controlplane.wire import CONTENT_TYPE, TARGET_PREFIX, encode_fault
from sagectl.errors import InputError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sagectl.controlplane.answers import Answer, Service
    from sagectl.controlplane.callers import Caller
    from sagectl.controlplane.signatures import Signatures

# More than the largest request that the shapes of our operations allow.
BODY_BYTES = 4 << 20
_IDLE_SECONDS = 120
_POLL_SECONDS = 0.05
_LOOPBACK_NAMES = frozenset(("localhost", "localhost.localdomain"))


def serve(
    plane: Service,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    ready: Callable[[str], None],
    region: str = DEFAULT_LOCAL_REGION,
    body_bytes: int = BODY_BYTES,
    signatures: Signatures | None = None,
    log: Callable[[dict[str, Any]], None] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then finish the requests that run.

    ``ready`` is called with the endpoint's URL once requests are taken; port 0 takes one that
    is free. ``log`` is given a row for each request: who asked for what, never with what.
    Raises InputError for an address that is taken, or that is not this machine's loopback
    while no ``signatures`` are asked for.
    """
    server = Server(
        plane,
        host,
        port,
        region=region,
        body_bytes=body_bytes,
        signatures=signatures,
        log=log,
    )

    def end(_number: int, _frame: object) -> None:
        # shutdown waits for the loop that this handler interrupts, so it needs its own thread.
        threading.Thread(target=server.shutdown).start()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        ready(server.url)
        server.serve_forever(_POLL_SECONDS)
    finally:
        server.finish()
        for number, handler in before.items():
            signal.signal(number, handler)


class Server(ThreadingHTTPServer):
    """One thread for each connection; they share the control plane."""

    daemon_threads = False
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(
        self,
        plane: Service,
        host: str,
        port: int,
        *,
        region: str = DEFAULT_LOCAL_REGION,
        body_bytes: int = BODY_BYTES,
        signatures: Signatures | None = None,
        log: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        self.plane = plane
        self.region = region
        self.body_bytes = body_bytes
        self.signatures = signatures
        self.log = log
        self.is_finishing = False
        self._connections: set[Connection] = set()
        self._lock = threading.Lock()
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        if signatures is None:
            _require_loopback(host)
        try:
            super().__init__((host, port), Connection)
        except (OSError, OverflowError) as error:
            raise InputError(
                f"{host}:{port} cannot be listened on: {error}",
                hint="Port 0 takes one that is free.",
            ) from error

    @property
    def url(self) -> str:
        name = f"[{self.server_name}]" if ":" in self.server_name else self.server_name
        return f"http://{name}:{self.server_port}"

    def server_bind(self) -> None:
        # HTTPServer's own asks the name service for this machine's name, which may take long.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def finish(self) -> None:
        """Take nothing new, end idle connections, and wait for the requests that run."""
        self.is_finishing = True
        with self._lock:
            for connection in self._connections:
                connection.end_if_idle()
        self.server_close()

    def enter(self, connection: Connection) -> None:
        with self._lock:
            self._connections.add(connection)
            if self.is_finishing:  # it was accepted a moment too late to be told
                connection.end_if_idle()

    def leave(self, connection: Connection) -> None:
        with self._lock:
            self._connections.discard(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        import logging

        logging.getLogger("sagectl").debug("connection of %s", client_address, exc_info=True)


def _require_loopback(host: str) -> None:
    if not _is_loopback(host):
        raise InputError(
            f"{host!r} is not a loopback address, and whoever reaches the port is obeyed.",
            hint="Use 127.0.0.1, ::1 or localhost, or --require-signature.",
        )


def _is_loopback(name: str) -> bool:
    with suppress(ValueError):
        return ip_address(name).is_loopback
    return name in _LOOPBACK_NAMES


class Connection(BaseHTTPRequestHandler):
    """The requests of one client, one after another."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "sagectl"
    sys_version = ""
    timeout = _IDLE_SECONDS
    # Headers and body leave in one segment, at once: else Nagle's algorithm and delayed
    # acknowledgements hold each answer back for 40 ms.
    wbufsize = -1
    disable_nagle_algorithm = True
    _is_busy = False
    _who: Caller | None = None

    def handle(self) -> None:
        self.server.enter(self)
        try:
            super().handle()
        finally:
            self.server.leave(self)

    def parse_request(self) -> bool:
        self._is_busy = True
        return super().parse_request()

    def handle_expect_100(self) -> bool:
        goes_on = super().handle_expect_100()
        self.wfile.flush()
        return goes_on

    def handle_one_request(self) -> None:
        super().handle_one_request()
        self._is_busy = False
        if self.server.is_finishing:
            self.close_connection = True

    def end_if_idle(self) -> None:
        if not self._is_busy:
            with suppress(OSError):  # the client was quicker
                self.connection.shutdown(socket.SHUT_RD)

    def do_POST(self) -> None:
        """An operation."""
        began, request_id = time.perf_counter(), _request_id()
        self._who = None
        try:
            said = self._answered(request_id)
        except ServiceError as error:
            self.close_connection = True  # the body may not have been read
            said = encode_fault(error, request_id)
        self._send(said)
        if self.server.log is not None:
            self.server.log(self._row(said, request_id, time.perf_counter() - began))

    def do_GET(self) -> None:
        """Whether the server is up."""
        content = json.dumps({"service": "sagemaker", "by": "sagectl"}).encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(content))}
        self._send((200, headers, content))

    def send_error(
        self, code: int, message: str | None = None, explain: str | None = None
    ) -> None:
        """What http.server itself refuses, in the service's form rather than in HTML."""
        self.close_connection = True
        self.request_version = self.protocol_version  # a status line even for what is no HTTP
        error = ServiceError("BadRequest", message or explain or "Refused.", status=int(code))
        self._send(encode_fault(error, _request_id()))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's
        """Nothing: requests are not the operator's business, failures are logged elsewhere."""

    def _answered(self, request_id: str) -> Answer:
        self._require_our_name()
        content = body(self.rfile, self.headers, self.server.body_bytes)
        kind = self.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind != CONTENT_TYPE:
            raise ServiceError(
                "UnsupportedMediaType", f"Content-Type is not {CONTENT_TYPE}.", status=415
            )
        caller = self._who = self._caller(content)
        target = self.headers.get("X-Amz-Target", "")
        return answer(
            self.server.plane,
            target,
            content,
            account=caller.account,
            region=caller.region,
            request_id=request_id,
        )

    def _require_our_name(self) -> None:
        """Refuse a web page whose own name was made to lead here (DNS rebinding)."""
        given = self.headers.get_all("Host", [])
        if len(given) != 1:
            raise bad_request("A request has one Host header.")
        if self.server.signatures is not None:
            return  # the name is signed, which no web page can do
        name = re.sub(r":\d+$", "", given[0].strip().lower()).strip("[]")
        if not _is_loopback(name):
            raise ServiceError(
                "AccessDeniedException", f"This server is not called {name!r}.", status=403
            )

    def _caller(self, content: bytes) -> Caller:
        if self.server.signatures is not None:
            return self.server.signatures.caller(self.command, self.path, self.headers, content)
        return claimed_caller(self.headers.get("Authorization", ""), self.server.region)

    def _row(self, said: Answer, request_id: str, seconds: float) -> dict[str, Any]:
        """What the log says of a request: nothing of its body, which may hold a secret."""
        status, _, content = said
        code = "" if status == 200 else json.loads(content)["__type"]
        return {
            "RequestId": request_id,
            "Client": self.client_address[0],
            "Account": self._who.account if self._who else "",
            "Region": self._who.region if self._who else "",
            "Operation": self.headers.get("X-Amz-Target", "").removeprefix(TARGET_PREFIX),
            "Status": status,
            "Code": code,
            "Milliseconds": round(seconds * 1000, 3),
        }

    def _send(self, said: Answer) -> None:
        status, headers, content = said
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if self.close_connection or self.server.is_finishing:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()


def _request_id() -> str:
    digits = os.urandom(16).hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
