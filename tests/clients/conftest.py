"""A server as people start it, and the clients that ``tests/clients/install`` fetched."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.clients.scenarios import RECORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Run

ROOT = Path(__file__).parents[2]
FETCHED = ROOT / ".clients"


@contextmanager
def serving(*options: str) -> Iterator[str]:
    """The endpoint of ``sagectl local serve OPTIONS``."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sagectl", "local", "serve", "-q", *options],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.communicate(timeout=30)


@pytest.fixture
def endpoint(run: Run) -> Iterator[str]:
    """A server with records to search through."""
    lines = "".join(f"{json.dumps(record)}\n" for record in RECORDS)
    assert run("local", "load", stdin=lines).code == 0
    with serving() as url:
        yield url


def fetched(name: str) -> str:
    """A program or folder below ``.clients``; skips where it was not fetched."""
    place = FETCHED / name
    if not place.exists():
        pytest.skip(f"no {place.relative_to(ROOT)}: run tests/clients/install")
    return str(place)
