"""Resources that are waited for: on a terminal one table that follows them all."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

from sagectl.plan.events import StatusSeen
from sagectl.render.progress import Live, Progress, duration, progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from sagectl.plan.events import Event
    from sagectl.render.console import Console

_HEADING = ("RESOURCE", "STATUS", "STAGE", "AFTER", "REASON")
_OPTIONAL = ("STAGE", "REASON")  # left out where they say nothing
_AROUND = 4  # lines of the terminal that are not rows: the heading, two sums, the cursor


def waiting(console: Console, labels: Sequence[str]) -> AbstractContextManager[Progress]:
    """An observer of a wait for ``labels``: a table if a terminal is to show several."""
    shown = progress(console)
    return Board(console, labels) if isinstance(shown, Live) and len(labels) > 1 else shown


class Board(Live):
    """A row for each resource; the table stays when the wait is over."""

    is_transient = False

    def __init__(self, console: Console, labels: Sequence[str]) -> None:
        super().__init__(console)
        self._seen: dict[str, StatusSeen | None] = dict.fromkeys(labels)
        self._begin = monotonic()

    def __call__(self, event: Event, /) -> None:
        if isinstance(event, StatusSeen):
            self._seen[event.label] = event

    def _view(self) -> Any:
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        labels = self._shown()
        rows = [self._cells(label) for label in labels]
        table = Table(box=None, pad_edge=False, header_style="bold")
        kept = [
            index
            for index, title in enumerate(_HEADING)
            if title not in _OPTIONAL or any(row[index] for row in rows)
        ]
        for index in kept:
            table.add_column(_HEADING[index], no_wrap=True, overflow="ellipsis")
        for row in rows:
            shade = self.console.shade(row[1], "status")
            cells = (Text(row[index], shade if index == 1 else "") for index in kept)
            table.add_row(*cells)
        more = len(self._seen) - len(labels)
        left = [Text(f"... and {more} more", "bright_black")] if more else []
        sums = [Text(", ".join(self._sums()))] if len(self._seen) > 2 else []
        return Group(table, *left, *sums)

    def _shown(self) -> list[str]:
        """As many labels as the terminal has room for, in the order of their names.

        What ended badly comes first, then what changed last; what ended well comes last.
        """
        room = max(self._rich.height - _AROUND, 1)
        return sorted(sorted(self._seen, key=self._rank)[:room])

    def _rank(self, label: str) -> tuple[int, int, str]:
        event = self._seen[label]
        if event is None:
            return 2, 0, label
        latest = -round(event.elapsed_seconds)
        if not event.is_final:
            return 1, latest, label
        return (0 if self.console.status(event.status) == "bad" else 3), latest, label

    def _cells(self, label: str) -> tuple[str, str, str, str, str]:
        event = self._seen[label]
        if event is None:
            return label, "", "", "", ""
        ended = event.elapsed_seconds if event.is_final else monotonic() - self._begin
        return label, event.status, event.stage or "", duration(ended), event.reason

    def _sums(self) -> Iterator[str]:
        counts: dict[str, int] = {}
        for event in self._seen.values():
            status = event.status if event else "not looked at yet"
            counts[status] = counts.get(status, 0) + 1
        for status, count in sorted(counts.items()):
            yield f"{count} {status}"
