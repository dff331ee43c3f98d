"""``sagectl workteam``: the teams of people who label."""

from __future__ import annotations

import click

from sagectl.catalog.kinds import WORKTEAM_KIND
from sagectl.cli.verbs import KindGroup

COMMANDS = {
    "create": (
        "sagectl.cli.workteam_documents:create",
        "Create a work team from groups of the identity provider.",
    ),
    "update": (
        "sagectl.cli.workteam_documents:update",
        "Change a work team; groups that are given replace the ones it has.",
    ),
    "members": ("sagectl.cli.members:members_group", "Manage which groups a team is made of."),
    "notifications": (
        "sagectl.cli.notifications:notifications",
        "Tell whether teams are told of new labeling jobs.",
    ),
}


@click.group("workteam", cls=KindGroup, table=COMMANDS, kind=WORKTEAM_KIND, example="radiology")
def workteam() -> None:
    """Manage the teams of people who label.

    \b
    Example:
      sagectl --local workteam list
    """
