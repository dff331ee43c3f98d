"""``HumanTaskConfig.TaskType``: one word for a built-in task's ARNs and defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.catalog.task_types import FUNCTION_ACCOUNTS, TASK_TYPES
from sagectl.manifest.nodes import is_null, outline
from sagectl.manifest.wording import choices, did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from sagectl.catalog.task_types import TaskType
    from sagectl.schema.walk import Walk

WORD = "TaskType"
PLACE = "HumanTaskConfig"


def task_fields(task: TaskType, region: str) -> dict[str, Any]:
    """The fields of a HumanTaskConfig that ``task`` decides; KeyError where not offered."""
    fields: dict[str, Any] = {
        "PreHumanTaskLambdaArn": task.pre_function_arn(region),
        "AnnotationConsolidationConfig": {
            "AnnotationConsolidationLambdaArn": task.consolidation_arn(region)
        },
    }
    if interface := task.interface_arn(region):
        fields["UiConfig"] = {"HumanTaskUiArn": interface}
    return fields


def task_defaults(task: TaskType) -> dict[str, Any]:
    """The fields that ``task`` suggests where nobody says otherwise, as a manifest has them."""
    defaults: dict[str, Any] = {
        "NumberOfHumanWorkersPerDataObject": task.workers,
        "TaskTimeLimitInSeconds": task.default_seconds,
    }
    if template := task.template:
        defaults["UiConfig"] = {"UiTemplateS3Uri": {"upload": str(template)}}
    return defaults


def problem(word: Any, region: str) -> tuple[str, str | None] | None:
    """What is wrong with ``word`` as a task type in ``region``, and a hint; None if nothing."""
    if not isinstance(word, str) or word not in TASK_TYPES:
        known = f"The types are {choices(TASK_TYPES, str(word))}."
        return f"{shown(word)} is not a built-in task type", (
            did_you_mean(str(word), TASK_TYPES) or known
        )
    if region not in FUNCTION_ACCOUNTS:
        regions = ", ".join(FUNCTION_ACCOUNTS)
        return f"{word} has no functions in {region}", f"It is offered in {regions}."
    return None


def expand_node(spec: Any, region: Callable[[], str], walk: Walk) -> None:
    """Put what ``TaskType`` stands for in its place, below the mapping node ``spec``.

    Fields that stand there already are left alone; the new ones stand, for messages, where
    the word does.
    """
    task_node = _member(spec, PLACE)
    word = _member(task_node, WORD)
    if task_node is None or word is None:
        return
    pairs = task_node.value
    key = next(key for key, _ in pairs if key.value == WORD)
    pairs[:] = [pair for pair in pairs if pair[0].value != WORD]
    said = None if word.id != "scalar" or is_null(word) else word.value
    where = region() if said in TASK_TYPES else ""
    if found := problem(outline(word) if said is None else said, where):
        summary, hint = found
        walk.add("labeling.task-type", f"spec.{PLACE}.{WORD}", summary, word.start_mark, hint)
        # What the right word would have given is not said to be missing besides.
        fields = task_defaults(next(iter(TASK_TYPES.values())))
    else:
        task = TASK_TYPES[str(said)]
        fields = {**task_fields(task, where), **task_defaults(task)}
    given = {key.value for key, _ in pairs}
    for name, value in fields.items():
        if name not in given:
            pairs.append((_scalar(name, key, word), _node(value, key, word, task_node)))


def _member(node: Any, name: str) -> Any:
    if node is None or node.id != "mapping":
        return None
    return next((value for key, value in node.value if key.value == name), None)


def _node(value: Any, key: Any, word: Any, mapping: Any) -> Any:
    """``value`` as a node like those beside it, standing where ``word`` does."""
    if not isinstance(value, dict):
        return _scalar(value, key, word)
    pairs = [
        (_scalar(name, key, word), _node(item, key, word, mapping))
        for name, item in value.items()
    ]
    return type(mapping)(mapping.tag, pairs, word.start_mark, word.end_mark)


def _scalar(value: Any, key: Any, word: Any) -> Any:
    style = None if isinstance(value, int) else '"'
    return type(key)(key.tag, str(value), word.start_mark, word.end_mark, style)
