"""A plan on its way: shown, agreed to, carried out, waited for, summed up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.cli.options import consent
from sagectl.cli.summary import Ending, failed, failed_jobs, interruption, partly, show
from sagectl.cli.waiting import between_looks, paced
from sagectl.cli.watching import awaited, watched
from sagectl.errors import InterruptedRunError, SagectlError, WaitTimeoutError
from sagectl.plan.change import Action
from sagectl.plan.live import status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sagectl.app import App
    from sagectl.plan.change import Plan
    from sagectl.plan.order import Key
    from sagectl.plan.outcome import Outcome
    from sagectl.plan.waiter import Target, Verdict


def carry_out(app: App, plan: Plan, *, yes: bool, parallel: int | None) -> Outcome:
    """Show ``plan``, have it agreed to, and make it so; failures are in the outcome."""
    from sagectl.plan.outcome import Outcome
    from sagectl.render.plan_view import plan_lines

    for line in plan_lines(plan, app.console.style_error):
        app.say(line)
    if not plan.pending:
        return Outcome()
    from sagectl.plan.executor import apply_plan
    from sagectl.plan.interrupts import interrupts

    consent(yes, "Make these changes?")
    with interrupts() as stops, watched(app, len(plan.pending)) as observer:
        return apply_plan(
            plan,
            app.caller_in,
            app.backend.objects,
            app.secrets,
            observer,
            parallel=app.choices(parallel=parallel).parallel,
            stops=stops,
            pause=app.sleep,
            pools=app.backend.people_of,
        )


def conclude(
    app: App, plan: Plan, outcome: Outcome, *, wait: bool = False, timeout: float | None = None
) -> None:
    """Wait for the jobs of ``plan`` if asked to, show how everything ended, raise what failed.

    Raises InterruptedRunError, PartialApplyError, WaitTimeoutError or JobFailedError, the first
    of them that applies.
    """
    verdicts: dict[Key, Verdict] = {}
    cut_short: SagectlError | None = None
    if wait and not outcome.was_interrupted:
        try:
            verdicts = _waited(app, tuple(_awaited(plan, outcome)), timeout)
        except (WaitTimeoutError, InterruptedRunError) as error:
            cut_short = error
    ending = Ending(plan, outcome, verdicts)
    show(app, ending)
    problems = (
        interruption(ending),
        partly(ending),
        cut_short,
        failed_jobs(ending) if wait else None,
    )
    for problem in problems:
        if problem is not None:
            raise problem


def _awaited(plan: Plan, outcome: Outcome) -> Iterator[Target]:
    """The jobs of the set that this run made, or that have not ended yet."""
    from sagectl.plan.waiter import Target

    made = {event.change.key for event in outcome.done}
    for change in plan.changes:
        if not change.kind.is_job or change.kind.statuses is None:
            continue
        if change.action is Action.DELETE:
            continue
        is_made = change.key in made and change.action is not Action.UPDATE
        state = status(change.kind, change.live)
        if is_made or (state and state not in change.kind.statuses.final):
            yield Target(change.kind, change.document.name, change.region)


def _waited(app: App, targets: tuple[Target, ...], timeout: float | None) -> dict[Key, Verdict]:
    found = looked_after(
        app, targets, "ready", timeout=timeout, interval=app.backend.poll_seconds
    )
    return {
        (item.target.kind.name, item.target.name, item.target.region): item for item in found
    }


def looked_after(
    app: App,
    targets: tuple[Target, ...],
    wanted: str,
    *,
    timeout: float | None,
    interval: float,
) -> tuple[Verdict, ...]:
    """How the wait for every target ended, with progress on the way.

    Raises InputError for a goal that a target cannot have, WaitTimeoutError and
    InterruptedRunError.
    """
    from sagectl.plan.interrupts import interrupts
    from sagectl.plan.waiter import Pace, goal, wait

    labels = [target.label for target in targets]
    with interrupts() as stops, awaited(app, labels) as observer:
        return wait(
            targets,
            app.caller_in,
            goal(wanted, targets),
            observer,
            pace=Pace(timeout=timeout, interval=paced(app, interval), pause=between_looks(app)),
            stops=stops,
            stage=app.backend.stage,
            parallel=app.choices().parallel,
        )


def waited_for(
    app: App,
    targets: tuple[Target, ...],
    wanted: str,
    *,
    timeout: float | None,
    interval: float,
) -> None:
    """Wait for every target, then raise JobFailedError for those that never will be so."""
    found = looked_after(app, targets, wanted, timeout=timeout, interval=interval)
    if problem := failed(found):
        raise problem
