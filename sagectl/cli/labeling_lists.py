"""Lists of labeling jobs, all or those of one team."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from sagectl.catalog.kinds import LABELING_JOB_KIND, WORKTEAM_KIND, Column
from sagectl.cli.lazy import Command
from sagectl.cli.options import pass_app, takes
from sagectl.cli.regions import ALL_REGIONS, by_region
from sagectl.cli.types import MOMENT, Word
from sagectl.cli.verbs import Filter, checked, described, filters, limit_option, paging, rows
from sagectl.errors import InputError
from sagectl.render.views import Listing, listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sagectl.app import App

OF_WORKTEAM = (
    Filter("--reference-contains", "JobReferenceCodeContains", "Only such reference codes."),
    Filter("--created-after", "CreationTimeAfter", "Only made since then.", MOMENT),
    Filter("--created-before", "CreationTimeBefore", "Only made before.", MOMENT),
    Filter("--sort-by", "SortBy", "What to sort by.", Word(("CreationTime",))),
    Filter("--sort-order", "SortOrder", "Which way.", Word(("Ascending", "Descending"))),
    *paging(),
)
_JOBS_OF_WORKTEAM = (
    Column("NAME", "LabelingJobName"),
    Column("REFERENCE", "JobReferenceCode"),
    Column("LABELED", "LabelCounters.HumanLabeled"),
    Column("LEFT", "LabelCounters.PendingHuman"),
    Column("WORKERS", "NumberOfHumanWorkersPerDataObject"),
    Column("CREATED", "CreationTime", "time"),
    Column("REQUESTER", "WorkRequesterAccountId", is_wide=True),
)


@click.command("list", cls=Command)
@takes(
    *(item.option() for item in filters(LABELING_JOB_KIND)),
    OF_WORKTEAM[0].option(),
    limit_option(),
    click.Option(("--workteam",), metavar="NAME|ARN", help="Team whose jobs to list."),
    ALL_REGIONS,
)
@pass_app
def list_(
    app: App, limit: int | None, workteam: str | None, all_regions: bool, **given: Any
) -> None:
    """List labeling jobs, or with --workteam those of one team.

    The service filters the jobs of a team by reference code and creation time alone; with any
    other filter all jobs are asked for, and those of the team are shown.

    \b
    Examples:
      sagectl --local labeling list --status InProgress
      sagectl --local labeling list --workteam radiology --status Completed
      sagectl --local labeling list --created-after 7d --all-regions
    """
    kind = LABELING_JOB_KIND
    if all_regions:
        app.show(_everywhere(app, workteam, limit, given))
        return
    if workteam is None:
        if given.pop(OF_WORKTEAM[0].parameter):
            raise InputError(
                "--reference-contains is for the jobs of one team", hint="Give --workteam too."
            )
        app.show(listing(kind, rows(app, kind.list, given, kind.list_member, limit)))
        return
    arn = _arn(app, workteam)
    params = {key: value for key, value in given.items() if value is not None}
    if params.keys() - {item.parameter for item in OF_WORKTEAM}:
        app.show(listing(kind, _of_team(app, arn, params, limit)))
        return
    params["WorkteamArn"] = arn
    found = rows(app, "ListLabelingJobsForWorkteam", params, kind.list_member, limit)
    app.show(
        Listing(
            kind.list_member, found, _JOBS_OF_WORKTEAM, kind.word, kind.name_field, kind.plural
        )
    )


def _of_team(
    app: App, arn: str, params: Mapping[str, Any], limit: int | None
) -> Iterator[Mapping[str, Any]]:
    """The jobs of one team among those that other filters leave. Raises InputError."""
    if OF_WORKTEAM[0].parameter in params:
        raise InputError(
            "--reference-contains does not go with filters by name, status or change",
            hint="Only the service's list of a team's jobs has reference codes.",
        )
    kind = LABELING_JOB_KIND
    jobs = rows(app, kind.list, params, kind.list_member, None)
    return islice((job for job in jobs if job["WorkteamArn"] == arn), limit)


def _everywhere(
    app: App, workteam: str | None, limit: int | None, given: Mapping[str, Any]
) -> Listing:
    """The jobs of every region; a team is told by its name, as each region has its own."""
    from sagectl.gateway.client import pages

    kind = LABELING_JOB_KIND
    params = {key: value for key, value in given.items() if value is not None}
    for item in (OF_WORKTEAM[0], *paging()):
        if params.pop(item.parameter, None) is not None:
            raise InputError(f"{item.flag} is for one region", hint="Leave --all-regions out.")
    known = checked(app, kind.list, params).params
    team = workteam and workteam.rpartition("/")[2]

    def jobs(region: str) -> list[dict[str, Any]]:
        found = pages(app.caller_in(region), kind.list, known, kind.list_member)
        return [
            {"Region": region, **job}
            for job in found
            if team is None or job["WorkteamArn"].rpartition("/")[2] == team
        ]

    found = [job for each in by_region(app, True, jobs).values() for job in each]
    columns = (Column("REGION", "Region"), *kind.columns)
    return Listing(
        kind.list_member, found[:limit], columns, kind.word, kind.name_field, kind.plural
    )


def _arn(app: App, workteam: str) -> str:
    if workteam.startswith("arn:"):
        return workteam
    return str(described(app, WORKTEAM_KIND, workteam).row[WORKTEAM_KIND.arn_field])
