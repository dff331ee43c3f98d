"""``sagectl labeling describe``: a job, where its workers sign in, and what it has cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sagectl.catalog.kinds import LABELING_JOB_KIND
from sagectl.catalog.labeling_failures import failure_hint
from sagectl.cli.labeling_cost import cost
from sagectl.cli.labeling_watch import say_where
from sagectl.cli.lazy import Command
from sagectl.cli.options import pass_app, takes
from sagectl.cli.verbs import described, name_argument

if TYPE_CHECKING:
    from sagectl.app import App


@click.command("describe", cls=Command)
@takes(name_argument(LABELING_JOB_KIND))
@pass_app
def describe(app: App, name: str) -> None:
    """Show everything that is known about a labeling job.

    Where its workers sign in, what a public workforce has cost so far and what to do about a
    known reason of failure are said on stderr.

    \b
    Examples:
      sagectl --local labeling describe chest-x-rays
      sagectl --local labeling describe chest-x-rays -o yaml
    """
    found = described(app, LABELING_JOB_KIND, name)
    app.show(found)
    job = found.row
    say_where(app, (job,))
    if (spent := cost(job)) is not None:
        app.say(f"Cost so far: ${spent:.3f} paid to workers.")
    if hint := failure_hint(job.get("FailureReason", "")):
        app.say(f"hint: {hint}")
