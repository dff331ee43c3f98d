"""Waiting for one resource, with progress on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sagectl.cli.types import DURATION, PAUSE
from sagectl.errors import JobFailedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sagectl.app import App
    from sagectl.catalog.kinds import Kind
    from sagectl.plan.waiter import Verdict

WAIT = click.Option(("--wait",), is_flag=True, help="Return only when it has come about.")
TIMEOUT = click.Option(
    ("--timeout",),
    type=DURATION,
    help="Give up waiting after this long (90s, 15m, 2h).  [never]",
)
INTERVAL = click.Option(
    ("--interval",),
    type=PAUSE,
    default="10s",
    help="Look at least this often.  [10s, locally 1s]",
)
# Looking at a plane in this process costs next to nothing, and its jobs are quick.
LOCAL_SECONDS = 1.0


def goal_option(kind: Kind) -> click.Option:
    """``--for``, with the goals that ``kind`` can have."""
    words = "exists or deleted"
    if kind.statuses:
        words = (
            f"ready, exists, deleted or status=STATUS ({', '.join(kind.statuses.succeeded)})"
        )
    default = "ready" if kind.statuses else "exists"
    return click.Option(
        ("--for", "goal"), default=default, help=f"What to wait for: {words}.  [{default}]"
    )


def waited(
    app: App,
    kind: Kind,
    name: str,
    wanted: str,
    *,
    timeout: float | None = None,
    interval: float = 10.0,
) -> Verdict:
    """How the wait for ``name`` to be as ``wanted`` ended; ``ended`` is any end of a job.

    Raises JobFailedError if it never will be, WaitTimeoutError, InterruptedRunError.
    """
    from sagectl.plan.interrupts import interrupts
    from sagectl.plan.waiter import READY, Pace, Target, goal, wait
    from sagectl.render.progress import progress

    target = Target(kind, name, app.region)
    pace = Pace(timeout=timeout, interval=paced(app, interval), pause=between_looks(app))
    with interrupts() as stops, progress(app.console) as observer:
        (verdict,) = wait(
            (target,),
            app.caller_in,
            READY if wanted == "ended" else goal(wanted, (target,)),
            observer,
            pace=pace,
            stops=stops,
            stage=app.backend.stage,
        )
    if not verdict.is_good and wanted != "ended":
        reason = f": {verdict.reason}" if verdict.reason else ""
        raise JobFailedError(
            f"{target.label} ended {verdict.status}{reason}",
            hint=_remedy(kind, verdict.reason)
            or f"sagectl {kind.group} describe {name} shows everything that is known.",
        )
    return verdict


def paced(app: App, interval: float) -> float:
    """Seconds between looks where at most ``interval`` is wanted."""
    return min(interval, LOCAL_SECONDS) if app.settings.is_local else interval


def between_looks(app: App) -> Callable[[float], None]:
    """What passes the time of a wait: sleep, once it is sure that local jobs go on.

    Whatever ran them may have been killed, and only a new supervisor finds that out.
    """
    if not app.settings.is_local:
        return app.sleep

    def pause(seconds: float) -> None:
        from sagectl.controlplane.jobs import active

        if active(app.local.plane.store):
            app.local.launch()
        app.sleep(seconds)

    return pause


def _remedy(kind: Kind, reason: str | None) -> str | None:
    """What to do about the reason that a job failed for, where that is known."""
    from sagectl.catalog.labeling_failures import failure_hint

    return failure_hint(reason) if reason and kind.name == "LabelingJob" else None
