"""The table of built-in labeling tasks, for a region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sagectl.catalog.kinds import Column
from sagectl.catalog.task_types import FUNCTION_ACCOUNTS, TASK_TYPES
from sagectl.cli.lazy import Command
from sagectl.cli.options import pass_app
from sagectl.errors import InputError
from sagectl.render.views import Listing

if TYPE_CHECKING:
    from sagectl.app import App
    from sagectl.catalog.task_types import TaskType

_COLUMNS = (
    Column("TASK TYPE", "TaskType"),
    Column("DATA", "Data"),
    Column("WORKERS", "Workers"),
    Column("OBJECTS", "MaxObjects"),
    Column("LABELS", "MaxLabels"),
    Column("-REF", "NeedsRefAttribute"),
    Column("INTERFACE", "Interface"),
    Column("WHAT WORKERS DO", "Summary"),
    Column("PRE FUNCTION", "PreHumanTaskLambdaArn", is_wide=True),
    Column("CONSOLIDATION", "AnnotationConsolidationLambdaArn", is_wide=True),
    Column("UI", "HumanTaskUiArn", is_wide=True),
    Column("ALGORITHM", "LabelingJobAlgorithmSpecificationArn", is_wide=True),
)


@click.command("task-types", cls=Command)
@pass_app
def task_types(app: App) -> None:
    """List the built-in tasks and their ARNs in a region.

    A manifest says `TaskType: BoundingBox` in HumanTaskConfig instead of the ARNs. With -o wide
    or json the ARNs are shown.

    \b
    Examples:
      sagectl labeling task-types --region eu-west-1
      sagectl labeling task-types --region eu-west-1 -o json --query 'TaskTypes[].TaskType'
    """
    region = app.region
    if region not in FUNCTION_ACCOUNTS:
        raise InputError(
            f"there are no built-in tasks in {region}",
            hint=f"They are in {', '.join(FUNCTION_ACCOUNTS)}.",
        )
    rows = [_row(task, region) for task in TASK_TYPES.values()]
    app.show(Listing("TaskTypes", rows, _COLUMNS, "tasktype", "TaskType", "task types"))


def _row(task: TaskType, region: str) -> dict[str, Any]:
    known = {
        "TaskType": task.name,
        "Summary": task.summary,
        "Data": task.data,
        "Workers": task.workers,
        "TaskTimeLimitInSeconds": task.default_seconds,
        "MaxTaskTimeLimitInSeconds": task.max_task_seconds,
        "MaxObjects": task.max_objects,
        "MaxLabels": task.label_limit,
        "NeedsRefAttribute": task.needs_ref_attribute,
        "Interface": task.interface,
        "PreHumanTaskLambdaArn": task.pre_function_arn(region),
        "AnnotationConsolidationLambdaArn": task.consolidation_arn(region),
        "HumanTaskUiArn": task.interface_arn(region),
        "LabelingJobAlgorithmSpecificationArn": task.algorithm_arn(region),
    }
    return {name: value for name, value in known.items() if value is not None}
