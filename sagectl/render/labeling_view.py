"""Labeling jobs under way: counters, bars, rates and the time that is left."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.render.progress import duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sagectl.render.console import Console

_BAR = 20
HEADING = (
    *("NAME", "STATUS", "DONE", "", "HUMAN", "MACHINE"),
    *("FAILED", "LEFT", "PER HOUR", "TO GO", "COST"),
)


class Watched(NamedTuple):
    """One look at a job; ``rate`` is objects a second, None while it is not known."""

    name: str
    status: str
    counters: Mapping[str, int]
    rate: float | None = None
    cost: float | None = None
    reason: str = ""
    is_final: bool = False

    @property
    def total(self) -> int:
        counts = self.counters
        return counts["TotalLabeled"] + counts["FailedNonRetryableError"] + counts["Unlabeled"]

    @property
    def share(self) -> float:
        return (self.total - self.counters["Unlabeled"]) / self.total if self.total else 0.0

    def cells(self) -> tuple[str, ...]:
        """The job as HEADING has it."""
        left = self.counters["Unlabeled"]
        hours = "" if self.rate is None else f"{self.rate * 3600:.0f}"
        to_go = duration(left / self.rate) if self.rate and left and not self.is_final else ""
        filled = round(self.share * _BAR)
        return (
            self.name,
            self.status,
            "█" * filled + "░" * (_BAR - filled),
            f"{self.share:.0%}",
            str(self.counters["HumanLabeled"]),
            str(self.counters["MachineLabeled"]),
            str(self.counters["FailedNonRetryableError"]),
            str(left),
            hours,
            to_go,
            "" if self.cost is None else f"${self.cost:.2f}",
        )

    def line(self) -> str:
        """The job in one line, for where there is no terminal."""
        counts = self.counters
        done = self.total - counts["Unlabeled"]
        reason = f": {self.reason}" if self.reason else ""
        return (
            f"labelingjob/{self.name} {self.status} {done}/{self.total}"
            f" human={counts['HumanLabeled']} machine={counts['MachineLabeled']}"
            f" failed={counts['FailedNonRetryableError']}{reason}"
        )


def watch_table(jobs: Sequence[Watched], console: Console) -> Any:
    """A rich table of the jobs."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    for title in HEADING:
        table.add_column(title, no_wrap=True)
    for job in jobs:
        cells = [Text(cell) for cell in job.cells()]
        cells[1].stylize(console.shade(job.status, "status"))
        table.add_row(*cells)
    return table


@contextmanager
def watching(console: Console) -> Iterator[Callable[[Sequence[Watched]], None]]:
    """What shows jobs at each look: a live table on a terminal, else a line for each change."""
    if not console.is_terminal or console.settings.progress in ("plain", "none"):
        last: dict[str, str] = {}

        def lines(jobs: Sequence[Watched]) -> None:
            for job in jobs:
                if last.get(job.name) != job.line():
                    last[job.name] = job.line()
                    console.stdout.write(f"{job.line()}\n")
            console.stdout.flush()

        yield lines
        return
    from rich.live import Live

    with Live(console=console.rich(), refresh_per_second=4) as live:
        yield lambda jobs: live.update(watch_table(jobs, console), refresh=True)
