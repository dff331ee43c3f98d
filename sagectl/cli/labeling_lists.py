"""Lists of labeling jobs, all or those of one team."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sagectl.catalog.kinds import LABELING_JOB_KIND, WORKTEAM_KIND, Column
from sagectl.cli.lazy import Command
from sagectl.cli.options import pass_app, takes
from sagectl.cli.types import MOMENT, Word
from sagectl.cli.verbs import Filter, described, filters, limit_option, paging, rows
from sagectl.errors import InputError
from sagectl.render.views import Listing, listing

if TYPE_CHECKING:
    from collections.abc import Mapping

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
)
@pass_app
def list_(app: App, limit: int | None, workteam: str | None, **given: Any) -> None:
    """List labeling jobs, or with --workteam those of one team.

    The jobs of a team can be filtered by reference code and creation time, and sorted by the
    latter.

    \b
    Examples:
      sagectl --local labeling list --status InProgress
      sagectl --local labeling list --created-after 7d --sort-by CreationTime
    """
    kind = LABELING_JOB_KIND
    if workteam is None:
        if given.pop(OF_WORKTEAM[0].parameter):
            raise InputError(
                "--reference-contains is for the jobs of one team", hint="Give --workteam too."
            )
        app.show(listing(kind, rows(app, kind.list, given, kind.list_member, limit)))
        return
    params = _of_workteam(given) | {"WorkteamArn": _arn(app, workteam)}
    found = rows(app, "ListLabelingJobsForWorkteam", params, kind.list_member, limit)
    app.show(
        Listing(
            kind.list_member, found, _JOBS_OF_WORKTEAM, kind.word, kind.name_field, kind.plural
        )
    )


def _of_workteam(given: Mapping[str, Any]) -> dict[str, Any]:
    known = {item.parameter for item in OF_WORKTEAM}
    params = {key: value for key, value in given.items() if value is not None}
    if extra := sorted(params.keys() - known):
        raise InputError(
            f"the jobs of a work team cannot be filtered by {', '.join(extra)}",
            hint="Leave it out, or list all jobs without --workteam.",
        )
    return params


def _arn(app: App, workteam: str) -> str:
    if workteam.startswith("arn:"):
        return workteam
    return str(described(app, WORKTEAM_KIND, workteam).row[WORKTEAM_KIND.arn_field])
