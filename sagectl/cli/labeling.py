"""``sagectl labeling``: jobs that people do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sagectl.catalog.kinds import LABELING_JOB_KIND, WORKTEAM_KIND, Column
from sagectl.cli.changes import created
from sagectl.cli.documents import Field, document_options
from sagectl.cli.lazy import Command, Group
from sagectl.cli.options import pass_app, takes
from sagectl.cli.types import MOMENT, SECONDS, Word, file_or_uri
from sagectl.cli.verbs import (
    LIMIT,
    PAGING,
    Filter,
    add_verbs,
    described,
    filters,
    rows,
)
from sagectl.cli.waiting import TIMEOUT, WAIT
from sagectl.errors import InputError
from sagectl.render.views import Listing, listing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagectl.app import App
    from sagectl.cli.documents import Wanted

FIELDS = (
    Field("--label-attribute", "LabelAttributeName", "Name of the label in the output."),
    Field(
        "--manifest",
        "InputConfig.DataSource.S3DataSource.ManifestS3Uri",
        "Input manifest; a local file is uploaded.",
        type=file_or_uri,
        metavar="PATH|s3://URI",
    ),
    Field(
        "--input-topic",
        "InputConfig.DataSource.SnsDataSource.SnsTopicArn",
        "SNS topic that a streaming job takes objects from.",
        metavar="ARN",
    ),
    Field(
        "--content-classifier",
        "InputConfig.DataAttributes.ContentClassifiers",
        "FreeOfPersonallyIdentifiableInformation or FreeOfAdultContent.",
        is_list=True,
    ),
    Field(
        "--output-to",
        "OutputConfig.S3OutputPath",
        "Where the labels go.",
        metavar="s3://BUCKET/PREFIX",
    ),
    Field("--output-topic", "OutputConfig.SnsTopicArn", "SNS topic for labels.", metavar="ARN"),
    Field("--kms-key-id", "OutputConfig.KmsKeyId", "Key that encrypts the labels."),
    Field("--role-arn", "RoleArn", "Role that the job works as.", metavar="ARN"),
    Field(
        "--label-categories",
        "LabelCategoryConfigS3Uri",
        "File of the labels to choose from; a local one is uploaded.",
        type=file_or_uri,
        metavar="PATH|s3://URI",
    ),
    Field(
        "--template",
        "HumanTaskConfig.UiConfig.UiTemplateS3Uri",
        "Worker template; a local one is uploaded.",
        type=file_or_uri,
        metavar="PATH|s3://URI",
    ),
    Field(
        "--task-ui", "HumanTaskConfig.UiConfig.HumanTaskUiArn", "Built-in UI.", metavar="ARN"
    ),
    Field(
        "--pre-task-lambda",
        "HumanTaskConfig.PreHumanTaskLambdaArn",
        "Function that prepares tasks.",
        metavar="ARN",
    ),
    Field(
        "--consolidation-lambda",
        "HumanTaskConfig.AnnotationConsolidationConfig.AnnotationConsolidationLambdaArn",
        "Function that consolidates annotations.",
        metavar="ARN",
    ),
    Field("--title", "HumanTaskConfig.TaskTitle", "Title that workers see."),
    Field("--instructions", "HumanTaskConfig.TaskDescription", "What workers are to do."),
    Field("--keyword", "HumanTaskConfig.TaskKeywords", "Keyword of the task.", is_list=True),
    Field(
        "--workers-per-object",
        "HumanTaskConfig.NumberOfHumanWorkersPerDataObject",
        "Workers who label each object.",
        type=int,
        metavar="N",
    ),
    Field(
        "--task-time-limit",
        "HumanTaskConfig.TaskTimeLimitInSeconds",
        "Time that a worker has for a task.",
        type=SECONDS,
    ),
    Field(
        "--task-availability",
        "HumanTaskConfig.TaskAvailabilityLifetimeInSeconds",
        "Time that a task stays open.",
        type=SECONDS,
    ),
    Field(
        "--max-concurrent-tasks",
        "HumanTaskConfig.MaxConcurrentTaskCount",
        "Objects that may be with workers at once.",
        type=int,
        metavar="N",
    ),
    Field(
        "--max-objects",
        "StoppingConditions.MaxHumanLabeledObjectCount",
        "Stop after so many objects.",
        type=int,
        metavar="N",
    ),
    Field(
        "--max-percentage",
        "StoppingConditions.MaxPercentageOfInputDatasetLabeled",
        "Stop after this part of the objects.",
        type=int,
        metavar="PERCENT",
    ),
    Field(
        "--algorithm",
        "LabelingJobAlgorithmsConfig.LabelingJobAlgorithmSpecificationArn",
        "Algorithm of automated labeling.",
        metavar="ARN",
    ),
    Field(
        "--initial-model",
        "LabelingJobAlgorithmsConfig.InitialActiveLearningModelArn",
        "Model that automated labeling starts with.",
        metavar="ARN",
    ),
    Field(
        "--volume-kms-key-id",
        "LabelingJobAlgorithmsConfig.LabelingJobResourceConfig.VolumeKmsKeyId",
        "Key that encrypts the training volume.",
    ),
)
ALSO = {
    "HumanTaskConfig.WorkteamArn": "--workteam",
    "HumanTaskConfig.PublicWorkforceTaskPrice": "--price",
}
WORKTEAM = click.Option(
    ("--workteam",), metavar="NAME|ARN", help="Team that does the work, or whose jobs to list."
)
PRICE = click.Option(
    ("--price",),
    metavar="DOLLARS",
    help="Paid per task to a public workforce, as 0.036.",
)
OF_WORKTEAM = (
    Filter("--reference-contains", "JobReferenceCodeContains", "Only such reference codes."),
    Filter("--created-after", "CreationTimeAfter", "Only made since then.", MOMENT),
    Filter("--created-before", "CreationTimeBefore", "Only made before.", MOMENT),
    Filter("--sort-by", "SortBy", "What to sort by.", Word(("CreationTime",))),
    Filter("--sort-order", "SortOrder", "Which way.", Word(("Ascending", "Descending"))),
    *PAGING,
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


@click.group("labeling", cls=Group)
def labeling() -> None:
    """Manage labeling jobs.

    \b
    Example:
      sagectl --local labeling list
    """


@labeling.command()
@document_options(LABELING_JOB_KIND, FIELDS, tags=True, also=ALSO)
@takes(WORKTEAM, PRICE, WAIT, TIMEOUT)
@pass_app
def create(
    app: App,
    wanted: Wanted,
    workteam: str | None,
    price: str | None,
    wait: bool,
    timeout: float | None,
) -> None:
    """Start a labeling job.

    Most jobs have so many fields that a document with -f is the way to write them; flags go
    over it.

    \b
    Examples:
      sagectl --local labeling create -f job.yaml --workteam radiology --yes
      sagectl --local labeling create -f job.yaml --dry-run=server
    """
    task = {"WorkteamArn": team(workteam), "PublicWorkforceTaskPrice": task_price(price)}
    given = {key: value for key, value in task.items() if value}
    created(app, wanted.over({"HumanTaskConfig": given}), wait=wait, timeout=timeout)


@labeling.command("list", cls=Command)
@takes(
    *(item.option() for item in filters(LABELING_JOB_KIND)),
    OF_WORKTEAM[0].option(),
    LIMIT,
    WORKTEAM,
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


add_verbs(labeling, LABELING_JOB_KIND, example="chest-x-rays")


def team(word: str | None) -> Any:
    """An ARN as it is, a name as a reference to the work team."""
    if word is None or word.startswith("arn:"):
        return word
    from sagectl.manifest.document import Reference

    return Reference("Workteam", word)


def task_price(text: str | None) -> Any:
    """Dollars as the service's AmountInUsd. Raises InputError for what is no such amount."""
    if text is None:
        return None
    dollars, _, fraction = text.partition(".")
    digits = fraction.ljust(3, "0")
    if not (dollars.isdecimal() and digits.isdecimal() and len(digits) == 3):
        raise InputError(
            f"--price {text!r} is no amount in dollars", hint="Write it as 0.036, to 0.001."
        )
    cents, tenths = int(digits[:2]), int(digits[2])
    return {
        "AmountInUsd": {
            "Dollars": int(dollars),
            "Cents": cents,
            "TenthFractionsOfACent": tenths,
        }
    }


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
