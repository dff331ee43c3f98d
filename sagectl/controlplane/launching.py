"""The lock that says that a supervisor is being started; it ends with whoever holds it.

Whoever starts one takes it and hands it down. The new supervisor lets go of it once it has its
lease; if it is killed before, the kernel does, and the next one can be started at once.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from sagectl.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping
    from pathlib import Path

# Tells a new supervisor under which number it has the lock.
VARIABLE = "SAGECTL_LAUNCH_LOCK"
_FILE = "launch.lock"


@contextmanager
def launching(folder: Path) -> Iterator[int | None]:
    """The lock's file, open for the process to be started; None if somebody has the lock."""
    place = folder / _FILE
    try:
        descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StateError(f"{place}: {error.strerror}") from error
    try:
        yield descriptor if _is_ours(descriptor) else None
    finally:
        os.close(descriptor)


def _is_ours(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    os.set_inheritable(descriptor, True)
    return True


def is_launching(folder: Path) -> bool:
    """Whether a supervisor is being started."""
    if not (folder / _FILE).exists():
        return False
    with launching(folder) as mine:
        return mine is None


def end_launch(environ: MutableMapping[str, str]) -> None:
    """Let go of the lock that this process was started with, if it was."""
    descriptor = environ.pop(VARIABLE, "")
    if descriptor.isdecimal():
        with suppress(OSError):  # it was not handed down
            os.close(int(descriptor))
