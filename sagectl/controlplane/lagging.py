"""A store whose reads are late, as those of a service of many machines are."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from sagectl.controlplane.clock import milliseconds
from sagectl.controlplane.mishaps import explained
from sagectl.controlplane.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from sqlite3 import Connection

    from sagectl.controlplane.clock import Clock

# How many moments of the past are kept at most; changes between two of them are seen together.
_MOMENTS = 16


class Lagging(Store):
    """A store whose reads see what it held ``seconds`` ago, give or take a sixteenth.

    Its changes are made at once, to what is there now. What other processes change is seen
    as late only where this one changed something shortly before.
    """

    is_late = True

    def __init__(
        self,
        state: Path,
        clock: Clock,
        seconds: float,
        *,
        flush: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(state, flush=flush)
        self._clock = clock
        self._lag_ms = int(seconds * 1000)
        # When a moment ended, and a connection that still sees it.
        self._past: deque[tuple[int, Connection]] = deque()
        self._lock = threading.RLock()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self._lock, ExitStack() as open_:
            self._forget(milliseconds(self._clock) - self._lag_ms)
            past = self._past[0][1] if self._past else None
            with explained(self.path):
                yield past or open_.enter_context(super().reading())

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with self._lock:
            self._remember(milliseconds(self._clock))
        with super().writing() as db:
            yield db

    def close(self) -> None:
        self._forget(None)
        super().close()

    def _remember(self, now: int) -> None:
        """Keep this moment, which a change is about to end."""
        if self._past and now - self._past[-1][0] < self._lag_ms / _MOMENTS:
            return
        with explained(self.path):
            db = self._unshared()
            db.execute("BEGIN")
            db.execute("SELECT 1 FROM resources LIMIT 1").fetchone()
        self._past.append((now, db))

    def _forget(self, before: int | None) -> None:
        while self._past and (before is None or self._past[0][0] <= before):
            self._past.popleft()[1].close()
