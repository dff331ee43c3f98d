"""The control plane behind HTTP, in a thread of the test."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sagectl.controlplane.http import Server
from sagectl.controlplane.plane import ControlPlane
from sagectl.schema.model import service_model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The endpoint of a plane whose state is below ``folder``."""
    plane = ControlPlane(folder / "served", service_model(folder / "served-cache"))
    server = Server(plane, "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.url
    finally:
        server.shutdown()
        server.finish()
        thread.join()
        plane.store.close()
