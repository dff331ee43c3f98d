"""``sagectl labeling``: jobs that people do."""

from __future__ import annotations

import click

from sagectl.catalog.kinds import LABELING_JOB_KIND
from sagectl.cli.verbs import KindGroup

COMMANDS = {
    "create": ("sagectl.cli.labeling_documents:create", "Start a labeling job."),
    "list": (
        "sagectl.cli.labeling_lists:list_",
        "List labeling jobs, or with --workteam those of one team.",
    ),
    "describe": (
        "sagectl.cli.labeling_describe:describe",
        "Show everything that is known about a labeling job.",
    ),
    "watch": ("sagectl.cli.labeling_watch:watch", "Follow jobs until they end."),
    "results": ("sagectl.cli.labeling_results:results", "Show or export a job's labels."),
    "verify": ("sagectl.cli.labeling_results:verify", "Compare the labels of two jobs."),
    "inventory": (
        "sagectl.cli.labeling_inventory:inventory",
        "Count jobs by team and status, over regions.",
    ),
    "task-types": (
        "sagectl.cli.labeling_types:task_types",
        "List the built-in tasks and their ARNs in a region.",
    ),
}


@click.group(
    "labeling", cls=KindGroup, table=COMMANDS, kind=LABELING_JOB_KIND, example="chest-x-rays"
)
def labeling() -> None:
    """Manage labeling jobs.

    \b
    Example:
      sagectl --local labeling list
    """
