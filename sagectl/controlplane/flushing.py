"""Commits made safe against a power cut, many with one flush of the disk."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Flush:
    """Called after a commit, returns once that commit is on the disk.

    SQLite's own ``synchronous=FULL`` flushes inside each transaction, one after another. Here
    whoever comes first flushes the write-ahead log for all who committed before it began; those
    who come meanwhile share the next flush. A checkpoint flushes the log by itself before it
    starts it anew, so what is no longer in the log is in the database.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._state = threading.Condition()
        self._asked = 0
        self._done = 0
        self._is_flushing = False
        self._known: tuple[int, int] | None = None

    def __call__(self) -> None:
        """Raises OSError where the disk does not take it."""
        with self._state:
            self._asked += 1
            ticket = self._asked
            while self._is_flushing and self._done < ticket:
                self._state.wait()
            if self._done >= ticket:
                return
            self._is_flushing = True
            covered, flushed = self._asked, 0
        try:
            self._flush()
            flushed = covered
        finally:
            # After a failure nothing counts as flushed: the next in line tries for itself.
            with self._state:
                self._done = max(self._done, flushed)
                self._is_flushing = False
                self._state.notify_all()

    def _flush(self) -> None:
        try:
            # The log alone: closing the database's own file would drop SQLite's locks on it.
            descriptor = os.open(self._log, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return  # the last connection closed, which moved all of it to the database
        try:
            os.fdatasync(descriptor)
            found = os.fstat(descriptor)
        finally:
            os.close(descriptor)
        if (found.st_dev, found.st_ino) != self._known:
            self._flush_directory()
            self._known = found.st_dev, found.st_ino

    def _flush_directory(self) -> None:
        descriptor = os.open(self._log.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
