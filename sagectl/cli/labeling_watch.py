"""``sagectl labeling watch``: jobs followed to their end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from sagectl.catalog.kinds import LABELING_JOB_KIND, WORKTEAM_KIND
from sagectl.catalog.labeling_failures import failure_hint
from sagectl.catalog.statuses import LABELING
from sagectl.cli.labeling_cost import cost
from sagectl.cli.lazy import Command
from sagectl.cli.options import pass_app, takes
from sagectl.cli.types import PAUSE
from sagectl.cli.verbs import described, name_argument, rows
from sagectl.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sagectl.app import App
    from sagectl.render.labeling_view import Watched


@click.command("watch", cls=Command)
@takes(
    name_argument(LABELING_JOB_KIND, "names", nargs=-1, metavar="[NAME]..."),
    click.Option(("--interval",), type=PAUSE, default="10s", help="Look this often.  [10s]"),
    click.Option(("--once",), is_flag=True, help="Look once, and leave."),
)
@pass_app
def watch(app: App, names: tuple[str, ...], interval: float, once: bool) -> None:
    """Follow jobs until they end.

    On a terminal a table stays up to date: what people and machines labeled, what failed and
    what is left, how fast it goes and how long it will take, and what a public workforce has
    cost. Elsewhere every change is a line, with -o json or jsonl one JSON object: what `wait`
    tells with --progress json, and the counters. Without names, all jobs in progress are
    followed.

    \b
    Examples:
      sagectl --local labeling watch
      sagectl --local labeling watch pets --interval 2s
      sagectl --local labeling watch --once -o jsonl
    """
    names = names or tuple(
        row["LabelingJobName"]
        for row in rows(
            app,
            LABELING_JOB_KIND.list,
            {"StatusEquals": "InProgress"},
            LABELING_JOB_KIND.list_member,
        )
    )
    if not names:
        app.say("No labeling job is in progress.")
        return
    say_where(app, (described(app, LABELING_JOB_KIND, name).row for name in names))
    from sagectl.render.labeling_view import watching

    rates = Rates(time.monotonic)
    with watching(app.console) as show:
        while True:
            jobs = [rates.look(described(app, LABELING_JOB_KIND, name).row) for name in names]
            show(jobs)
            if once or all(job.is_final for job in jobs):
                break
            app.sleep(interval)
    for job in jobs:
        if hint := failure_hint(job.reason) if job.reason else None:
            app.say(f"{job.name}: {job.reason}\n  hint: {hint}")


class Rates:
    """How fast each job goes, from the first look at it on."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._first: dict[str, tuple[float, int]] = {}

    def look(self, job: Mapping[str, Any]) -> Watched:
        """``job``, a described one, as it is now."""
        from sagectl.render.labeling_view import Watched

        name, counters = job["LabelingJobName"], job["LabelCounters"]
        now, done = self._clock(), counters["TotalLabeled"]
        begin, before = self._first.setdefault(name, (now, done))
        seconds = now - begin
        rate = (done - before) / seconds if seconds > 0 and done > before else None
        status = job["LabelingJobStatus"]
        reason = job.get("FailureReason", "")
        is_final = LABELING.is_final(status)
        return Watched(name, status, counters, rate, cost(job), reason, is_final, seconds)


def say_where(app: App, jobs: Iterable[Mapping[str, Any]]) -> None:
    """Tell where the workers of the teams of ``jobs``, described ones, sign in."""
    if app.settings.is_local:
        app.say("Workers label at the URL that `sagectl local portal` prints.")
        return
    teams = {job["HumanTaskConfig"]["WorkteamArn"] for job in jobs}
    for arn in sorted(team for team in teams if ":workteam/private-crowd/" in team):
        try:
            team = described(app, WORKTEAM_KIND, arn.rpartition("/")[2]).row
        except ServiceError as error:
            app.say(f"{arn}: {error}")
            continue
        if place := team.get("SubDomain"):
            app.say(f"Workers of {team['WorkteamName']} label at https://{place}")
