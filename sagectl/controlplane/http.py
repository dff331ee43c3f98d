"""The control plane as a server, for any client of SageMaker."""

from __future__ import annotations

import signal
import socket
import socketserver
import threading
import time
from typing import TYPE_CHECKING, Any

from sagectl.catalog.regions import DEFAULT_LOCAL_REGION
from sagectl.controlplane.connection import Connection
from sagectl.controlplane.loopback import is_loopback
from sagectl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sagectl.controlplane.answers import Service
    from sagectl.controlplane.signatures import Signatures

# More than the largest request that the shapes of our operations allow.
BODY_BYTES = 4 << 20
# How long a request may take to come; how much longer once the server is to end.
RECEIVING_SECONDS = 60.0
_GRACE_SECONDS = 2.0
_POLL_SECONDS = 0.05
_LOOK_SECONDS = 1.0


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


class Server(socketserver.ThreadingTCPServer):
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
        receiving_seconds: float = RECEIVING_SECONDS,
    ) -> None:
        self.plane = plane
        self.region = region
        self.body_bytes = body_bytes
        self.signatures = signatures
        self.log = log
        self.is_finishing = False
        self._connections: set[Connection] = set()
        self._lock = threading.Lock()
        self._look_at = 0.0
        self._receiving_seconds = receiving_seconds
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        if signatures is None:
            _require_loopback(host)
        try:
            super().__init__((host, port), Connection)
        except (OSError, OverflowError) as error:
            raise InputError(
                f"{host}:{port} cannot be listened on: {error}",
                hint="Port 0 takes one that is free." if port else None,
            ) from error

    @property
    def url(self) -> str:
        name = f"[{self.server_name}]" if ":" in self.server_name else self.server_name
        return f"http://{name}:{self.server_port}"

    def server_bind(self) -> None:
        super().server_bind()
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def finish(self) -> None:
        """Take nothing new, end idle connections, and wait for the requests that run."""
        self.is_finishing = True
        with self._lock:
            for connection in self._connections:
                connection.end_if_idle()
        late = threading.Timer(_GRACE_SECONDS, self._end_slow, (0.0,))
        late.start()
        self.server_close()
        late.cancel()

    def service_actions(self) -> None:
        """What the loop does between connections: end those that keep a thread for nothing."""
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + _LOOK_SECONDS
            self._end_slow(self._receiving_seconds)

    def _end_slow(self, seconds: float) -> None:
        with self._lock:
            for connection in self._connections:
                connection.end_if_receiving(seconds=seconds)

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
    if not is_loopback(host):
        raise InputError(
            f"{host!r} is not a loopback address, and whoever reaches the port is obeyed",
            hint="Use 127.0.0.1, ::1 or localhost, or --require-signature.",
        )
