"""The executor: carries out a plan, as far as it can be carried out."""

from __future__ import annotations

from time import sleep
from typing import TYPE_CHECKING, Any

from sagectl.errors import SagectlError
from sagectl.plan.events import (
    INTERRUPTED,
    Done,
    Failed,
    Observer,
    Skipped,
    Started,
    Uploaded,
    silent,
)
from sagectl.plan.lanes import lanes
from sagectl.plan.outcome import Outcome
from sagectl.plan.steps import Steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sagectl.plan.change import Change, Plan
    from sagectl.plan.crews import Pools
    from sagectl.plan.lanes import Ticket
    from sagectl.plan.live import Callers
    from sagectl.plan.order import Key
    from sagectl.plan.secrets import Secrets
    from sagectl.plan.uploads import Objects


def never() -> bool:
    """Nobody interrupts."""
    return False


def nobody(_: str, __: str | None, /) -> None:
    """There are no people to let in."""


def apply_plan(
    plan: Plan,
    callers: Callers,
    objects: Objects,
    secrets: Secrets,
    observer: Observer = silent,
    *,
    parallel: int = 1,
    stops: Callable[[], bool] = never,
    pause: Callable[[float], None] = sleep,
    pools: Pools = nobody,
) -> Outcome:
    """Make the pending changes, ``parallel`` at a time, each after what it needs.

    A change that fails takes along only those that need it. Once ``stops()`` is true the
    changes under way end and no other begins. Failures are in the outcome, not raised.
    """
    run = _Run(plan, observer)
    steps = Steps(callers, objects, run.results, secrets, pause=pause, stops=stops, pools=pools)
    with lanes(min(parallel, len(run.waiting))) as workers:
        while run.waiting or run.active:
            for change in run.ready(parallel):
                run.begin(change)
                run.active[workers.submit(steps.carry_out, change)] = change
            for ticket in workers.ended(run.active):
                run.settle(run.active.pop(ticket), ticket)
            if stops():
                run.stop()
    return run.outcome()


class _Run:
    """The bookkeeping of one execution; all of it happens in one thread."""

    def __init__(self, plan: Plan, observer: Observer) -> None:
        self.waiting: dict[Key, Change] = {change.key: change for change in plan.pending}
        self.active: dict[Ticket, Change] = {}
        self.results: dict[Key, Mapping[str, Any]] = {}
        self._observer = observer
        self._open = set(self.waiting)
        self._broken: dict[Key, Change] = {}
        self._done: list[Done] = []
        self._failed: list[Failed] = []
        self._skipped: list[Skipped] = []
        self._was_interrupted = False

    def ready(self, limit: int) -> Iterator[Change]:
        """The next changes whose needs are met, while fewer than ``limit`` are under way."""
        for change in tuple(self.waiting.values()):
            if len(self.active) >= limit:
                return
            broken = next((key for key in change.needs if key in self._broken), None)
            if broken is not None:
                self._skip(change, f"it needs {self._broken[broken].label}")
            elif self._open.isdisjoint(change.needs):
                yield change

    def begin(self, change: Change) -> None:
        del self.waiting[change.key]
        self._observer(Started(change))

    def settle(self, change: Change, ticket: Ticket) -> None:
        """Note how a change that is no longer under way went."""
        self._open.discard(change.key)
        try:
            sent, result = ticket.result()
        except SagectlError as error:
            self._broken[change.key] = change
            self._failed.append(Failed(change, error))
            self._observer(self._failed[-1])
            return
        for uri, was_sent in sent:
            self._observer(Uploaded(change, uri, was_there=not was_sent))
        self.results[change.key] = result
        self._done.append(Done(change, result))
        self._observer(self._done[-1])

    def stop(self) -> None:
        """Begin nothing more."""
        self._was_interrupted = True
        for change in tuple(self.waiting.values()):
            self._skip(change, INTERRUPTED)

    def _skip(self, change: Change, because: str) -> None:
        del self.waiting[change.key]
        self._open.discard(change.key)
        self._broken[change.key] = change
        self._skipped.append(Skipped(change, because))
        self._observer(self._skipped[-1])

    def outcome(self) -> Outcome:
        return Outcome(
            tuple(self._done),
            tuple(self._failed),
            tuple(self._skipped),
            self._was_interrupted,
        )
