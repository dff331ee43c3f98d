"""Commits that wait for the disk together."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from sagectl.controlplane.flushing import Flush
from sagectl.controlplane.plane import ControlPlane
from sagectl.controlplane.store import LOG, Store
from sagectl.errors import StateError
from tests.support.planes import compilation

if TYPE_CHECKING:
    from pathlib import Path

    from sagectl.schema.model import ServiceModel


class Counted(Flush):
    """A flush that waits to be let go, and counts."""

    def __init__(self, log: Path) -> None:
        super().__init__(log)
        self.flushes = 0
        self.began = threading.Semaphore(0)
        self.may_end = threading.Semaphore(0)

    def _flush(self) -> None:
        self.flushes += 1
        self.began.release()
        self.may_end.acquire(timeout=10)


def test_whoever_comes_during_a_flush_shares_the_next(tmp_path: Path) -> None:
    flush = Counted(tmp_path / "log")
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(flush)
        flush.began.acquire(timeout=10)
        others = [pool.submit(flush) for _ in range(8)]
        while vars(flush)["_asked"] < 9:
            pass
        flush.may_end.release(2)
        first.result(10)
        for other in others:
            other.result(10)
    assert flush.flushes == 2


def test_a_flush_that_fails_is_told_and_tried_again(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.mkdir()  # cannot be opened for writing
    flush = Flush(log)
    with pytest.raises(IsADirectoryError):
        flush()
    log.rmdir()
    log.write_bytes(b"frames")
    flush()


def test_a_store_flushes_what_it_acknowledges(state: Path, model: ServiceModel) -> None:
    flush = Flush(state / LOG)
    flushed: list[int] = []

    def flushing() -> None:
        flush()
        flushed.append((state / LOG).stat().st_size)

    plane = ControlPlane(state, model, store=Store(state, flush=flushing))
    with ThreadPoolExecutor(8) as pool:
        requests = (compilation(f"job-{number}") for number in range(40))
        list(pool.map(lambda params: plane.handle("CreateCompilationJob", params), requests))
    assert len(flushed) == 40
    assert all(flushed)
    assert len(plane.handle("ListCompilationJobs", {})["CompilationJobSummaries"]) == 40


def test_a_change_that_the_disk_did_not_take_is_an_error(state: Path) -> None:
    def failing() -> None:
        raise OSError(5, "Input/output error", str(state / LOG))

    store = Store(state, flush=failing)
    with pytest.raises(StateError, match="Input/output"), store.writing():
        pass
