"""How a set ended: the rows of its summary, and the errors that sum up what went wrong."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.catalog.failure_hints import failure_hint
from sagectl.errors import InterruptedRunError, JobFailedError, PartialApplyError
from sagectl.plan.change import Action
from sagectl.plan.live import status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sagectl.app import App
    from sagectl.plan.change import Change, Plan
    from sagectl.plan.order import Key
    from sagectl.plan.outcome import Outcome
    from sagectl.plan.waiter import Verdict
    from sagectl.render.outcome_view import Resources

_NAMED = 5  # resources that a message names before it counts


class Ending(NamedTuple):
    """Everything that is known once a set is done with."""

    plan: Plan
    outcome: Outcome
    verdicts: Mapping[Key, Verdict]

    def live(self, change: Change) -> Mapping[str, Any] | None:
        """The resource of ``change`` as it was last seen; None if it was changed since."""
        verdict = self.verdicts.get(change.key)
        if verdict is not None:
            return verdict.live
        return None if change.action.is_change else change.live


def show(app: App, ending: Ending) -> None:
    """Show how the set ended: a row for every resource, as long as somebody can read them.

    Of a large set a terminal shows what did not go as planned, and counts the rest.
    """
    from sagectl.render.outcome_view import MANY, resources

    whole = summary(app, ending)
    is_table = app.settings.output == "table" and app.console.is_terminal
    if not is_table or len(ending.plan.changes) <= MANY:
        app.show(whole)
        return
    from sagectl.plan.events import INTERRUPTED

    counts: Counter[str] = Counter()
    telling = []
    for row in whole.rows:
        counts[row["Outcome"]] += 1
        if row.get("Reason") not in (None, INTERRUPTED):
            telling.append(row)
    if telling:
        app.show(resources(telling))
    app.say(f"{', '.join(f'{count} {word}' for word, count in counts.items())}.")


def summary(app: App, ending: Ending) -> Resources:
    """One row for every resource of the set: what was done with it, and where it stands."""
    from sagectl.render.outcome_view import PAST, resources

    words, reasons = dict(_words(ending)), dict(_reasons(ending))

    def row(change: Change) -> Mapping[str, Any]:
        own, live = change.key, ending.live(change)
        known = {
            "Resource": change.label,
            "Kind": change.kind.name,
            "Name": change.document.name,
            "Region": change.region,
            "Outcome": words.get(own) or PAST[change.action],
            "Status": status(change.kind, live),
            "Reason": reasons.get(own),
        }
        return known | _artifact(app, live) if live else known

    return resources(map(row, ending.plan.changes))


def _artifact(app: App, live: Mapping[str, Any]) -> dict[str, str | None]:
    """Where a completed compilation put its package, and how that was proven."""
    if live.get("CompilationJobStatus") != "COMPLETED":
        return {}
    uri = live["ModelArtifacts"]["S3ModelArtifacts"]
    return {"Artifact": uri, "Proof": app.backend.proof(uri)}


def _words(ending: Ending) -> Iterator[tuple[Key, str]]:
    """How it went for those with which it did not go as planned."""
    for failed in ending.outcome.failed:
        yield failed.change.key, "failed"
    for skipped in ending.outcome.skipped:
        yield skipped.change.key, "not tried"


def _reasons(ending: Ending) -> Iterator[tuple[Key, str]]:
    for change in ending.plan.changes:
        if not change.action.is_change and change.reason != status(change.kind, change.live):
            yield change.key, change.reason
    for failed in ending.outcome.failed:
        yield failed.change.key, str(failed.error)
    for skipped in ending.outcome.skipped:
        yield skipped.change.key, skipped.because
    for key, verdict in ending.verdicts.items():
        if not verdict.is_good:
            yield key, verdict.reason


def interruption(ending: Ending) -> InterruptedRunError | None:
    """What an interrupt left undone."""
    outcome = ending.outcome
    if not outcome.was_interrupted:
        return None
    undone = [event.change.label for event in outcome.failed]
    undone += [event.change.label for event in outcome.skipped]
    rest = f"{len(undone)} not done ({names(undone)})" if undone else "nothing left undone"
    return InterruptedRunError(
        f"interrupted: {len(outcome.done)} done, {rest}",
        hint="Run it again to finish; nothing is made twice.",
    )


def partly(ending: Ending) -> PartialApplyError | None:
    """What failed, and what was not tried because of it."""
    failed = [event.change.label for event in ending.outcome.failed]
    skipped = [event.change.label for event in ending.outcome.skipped]
    if not failed:
        return None
    parts = [f"{len(ending.outcome.done)} done", f"{len(failed)} failed ({names(failed)})"]
    if skipped:
        parts.append(f"{len(skipped)} not tried ({names(skipped)})")
    hints = {event.error.hint for event in ending.outcome.failed if event.error.hint}
    hint = hints.pop() if len(hints) == 1 else "Mend what failed and run it again."
    return PartialApplyError(", ".join(parts), hint=hint)


def failed_jobs(ending: Ending) -> JobFailedError | None:
    """The jobs of the set that ended otherwise than well, now or before."""
    before = [
        f"{change.label} ended {change.reason}"
        for change in ending.plan.changes
        if change.action is Action.FAILED
    ]
    return failed(
        ending.verdicts.values(),
        before,
        hint="Once that is mended, apply with --retry-failed: it deletes the job and makes it "
        "again.",
    )


def failed(
    verdicts: Iterable[Verdict], before: Sequence[str] = (), hint: str | None = None
) -> JobFailedError | None:
    """What to say of ``verdicts`` that are not good, and of failures known ``before``."""
    found = [
        f"{verdict.target.label} ended {verdict.status}"
        + (f": {verdict.reason}" if verdict.reason else "")
        for verdict in verdicts
        if not verdict.is_good
    ]
    found += before
    if not found:
        return None
    more = f"\n... and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    # One cause may have failed many jobs; it is told once.
    known = dict.fromkeys(filter(None, map(failure_hint, found)))
    hints = " ".join((*known, *((hint,) if hint else ())))
    return JobFailedError("\n".join(found[:_NAMED]) + more, hint=hints or None)


def names(labels: Sequence[str]) -> str:
    """The first few of ``labels``, and how many more there are."""
    more = f" and {len(labels) - _NAMED} more" if len(labels) > _NAMED else ""
    return ", ".join(labels[:_NAMED]) + more
