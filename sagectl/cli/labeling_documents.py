"""Labeling jobs from flags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sagectl.catalog.kinds import LABELING_JOB_KIND
from sagectl.cli.documents import Field, document_options
from sagectl.cli.lazy import Command
from sagectl.cli.options import pass_app, takes
from sagectl.cli.sets import CHECK_OBJECTS
from sagectl.cli.types import SECONDS, file_or_uri
from sagectl.cli.waiting import TIMEOUT, WAIT
from sagectl.errors import InputError

if TYPE_CHECKING:
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


TASK_TYPE = click.Option(
    ("--task-type",),
    metavar="TYPE",
    help="Built-in task, as BoundingBox: its functions, interface or template, and defaults.",
)


@click.command(cls=Command)
@document_options(LABELING_JOB_KIND, FIELDS, tags=True, also=ALSO)
@takes(TASK_TYPE, WORKTEAM, PRICE, CHECK_OBJECTS, WAIT, TIMEOUT)
@pass_app
def create(
    app: App,
    wanted: Wanted,
    task_type: str | None,
    workteam: str | None,
    price: str | None,
    check_objects: bool,
    wait: bool,
    timeout: float | None,
) -> None:
    """Start a labeling job.

    The input manifest, the label categories and the worker template are read first, wherever
    they are, and everything that is wrong with them is listed.

    Most jobs have so many fields that a document with -f is the way to write them; flags go
    over it. With --task-type a job of images or texts needs no template: one that shows the
    object and the labels is uploaded.

    \b
    Examples:
      sagectl --local labeling create -f job.yaml --workteam radiology --yes
      sagectl --local labeling create -f job.yaml --task-type ImageMultiClass \\
        --dry-run -o yaml
    """
    from sagectl.cli.changes import created

    task = {"WorkteamArn": team(workteam), "PublicWorkforceTaskPrice": task_price(price)}
    given = {key: value for key, value in task.items() if value}
    if task_type:
        wanted = of_type(wanted, task_type, app.region)
    created(
        app,
        wanted.over({"HumanTaskConfig": given}),
        wait=wait,
        timeout=timeout,
        check_objects=check_objects,
    )


def of_type(wanted: Wanted, word: str, region: str) -> Wanted:
    """``wanted`` with what the built-in task ``word`` sets; other flags win, a file loses.

    The task's defaults stand only where neither says anything. Raises InputError.
    """
    from sagectl.catalog.task_types import TASK_TYPES
    from sagectl.schema.shorthands import problem, task_defaults, task_fields

    if found := problem(word, region):
        raise InputError(f"--task-type: {found[0]}", hint=found[1])
    task = TASK_TYPES[word]
    fields = task_fields(task, region)
    if "UiConfig" in wanted.spec.get("HumanTaskConfig", {}):
        fields.pop("UiConfig", None)
    defaults = task_defaults(task)
    if task.template:
        defaults["UiConfig"] = {"UiTemplateS3Uri": file_or_uri(str(task.template))}
    if "UiConfig" in wanted.spec.get("HumanTaskConfig", {}):
        defaults.pop("UiConfig", None)
    return wanted.over({"HumanTaskConfig": fields}).under(HumanTaskConfig=defaults)


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
