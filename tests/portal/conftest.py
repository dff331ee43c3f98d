"""A portal in a thread of the test, on a plane with people and a team."""

from __future__ import annotations

import struct
import threading
import time
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import pytest

from sagectl.controlplane import people
from sagectl.controlplane.plane import ControlPlane
from sagectl.controlplane.portal.server import Portal
from sagectl.identity.fetching import Limits
from sagectl.identity.sign_in import RelyingParty
from sagectl.schema.model import ServiceModel, service_model
from tests.support.labelings import PLACE, with_job
from tests.support.planes import with_team
from tests.support.provider import SECRET, Provider, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sagectl.controlplane.labelwork import LabelingWork


class MakeJob(Protocol):
    def __call__(self, objects: list[dict[str, str]], **changes: object) -> LabelingWork: ...


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> ServiceModel:
    return service_model(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def plane(tmp_path: Path, model: ServiceModel) -> Iterator[ControlPlane]:
    plane = ControlPlane(tmp_path / "state", model)
    yield plane
    plane.store.close()


@pytest.fixture
def make_job(plane: ControlPlane, tmp_path: Path) -> MakeJob:
    """Make a job of a team whose members ann and bob sign in with ``open-sesame``."""
    team = with_team(plane)
    for name, group in (("ann", "radiologists"), ("bob", "radiologists"), ("eve", "drivers")):
        people.add(plane.store, PLACE, name, [group], "open-sesame", now=0)

    def make(objects: list[dict[str, str]], **changes: object) -> LabelingWork:
        return with_job(plane, tmp_path, objects, team=team, **changes)  # type: ignore[arg-type]

    return make


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """A provider whose Ann is a radiologist."""
    folder = tmp_path / "provider"
    folder.mkdir()
    with served(folder) as (found, certificate):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        found.person = {"sagemaker:groups": ["radiologists"]}
        yield found


def party(provider: Provider, secret: str = SECRET) -> RelyingParty:
    """The portal's side of sign-in at ``provider``."""
    return RelyingParty(provider.config(), secret, Limits(allows_loopback=True), time.time)


@contextmanager
def opened(work: LabelingWork, provider: RelyingParty | None = None) -> Iterator[str]:
    """The URL of a portal on ``work``, whose people sign in at ``provider`` if there is one."""
    portal = Portal(work, "127.0.0.1", 0, provider)
    thread = threading.Thread(target=portal.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield portal.url
    finally:
        portal.shutdown()
        portal.server_close()
        thread.join()


def picture(
    width: int, height: int, rectangles: list[tuple[int, int, int, int, tuple[int, int, int]]]
) -> bytes:
    """A PNG of rectangles (left, top, width, height, colour) on a pale ground."""
    rows = [bytearray((236, 239, 244) * width) for _ in range(height)]
    for left, top, wide, high, colour in rectangles:
        for row in rows[top : top + high]:
            row[3 * left : 3 * (left + wide)] = bytes(colour) * wide

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", header), chunk(b"IDAT", pixels), chunk(b"IEND", b""))
    )
