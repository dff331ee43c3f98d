"""Rules of the ARNs that a request for a labeling job names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.catalog.regions import partition
from sagectl.catalog.task_types import FUNCTION_ACCOUNTS, TASK_TYPES, task_type_of
from sagectl.manifest.wording import did_you_mean
from sagectl.schema.rules.rule import Breach, Rule, given, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sagectl.catalog.task_types import TaskType

TASK = "HumanTaskConfig"
PRE_FUNCTION = f"{TASK}.PreHumanTaskLambdaArn"
_ACS = f"{TASK}.AnnotationConsolidationConfig.AnnotationConsolidationLambdaArn"
INTERFACE = f"{TASK}.UiConfig.HumanTaskUiArn"
_TEAM = f"{TASK}.WorkteamArn"
_ALGORITHM = "LabelingJobAlgorithmsConfig.LabelingJobAlgorithmSpecificationArn"
_ROLE = "RoleArn"
_CROWDS = ("private-crowd", "public-crowd", "vendor-crowd")
# Hands the line of the manifest on as it is; no task type of its own.
_PASS_THROUGH = "PassThrough"


def task_of(params: Mapping[str, Any]) -> TaskType | None:
    """The built-in task that the request is for; None for one of its author's own."""
    function = text(params, PRE_FUNCTION) or text(params, _ACS)
    return task_type_of(function) if function else None


def crowd_of(params: Mapping[str, Any]) -> str | None:
    """``public-crowd``, ``vendor-crowd`` or ``private-crowd``, as all that are referred to."""
    team = given(params, _TEAM)
    if isinstance(team, str):
        parts = team.partition(":workteam/")[2].split("/")
        return parts[0] if len(parts) > 1 else None
    return "private-crowd" if hasattr(team, "kind") else None


def _interface_of_task(params: Mapping[str, Any]) -> Iterator[Breach]:
    interface, task = text(params, INTERFACE), task_of(params)
    if interface is None or task is None:
        return
    name = interface.rpartition("/")[2]
    if task.interface is None:
        said = f"{name!r} is not for {task.name}, which takes a template of yours"
        yield Breach(INTERFACE, said, "Give UiTemplateS3Uri.")
    elif name != task.interface:
        said = f"{name!r} is not the interface of {task.name}"
        yield Breach(INTERFACE, said, f"Use …:human-task-ui/{task.interface}.")


def _consolidation_of_task(params: Mapping[str, Any]) -> Iterator[Breach]:
    before, after = text(params, PRE_FUNCTION), text(params, _ACS)
    first = task_type_of(before) if before else None
    second = task_type_of(after) if after else None
    if first is not None and second is not None and first is not second:
        said = f"consolidates {second.name}, and the task is {first.name}"
        yield Breach(_ACS, said, f"Use the function ACS-{first.name}.")


def _named_function(params: Mapping[str, Any]) -> Iterator[Breach]:
    for path, prefix in ((PRE_FUNCTION, "PRE"), (_ACS, "ACS")):
        parts = (text(params, path) or "").split(":")
        if len(parts) < 7 or parts[4] not in FUNCTION_ACCOUNTS.values():
            continue
        begins, _, name = parts[6].partition("-")
        if name not in TASK_TYPES and name != _PASS_THROUGH:
            said = f"{parts[6]!r} is no function of a built-in task"
            hint = did_you_mean(name, TASK_TYPES)
            yield Breach(path, said, hint or "sagectl labeling task-types lists them.")
        elif begins != prefix:
            yield Breach(path, f"{parts[6]!r} is not a {prefix} function", f"{prefix}-{name}.")


def _algorithm_of_task(params: Mapping[str, Any]) -> Iterator[Breach]:
    task, arn = task_of(params), text(params, _ALGORITHM)
    if task is None or arn is None:
        return
    name = arn.rpartition("/")[2]
    if name != task.algorithm:
        hint = f"It is {task.algorithm}." if task.algorithm else "People label all of it."
        yield Breach(_ALGORITHM, f"{name!r} does not label for {task.name}", hint)


def _known_crowd(params: Mapping[str, Any]) -> Iterator[Breach]:
    arn = text(params, _TEAM)
    if arn is not None and crowd_of(params) not in _CROWDS:
        said = f"{arn!r} is of no private, public or vendor crowd"
        yield Breach(_TEAM, said, "Such as …:workteam/private-crowd/NAME.")


def _one_partition(params: Mapping[str, Any]) -> Iterator[Breach]:
    """ARNs whose partition is not their region's, and a role of another than the team's."""
    team = (text(params, _TEAM) or "").split(":")
    for path in (_TEAM, PRE_FUNCTION, _ACS, INTERFACE, _ALGORITHM, _ROLE):
        parts = (text(params, path) or "").split(":")
        if len(parts) < 6:
            continue
        region = parts[3] or (team[3] if len(team) > 3 else "")
        if region and parts[1] != partition(region):
            said = f"is in the partition {parts[1]}, and {region} is in {partition(region)}"
            yield Breach(path, said, f"Write arn:{partition(region)}:….")


def _functions_of_region(params: Mapping[str, Any]) -> Iterator[Breach]:
    for path in (PRE_FUNCTION, _ACS):
        parts = (text(params, path) or "").split(":")
        if len(parts) < 7 or parts[4] not in FUNCTION_ACCOUNTS.values():
            continue
        region, account = parts[3], parts[4]
        if (owner := FUNCTION_ACCOUNTS.get(region)) != account:
            said = f"{account} owns no functions in {region}"
            known = ", ".join(FUNCTION_ACCOUNTS)
            hint = f"There it is {owner}." if owner else f"Built-in tasks are in {known}."
            yield Breach(path, said, hint)


def _one_region(params: Mapping[str, Any]) -> Iterator[Breach]:
    """ARNs that lie elsewhere than the work team, or than the first of them."""
    first: tuple[str, str] | None = None
    for path in (_TEAM, PRE_FUNCTION, _ACS, INTERFACE, _ALGORITHM):
        parts = (text(params, path) or "").split(":")
        if len(parts) < 6 or not parts[3]:
            continue
        if first is None:
            first = path, parts[3]
        elif parts[3] != first[1]:
            name = first[0].rpartition(".")[2]
            said = f"is in {parts[3]}, and {name} is in {first[1]}"
            hint = "A job, its team and its functions are in one region."
            yield Breach(path, said, hint)


_HUMAN = "API reference, HumanTaskConfig"
ARN_RULES = (
    Rule(
        "labeling.interface",
        "A built-in interface is that of the built-in task.",
        "API reference, UiConfig",
        _interface_of_task,
        is_lenient=True,
    ),
    Rule(
        "labeling.consolidation",
        "Built-in functions are both of one task.",
        "API reference, AnnotationConsolidationConfig",
        _consolidation_of_task,
        is_lenient=True,
    ),
    Rule(
        "labeling.function-account",
        "A built-in function belongs to its region's own account.",
        _HUMAN,
        _functions_of_region,
        is_lenient=True,
    ),
    Rule(
        "labeling.function-name",
        "A built-in function has the name of a task, and stands where it is for.",
        _HUMAN,
        _named_function,
        is_lenient=True,
    ),
    Rule(
        "labeling.algorithm",
        "Automated labeling is by the algorithm of the built-in task.",
        "API reference, LabelingJobAlgorithmsConfig",
        _algorithm_of_task,
        is_lenient=True,
    ),
    Rule(
        "labeling.crowd",
        "A work team is private, public or a vendor's.",
        _HUMAN,
        _known_crowd,
        is_lenient=True,
    ),
    Rule(
        "labeling.one-region",
        "The team, the functions, the interface and the algorithm are in one region.",
        "API reference, CreateLabelingJob",
        _one_region,
        is_lenient=True,
    ),
    Rule(
        "labeling.one-partition",
        "Everything that an ARN names is in the partition of its region.",
        "AWS General Reference, ARN format",
        _one_partition,
        is_lenient=True,
    ),
)
