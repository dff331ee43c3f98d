"""Labeling jobs under way: counters, bars, rates and the time that is left."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.errors import InputError
from sagectl.plan.events import StatusSeen
from sagectl.render.progress import duration, event_dict
from sagectl.render.views import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sagectl.render.console import Console

    Show = Callable[[Sequence["Watched"]], None]

_BAR = 20
_GAP = 2
HEADING = (
    *("NAME", "STATUS", "DONE", "", "HUMAN", "MACHINE"),
    *("FAILED", "LEFT", "PER HOUR", "TO GO", "COST"),
)
# What a narrow terminal goes without, the first of these first.
_SPARED = ("DONE", "MACHINE", "HUMAN", "PER HOUR", "COST", "FAILED", "TO GO", "LEFT")
_NAME = 16


class Watched(NamedTuple):
    """One look at a job, ``seconds`` after the first.

    ``rate`` is objects a second, None while it is not known.
    """

    name: str
    status: str
    counters: Mapping[str, int]
    rate: float | None = None
    cost: float | None = None
    reason: str = ""
    is_final: bool = False
    seconds: float = 0.0

    @property
    def label(self) -> str:
        return f"labelingjob/{self.name}"

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
            f"{self.label} {self.status} {done}/{self.total}"
            f" human={counts['HumanLabeled']} machine={counts['MachineLabeled']}"
            f" failed={counts['FailedNonRetryableError']}{reason}"
        )

    def event(self) -> dict[str, Any]:
        """The job for a program: the event that a wait tells, with the counters beside it."""
        seen = StatusSeen(
            self.label, self.status, None, self.seconds, self.reason, self.is_final
        )
        spent = {} if self.cost is None else {"cost_usd": self.cost}
        return event_dict(seen) | {"counters": dict(self.counters)} | spent


def watch_table(jobs: Sequence[Watched], console: Console) -> Any:
    """A rich table of the jobs, of as many columns as the terminal has room for."""
    from rich.table import Table
    from rich.text import Text

    rows = [job.cells() for job in jobs]
    widths = [max(map(len, cells)) for cells in zip(HEADING, *rows, strict=True)]
    kept = _fitted(widths, console.width)
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0))
    for index, width in kept.items():
        table.add_column(HEADING[index], no_wrap=True, overflow="ellipsis", width=width)
    for row in rows:
        cells = [Text(cell) for cell in row]
        cells[1].stylize(console.shade(row[1], "status"))
        table.add_row(*(cells[index] for index in kept))
    return table


def _fitted(widths: Sequence[int], room: int) -> dict[int, int]:
    """The columns of HEADING that a terminal so wide has, and how wide they are there.

    A name is cut to _NAME before a column is spared, and further only when none is left to.
    """
    kept = dict(enumerate(widths))
    for title in _SPARED:
        if min(widths[0], _NAME) + _beside_name(kept) <= room:
            break
        del kept[HEADING.index(title)]
    kept[0] = max(1, min(widths[0], room - _beside_name(kept)))
    return kept


def _beside_name(kept: Mapping[int, int]) -> int:
    return sum(kept.values()) - kept[0] + _GAP * (len(kept) - 1)


@contextmanager
def watching(console: Console) -> Iterator[Show]:
    """What shows jobs at each look: a live table on a terminal, else each change.

    A change is a line for people; a program gets one JSON object, or what its query and its
    format make of that. Raises InputError for YAML.
    """
    settings = console.settings
    is_for_people = settings.output in ("table", "wide") and not settings.query
    if settings.output == "yaml":
        raise InputError(
            "what is watched comes as one change after another, which YAML cannot",
            hint="Use -o jsonl, or a table.",
        )
    if is_for_people and console.is_terminal and settings.progress not in ("plain", "none"):
        from rich.live import Live

        with Live(console=console.rich(), refresh_per_second=4) as live:
            yield lambda jobs: live.update(watch_table(jobs, console), refresh=True)
        return
    yield _changes(console, _line if is_for_people else _event)


def _changes(console: Console, put: Callable[[Watched, Console], None]) -> Show:
    """What calls ``put`` for each job that is not as it was."""
    last: dict[str, str] = {}

    def show(jobs: Sequence[Watched]) -> None:
        for job in jobs:
            if last.get(job.name) != job.line():
                last[job.name] = job.line()
                put(job, console)
        console.stdout.flush()

    return show


def _line(job: Watched, console: Console) -> None:
    console.stdout.write(f"{job.line()}\n")


def _event(job: Watched, console: Console) -> None:
    if console.settings.output == "json" and not console.settings.query:
        console.stdout.write(json.dumps(job.event(), ensure_ascii=False) + "\n")
    else:
        console.show(Record(job.event(), "labelingjob", job.name))
