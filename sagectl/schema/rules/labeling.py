"""Rules of requests that create a labeling job."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sagectl.catalog.task_types import DAYS_30, FUNCTION_ACCOUNTS, HOURS_8, task_type_of
from sagectl.schema.rules.rule import Breach, Rule, given, listed, number, text
from sagectl.schema.rules.tags import TAG_RULES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sagectl.catalog.task_types import TaskType

_TASK = "HumanTaskConfig"
_PRE = f"{_TASK}.PreHumanTaskLambdaArn"
_ACS = f"{_TASK}.AnnotationConsolidationConfig.AnnotationConsolidationLambdaArn"
_PRICE = f"{_TASK}.PublicWorkforceTaskPrice"
_INTERFACE = f"{_TASK}.UiConfig.HumanTaskUiArn"
_TEAM = f"{_TASK}.WorkteamArn"
_ALGORITHM = "LabelingJobAlgorithmsConfig.LabelingJobAlgorithmSpecificationArn"
_LIFETIME = f"{_TASK}.TaskAvailabilityLifetimeInSeconds"
_CLASSIFIERS = "InputConfig.DataAttributes.ContentClassifiers"
FREE_OF_PII = "FreeOfPersonallyIdentifiableInformation"
HOURS_12 = 12 * 60 * 60

# Prices are in tenths of a cent.
_HIGH = (840, 960, 1080, 1200)
_MIDDLE = (36, 48, 60, 72, 120, 240, 360, 480, 600, 720, *_HIGH)
_ALL = (12, 24, *_MIDDLE)
# Task types that are not priced as classification and custom tasks are.
PRICES: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {"BoundingBox": _MIDDLE, "SemanticSegmentation": _HIGH}
)


def _task(params: Mapping[str, Any]) -> TaskType | None:
    """The built-in task that the request is for; None for one of its author's own."""
    function = text(params, _PRE) or text(params, _ACS)
    return task_type_of(function) if function else None


def _crowd(params: Mapping[str, Any]) -> str | None:
    """``public-crowd``, ``vendor-crowd`` or ``private-crowd``, as all that are referred to."""
    team = given(params, f"{_TASK}.WorkteamArn")
    if isinstance(team, str):
        parts = team.partition(":workteam/")[2].split("/")
        return parts[0] if len(parts) > 1 else None
    return "private-crowd" if hasattr(team, "kind") else None


def _attribute_suffix(params: Mapping[str, Any]) -> Iterator[Breach]:
    name = text(params, "LabelAttributeName")
    if name is not None and name.endswith("-metadata"):
        said = f"{name!r} ends in -metadata, which Ground Truth adds to names itself"
        yield Breach("LabelAttributeName", said, f"Such as {name.removesuffix('-metadata')!r}.")


def _attribute_reference(params: Mapping[str, Any]) -> Iterator[Breach]:
    name, task = text(params, "LabelAttributeName"), _task(params)
    if name is None or task is None or name.endswith("-ref") == task.needs_ref_attribute:
        return
    if task.needs_ref_attribute:
        said = f"{name!r} must end in -ref: {task.name} writes its labels to files"
        yield Breach("LabelAttributeName", said, f"Write {name}-ref.")
    else:
        said = f"{name!r} must not end in -ref for {task.name}"
        yield Breach("LabelAttributeName", said, f"Write {name.removesuffix('-ref')}.")


def _data_source(params: Mapping[str, Any]) -> Iterator[Breach]:
    source = given(params, "InputConfig.DataSource")
    if isinstance(source, dict) and not source:
        said = "is required, or SnsDataSource is, and both are missing"
        hint = "Give S3DataSource with the ManifestS3Uri of the objects to label."
        yield Breach("InputConfig.DataSource.S3DataSource", said, hint)


def _one_interface(params: Mapping[str, Any]) -> Iterator[Breach]:
    config, task = given(params, f"{_TASK}.UiConfig"), _task(params)
    if not isinstance(config, dict):
        return
    if "UiTemplateS3Uri" in config and "HumanTaskUiArn" in config:
        said = "is given beside UiTemplateS3Uri, and a job has one interface"
        yield Breach(_INTERFACE, said, "Keep one of the two.")
    elif "UiTemplateS3Uri" not in config and "HumanTaskUiArn" not in config:
        interface = task.interface if task else None
        hint = f"Give HumanTaskUiArn …:human-task-ui/{interface}." if interface else None
        said = "is required, or HumanTaskUiArn is, and both are missing"
        yield Breach(f"{_TASK}.UiConfig.UiTemplateS3Uri", said, hint)


def _interface_of_task(params: Mapping[str, Any]) -> Iterator[Breach]:
    interface, task = text(params, _INTERFACE), _task(params)
    if interface is None or task is None:
        return
    name = interface.rpartition("/")[2]
    if task.interface is None:
        said = f"{name!r} is not for {task.name}, which takes a template of yours"
        yield Breach(_INTERFACE, said, "Give UiTemplateS3Uri.")
    elif name != task.interface:
        said = f"{name!r} is not the interface of {task.name}"
        yield Breach(_INTERFACE, said, f"Use …:human-task-ui/{task.interface}.")


def _consolidation_of_task(params: Mapping[str, Any]) -> Iterator[Breach]:
    before, after = text(params, _PRE), text(params, _ACS)
    first = task_type_of(before) if before else None
    second = task_type_of(after) if after else None
    if first is not None and second is not None and first is not second:
        said = f"consolidates {second.name}, and the task is {first.name}"
        yield Breach(_ACS, said, f"Use the function ACS-{first.name}.")


def _functions_of_region(params: Mapping[str, Any]) -> Iterator[Breach]:
    for path in (_PRE, _ACS):
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
    for path in (_TEAM, _PRE, _ACS, _INTERFACE, _ALGORITHM):
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


def _public_workforce(params: Mapping[str, Any]) -> Iterator[Breach]:
    crowd = _crowd(params)
    if crowd == "public-crowd":
        if FREE_OF_PII not in listed(params, _CLASSIFIERS):
            said = f"must have {FREE_OF_PII} for the public workforce"
            hint = "Everyone may see the data: declare that it names nobody, if so."
            yield Breach(_CLASSIFIERS, said, hint)
        if given(params, _PRICE) is None:
            said = "is required, and missing: the public workforce is paid by the task"
            yield Breach(
                _PRICE, said, "Such as AmountInUsd: {Cents: 1, TenthFractionsOfACent: 2}."
            )
    elif crowd == "private-crowd" and given(params, _PRICE) is not None:
        yield Breach(_PRICE, "is for the public workforce, and the work team is private")


def _price(params: Mapping[str, Any]) -> Iterator[Breach]:
    amount = given(params, f"{_PRICE}.AmountInUsd")
    if not isinstance(amount, dict):
        return
    units = {"Dollars": 1000, "Cents": 10, "TenthFractionsOfACent": 1}
    price = sum((number(amount, name) or 0) * worth for name, worth in units.items())
    task = _task(params)
    allowed = PRICES.get(task.name, _ALL) if task else _ALL
    if price not in allowed:
        closest = min(allowed, key=lambda one: abs(one - price))
        prices = ", ".join(f"{one / 1000:.3f}" for one in allowed)
        said = f"${price / 1000:.3f} is not one of the prices: {prices}"
        yield Breach(f"{_PRICE}.AmountInUsd", said, f"The closest is ${closest / 1000:.3f}.")


def _times(params: Mapping[str, Any]) -> Iterator[Breach]:
    task, limit = _task(params), number(params, f"{_TASK}.TaskTimeLimitInSeconds")
    longest = task.max_task_seconds if task else HOURS_8
    if limit is not None and limit > longest:
        label = task.name if task else "a custom task"
        said = f"must be at most {longest} for {label}, not {limit}"
        yield Breach(f"{_TASK}.TaskTimeLimitInSeconds", said)
    lifetime = number(params, _LIFETIME)
    longest = HOURS_12 if _crowd(params) == "public-crowd" else DAYS_30
    if lifetime is not None and lifetime > longest:
        label = "the public workforce" if longest == HOURS_12 else "this work team"
        yield Breach(_LIFETIME, f"must be at most {longest} for {label}, not {lifetime}")


_HUMAN = "API reference, HumanTaskConfig"
RULES: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {
        "CreateLabelingJob": (
            Rule(
                "labeling.attribute-metadata",
                "LabelAttributeName does not end in -metadata.",
                "API reference, CreateLabelingJob",
                _attribute_suffix,
            ),
            Rule(
                "labeling.attribute-ref",
                "LabelAttributeName ends in -ref where labels are files, and only there.",
                "API reference, CreateLabelingJob; Developer Guide",
                _attribute_reference,
                is_lenient=True,
            ),
            Rule(
                "labeling.data-source",
                "The data comes from S3, from SNS, or from both.",
                "API reference, CreateLabelingJob",
                _data_source,
            ),
            Rule(
                "labeling.one-interface",
                "Workers see a template of yours or a built-in interface.",
                "API reference, UiConfig",
                _one_interface,
            ),
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
                "API reference, HumanTaskConfig",
                _functions_of_region,
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
                "labeling.public-workforce",
                "The public workforce needs a price and data free of personal information; "
                "a private one takes no price.",
                "API reference, CreateLabelingJob",
                _public_workforce,
            ),
            Rule(
                "labeling.price",
                "A task has one of the listed prices.",
                "API reference, PublicWorkforceTaskPrice",
                _price,
                is_lenient=True,
            ),
            Rule(
                "labeling.times",
                "Tasks take and wait no longer than their kind may.",
                _HUMAN,
                _times,
                is_lenient=True,
            ),
            *TAG_RULES,
        )
    }
)
