"""Folders for work under way, of which no process leaves any behind."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

PREFIX = "sagectl-work-"
# Signals that end a process where it stands, unless it asks to be told.
_ENDING = (signal.SIGTERM, signal.SIGHUP)
# A folder is there for a moment before it is locked.
_NEW_SECONDS = 60


@contextmanager
def workplace(purpose: str) -> Iterator[Path]:
    """A folder that goes when the block ends, also by Ctrl-C, SIGTERM or SIGHUP.

    What is killed outright cannot clean up: the first folder of a process removes those of
    processes that are gone.
    """
    _sweep(Path(gettempdir()))
    with _unwinding(), TemporaryDirectory(prefix=f"{PREFIX}{purpose}-") as made:
        lock = _locked(Path(made))
        try:
            yield Path(made)
        finally:
            if lock is not None:
                os.close(lock)


@cache
def _sweep(place: Path) -> None:
    try:
        found = list(place.glob(f"{PREFIX}*"))
    except OSError:  # another's folder among them went away
        return
    for folder in found:
        if _is_left(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_left(folder: Path) -> bool:
    """Whether a folder of this user is one that no process works in."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    if status.st_uid != os.getuid() or time.time() - status.st_mtime < _NEW_SECONDS:
        return False
    lock = _locked(folder)
    if lock is None:
        return False
    os.close(lock)
    return True


def _locked(folder: Path) -> int | None:
    """A descriptor that locks the folder while its process lives; None where it is taken."""
    from fcntl import LOCK_EX, LOCK_NB, flock

    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        flock(lock, LOCK_EX | LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock


@contextmanager
def _unwinding() -> Iterator[None]:
    """Signals that would end the process end it once what is under way is put away."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard = [each for each in _ENDING if signal.getsignal(each) is signal.SIG_DFL]
    received: list[int] = []

    def unwind(number: int, _: FrameType | None) -> None:
        received.append(number)
        for each in heard:
            signal.signal(each, signal.SIG_IGN)
        raise SystemExit(128 + number)

    for each in heard:
        signal.signal(each, unwind)
    try:
        yield
    finally:
        for each in heard:
            signal.signal(each, signal.SIG_DFL)
        if received:
            os.kill(os.getpid(), received[0])
