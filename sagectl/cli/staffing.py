"""``sagectl workforce report``: who works in which team, from where."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sagectl.catalog.kinds import WORKFORCE_KIND, WORKTEAM_KIND
from sagectl.cli.lazy import Command
from sagectl.cli.options import pass_app, takes
from sagectl.cli.pools import REDACT, shown
from sagectl.cli.regions import ALL_REGIONS, by_region
from sagectl.cli.writing import write_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from sagectl.app import App
    from sagectl.catalog.kinds import Kind
    from sagectl.plan.people import Pool
    from sagectl.plan.staffing import Staffing


@click.command(cls=Command)
@takes(
    click.Option(
        ("--html", "page"),
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Write the report into FILE too, as a page that needs nothing else.",
    ),
    ALL_REGIONS,
    REDACT,
)
@pass_app
def report(app: App, page: Path | None, all_regions: bool, redact: bool) -> None:
    """Show teams, groups, people, address ranges, notification topics and portals.

    Remarks tell of teams with nobody in them, groups that no team uses, people in no team,
    and limits that are near. People are those of the Cognito user pool or of the local plane;
    those of an OIDC provider are known to it alone.

    \b
    Examples:
      sagectl --local workforce report
      sagectl workforce report --all-regions --redact --html report.html
    """
    from sagectl.plan.staffing import merged
    from sagectl.render import staffing_view

    regions = by_region(app, all_regions, lambda region: _staffing(app, region))
    found = merged(regions) if all_regions else regions[app.region]
    if redact:
        found = _redacted(found)
    if page is not None:
        write_text(page, staffing_view.page(found))
        app.say(f"{page} written")
    app.show(staffing_view.report(found))


def _staffing(app: App, region: str) -> Staffing:
    from sagectl.plan.staffing import staffing

    workforces = _rows(app, region, WORKFORCE_KIND)
    teams = _rows(app, region, WORKTEAM_KIND)
    return staffing(workforces, teams, _pool(app, region, workforces))


def _rows(app: App, region: str, kind: Kind) -> list[Mapping[str, Any]]:
    from sagectl.gateway.client import pages

    return list(pages(app.caller_in(region), kind.list, {}, kind.list_member))


def _pool(app: App, region: str, workforces: list[Mapping[str, Any]]) -> Pool | None:
    pools = [row.get("CognitoConfig", {}).get("UserPool") for row in workforces]
    known = next(filter(None, pools), None)
    if known is None and not app.settings.is_local:
        return None
    return app.backend.pool(known or "", password=None, sends_mail=False, region=region)


def _redacted(found: Staffing) -> Staffing:
    name = shown(True)
    teams = tuple(
        {**row, "People": [name(email) for email in row["People"]]} if "People" in row else row
        for row in found.teams
    )
    remarks = tuple(
        {**row, "About": name(row["About"])} if row["Remark"] == "is in no team" else row
        for row in found.remarks
    )
    return found._replace(teams=teams, remarks=remarks)
