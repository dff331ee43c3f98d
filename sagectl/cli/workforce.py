"""``sagectl workforce``: who may label in a region."""

from __future__ import annotations

import click

from sagectl.catalog.kinds import WORKFORCE_KIND
from sagectl.cli.verbs import KindGroup

COMMANDS = {
    "create": (
        "sagectl.cli.workforce_documents:create",
        "Create the private workforce of a region.",
    ),
    "update": (
        "sagectl.cli.workforce_documents:update",
        "Change where a workforce may sign in from, or its identity provider.",
    ),
    "check": (
        "sagectl.cli.provider:check",
        "Ask whether a workforce and its OIDC provider go together.",
    ),
    "sync": (
        "sagectl.cli.people_sync:sync",
        "Bring the people of a workforce to what a file says.",
    ),
    "workers": ("sagectl.cli.workers:workers", "Manage single people of a workforce."),
    "report": (
        "sagectl.cli.staffing:report",
        "Show who works in which team, from where.",
    ),
    "addresses": ("sagectl.cli.addresses:addresses", "Manage where workers may sign in from."),
}


@click.group("workforce", cls=KindGroup, table=COMMANDS, kind=WORKFORCE_KIND, example="crowd")
def workforce() -> None:
    """Manage who may label in a region.

    A region has one private workforce. Its people sign in through Amazon Cognito or through
    an OIDC identity provider of your own.

    \b
    Example:
      sagectl --local workforce list
    """
