"""Labeling jobs counted by region, team and status."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from sagectl.catalog.kinds import LABELING_JOB_KIND, Column
from sagectl.cli.lazy import Command
from sagectl.cli.options import pass_app, takes
from sagectl.cli.regions import ALL_REGIONS, by_region

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sagectl.app import App

_COLUMNS = (
    Column("REGION", "Region"),
    Column("TEAM", "Workteam"),
    Column("STATUS", "Status", "status"),
    Column("JOBS", "Jobs"),
    Column("LABELED", "TotalLabeled"),
    Column("LEFT", "Unlabeled"),
)


@click.command("inventory", cls=Command)
@takes(ALL_REGIONS)
@pass_app
def inventory(app: App, all_regions: bool) -> None:
    """Count jobs by team and status, over regions.

    A region that cannot be asked is said, and left out.

    \b
    Examples:
      sagectl --local labeling inventory
      sagectl --local labeling inventory --all-regions -o json
    """
    from sagectl.render.views import Listing

    counts: Counter[tuple[str, str, str]] = Counter()
    labeled: Counter[tuple[str, str, str]] = Counter()
    left: Counter[tuple[str, str, str]] = Counter()
    found = by_region(app, all_regions, lambda region: list(_jobs(app, region)))
    for region, jobs in found.items():
        for team, status, counters in jobs:
            at = region, team, status
            counts[at] += 1
            labeled[at] += counters["TotalLabeled"]
            left[at] += counters["Unlabeled"]
    rows = [
        {
            **dict(zip(("Region", "Workteam", "Status"), at, strict=True)),
            "Jobs": count,
            "TotalLabeled": labeled[at],
            "Unlabeled": left[at],
        }
        for at, count in sorted(counts.items())
    ]
    app.show(Listing("Inventory", rows, _COLUMNS, "team", "Workteam", "labeling jobs"))


def _jobs(app: App, region: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Team, status and counters of every job in ``region``."""
    from sagectl.gateway.client import pages

    kind = LABELING_JOB_KIND
    for row in pages(app.caller_in(region), kind.list, {}, kind.list_member):
        team = row["WorkteamArn"].partition(":workteam/")[2]
        yield (
            team.removeprefix("private-crowd/"),
            row["LabelingJobStatus"],
            row["LabelCounters"],
        )
