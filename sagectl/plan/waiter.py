"""The waiter: looks at resources until each is as wanted, cannot be, or time is up."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from sagectl.errors import InputError, InterruptedRunError, WaitTimeoutError
from sagectl.plan.events import Observer, StatusSeen, silent
from sagectl.plan.executor import never
from sagectl.plan.live import failure, status
from sagectl.plan.lookout import Lookout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sagectl.catalog.kinds import Kind
    from sagectl.plan.live import Callers

ABSENT = "absent"
PRESENT = "present"  # the status of what has none: a work team that exists
_SLICE_SECONDS = 0.2  # how long an interrupt may go unnoticed


@dataclass(frozen=True, slots=True)
class Target:
    """What is waited for."""

    kind: Kind
    name: str
    region: str

    @property
    def label(self) -> str:
        return f"{self.kind.word}/{self.name}"


@dataclass(frozen=True, slots=True)
class Goal:
    """How a target is wanted.

    ``word`` is ``ready`` (a job ended well, a workforce active), ``exists``, ``deleted`` or a
    status of the kind in any case.
    """

    word: str

    def verdict(self, target: Target, live: Mapping[str, Any] | None) -> bool | None:
        """True if ``live`` is as wanted, False if it will never be, None if it may be yet."""
        if self.word == "deleted":
            return True if live is None else None
        if live is None:
            return None
        statuses, state = target.kind.statuses, status(target.kind, live)
        if self.word == "exists" or statuses is None or state is None:
            return True
        if self.word == "ready":
            return None if state not in statuses.final else state in statuses.succeeded
        if state.lower() == self.word.lower():
            return True
        return False if target.kind.is_job and state in statuses.final else None


READY = Goal("ready")


def goal(text: str, targets: Sequence[Target]) -> Goal:
    """What ``--for`` says: ``ready``, ``status=X``, ``exists`` or ``deleted``.

    Raises InputError for anything else, and for a status that a target cannot have.
    """
    name, is_status, wanted = text.partition("=")
    if not is_status and text in ("exists", "deleted", "ready"):
        return Goal(text)
    if name != "status" or not wanted:
        raise InputError(
            f"--for={text} is not something to wait for",
            hint="Use --for=ready, --for=status=COMPLETED (or another status), --for=exists "
            "or --for=deleted.",
        )
    for target in targets:
        known = _statuses(target.kind)
        if wanted.lower() not in map(str.lower, known):
            raise InputError(
                f"a {target.kind.noun} never has the status {wanted}",
                hint=f"Its statuses are {', '.join(known)}." if known else "It has none.",
            )
    return Goal(wanted)


def _statuses(kind: Kind) -> tuple[str, ...]:
    known = kind.statuses
    return (*known.running, *known.succeeded, *known.failed) if known else ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the wait for one target ended."""

    target: Target
    is_good: bool
    status: str
    reason: str = ""
    live: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to wait and how often to look, in seconds.

    Looks start ``first`` apart and grow to ``interval``. ``timeout`` None is for ever.
    """

    timeout: float | None = None
    first: float = 0.2
    interval: float = 10.0
    clock: Callable[[], float] = monotonic
    pause: Callable[[float], None] = sleep


def wait(
    targets: Sequence[Target],
    callers: Callers,
    wanted: Goal = READY,
    observer: Observer = silent,
    *,
    pace: Pace | None = None,
    stops: Callable[[], bool] = never,
    stage: Callable[[Target], str | None] = lambda _: None,
    parallel: int = 1,
) -> tuple[Verdict, ...]:
    """How each target ended, in their order; returns once all have.

    What is not there yet is waited for. The observer hears of every change of a status or a
    stage. ``parallel`` is how many calls a look may have under way. Raises WaitTimeoutError,
    and InterruptedRunError once ``stops()`` is true; both name what was still waited for.
    """
    lookout = Lookout(callers, parallel)
    watch = _Watch(targets, lookout, wanted, observer, pace or Pace(), stage)
    for pause in watch.pauses():
        watch.look()
        if not watch.open:
            break
        if _interrupted(pause, watch.pace, stops):
            raise InterruptedRunError(
                f"interrupted while waiting for {watch.names()}",
                hint="Jobs go on by themselves; wait again to see how they end.",
            )
    return tuple(watch.verdicts[target] for target in targets)


class _Watch:
    """The targets still open, and what was last seen of each."""

    def __init__(
        self,
        targets: Sequence[Target],
        lookout: Lookout,
        wanted: Goal,
        observer: Observer,
        pace: Pace,
        stage: Callable[[Target], str | None],
    ) -> None:
        self.open = dict.fromkeys(targets)
        self.verdicts: dict[Target, Verdict] = {}
        self.pace = pace
        self._lookout = lookout
        self._wanted = wanted
        self._observer = observer
        self._stage = stage
        self._seen: dict[Target, tuple[str, str | None]] = {}
        self._begin = pace.clock()

    def look(self) -> None:
        """Look at every open target once."""
        is_gone = self._wanted.word == "deleted"
        found = self._lookout.look(tuple(self.open), is_gone=is_gone)
        for target, live in found.items():
            state = ABSENT if live is None else status(target.kind, live) or PRESENT
            verdict = self._wanted.verdict(target, live)
            reason = failure(target.kind, live) if live else ""
            if verdict is not None:
                self.verdicts[target] = Verdict(target, verdict, state, reason, live)
                del self.open[target]
            stage = self._stage(target) if verdict is None and live else None
            if self._seen.get(target) != (state, stage) or verdict is not None:
                self._seen[target] = (state, stage)
                self._observer(
                    StatusSeen(
                        target.label,
                        state,
                        stage,
                        self.pace.clock() - self._begin,
                        reason if verdict is False else "",
                        is_final=verdict is not None,
                    )
                )

    def pauses(self) -> Iterator[float]:
        """Seconds until the next look; raises WaitTimeoutError when time is up."""
        pause, end = self.pace.first, None
        if self.pace.timeout is not None:
            end = self._begin + self.pace.timeout
        while True:
            left = end - self.pace.clock() if end is not None else pause
            yield max(min(pause, left), 0.0)
            if end is not None and left <= 0:
                raise WaitTimeoutError(
                    f"after {self.pace.timeout:g} seconds still waiting for {self.names()}",
                    hint="Jobs go on by themselves; wait again, or raise --timeout.",
                )
            pause = min(pause * 1.5, self.pace.interval)

    def names(self) -> str:
        shown = [
            f"{target.label} ({self._seen.get(target, ('not looked at', None))[0]})"
            for target in self.open
        ]
        more = f" and {len(shown) - 5} more" if len(shown) > 5 else ""
        return ", ".join(shown[:5]) + more


def _interrupted(seconds: float, pace: Pace, stops: Callable[[], bool]) -> bool:
    end = pace.clock() + seconds
    while not stops():
        left = end - pace.clock()
        if left <= 0:
            return False
        pace.pause(min(left, _SLICE_SECONDS))
    return True
