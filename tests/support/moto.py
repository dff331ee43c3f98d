"""Moto's servers of the services around SageMaker, in a thread of the test."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def moto() -> Iterator[str]:
    """The endpoint of every service that moto has; what it knows lasts as long as it."""
    from urllib.request import urlopen

    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        # Its servers of one process share what they know.
        urlopen(f"http://{host}:{port}/moto-api/reset", data=b"").close()
        server.stop()
