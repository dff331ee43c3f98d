"""Rules of requests that create a labeling job."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import LABELING_JOB_KIND
from sagectl.catalog.task_types import DAYS_30, HOURS_8
from sagectl.schema.rules.labeling_arns import ARN_RULES, INTERFACE, TASK, crowd_of, task_of
from sagectl.schema.rules.rule import Breach, Rule, given, listed, number, text
from sagectl.schema.rules.tags import TAG_RULES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


_PRICE = f"{TASK}.PublicWorkforceTaskPrice"
_LIFETIME = f"{TASK}.TaskAvailabilityLifetimeInSeconds"
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


def _attribute_suffix(params: Mapping[str, Any]) -> Iterator[Breach]:
    name = text(params, "LabelAttributeName")
    if name is not None and name.endswith("-metadata"):
        said = f"{name!r} ends in -metadata, which Ground Truth adds to names itself"
        yield Breach("LabelAttributeName", said, f"Such as {name.removesuffix('-metadata')!r}.")


def _attribute_of_input(params: Mapping[str, Any]) -> Iterator[Breach]:
    name = text(params, "LabelAttributeName")
    if name in ("source", "source-ref"):
        said = f"{name!r} is what the input manifest calls the object to label"
        yield Breach("LabelAttributeName", said, "Name what the labels are about.")


def _attribute_reference(params: Mapping[str, Any]) -> Iterator[Breach]:
    name, task = text(params, "LabelAttributeName"), task_of(params)
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


def _objects(params: Mapping[str, Any]) -> Iterator[Breach]:
    for path in LABELING_JOB_KIND.uploads:
        uri = text(params, path)
        if uri is not None and uri.startswith("s3://") and not uri[5:].partition("/")[2]:
            said = f"{uri!r} names a bucket, and no object in it"
            yield Breach(path, said, "Write s3://BUCKET/KEY.")


def _one_interface(params: Mapping[str, Any]) -> Iterator[Breach]:
    config, task = given(params, f"{TASK}.UiConfig"), task_of(params)
    if not isinstance(config, dict):
        return
    if "UiTemplateS3Uri" in config and "HumanTaskUiArn" in config:
        said = "is given beside UiTemplateS3Uri, and a job has one interface"
        yield Breach(INTERFACE, said, "Keep one of the two.")
    elif "UiTemplateS3Uri" not in config and "HumanTaskUiArn" not in config:
        interface = task.interface if task else None
        hint = f"Give HumanTaskUiArn …:human-task-ui/{interface}." if interface else None
        said = "is required, or HumanTaskUiArn is, and both are missing"
        yield Breach(f"{TASK}.UiConfig.UiTemplateS3Uri", said, hint)


def _public_workforce(params: Mapping[str, Any]) -> Iterator[Breach]:
    crowd = crowd_of(params)
    if crowd == "public-crowd":
        if FREE_OF_PII not in listed(params, _CLASSIFIERS):
            said = f"must have {FREE_OF_PII} for the public workforce"
            hint = "Everyone may see the data: declare that it names nobody, if so."
            yield Breach(_CLASSIFIERS, said, hint)
        if not given(params, _PRICE):
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
    task = task_of(params)
    allowed = PRICES.get(task.name, _ALL) if task else _ALL
    if price not in allowed:
        closest = min(allowed, key=lambda one: abs(one - price))
        prices = ", ".join(f"{one / 1000:.3f}" for one in allowed)
        said = f"${price / 1000:.3f} is not one of the prices: {prices}"
        yield Breach(f"{_PRICE}.AmountInUsd", said, f"The closest is ${closest / 1000:.3f}.")


def _times(params: Mapping[str, Any]) -> Iterator[Breach]:
    task, limit = task_of(params), number(params, f"{TASK}.TaskTimeLimitInSeconds")
    longest = task.max_task_seconds if task else HOURS_8
    if limit is not None and limit > longest:
        label = task.name if task else "a custom task"
        said = f"must be at most {longest} for {label}, not {limit}"
        yield Breach(f"{TASK}.TaskTimeLimitInSeconds", said)
    lifetime = number(params, _LIFETIME)
    longest = HOURS_12 if crowd_of(params) == "public-crowd" else DAYS_30
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
                "labeling.attribute-input",
                "LabelAttributeName is not that of the object to label.",
                "Developer Guide, Use an Input Manifest File",
                _attribute_of_input,
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
                "labeling.objects",
                "The input manifest, the categories and the template are objects of a bucket.",
                "API reference, CreateLabelingJob",
                _objects,
            ),
            Rule(
                "labeling.one-interface",
                "Workers see a template of yours or a built-in interface.",
                "API reference, UiConfig",
                _one_interface,
            ),
            *ARN_RULES,
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
