"""The form that a worker sees for an object: the job's template, or one of sagectl's own."""

from __future__ import annotations

import json
import re
from html import escape
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sagectl.errors import InputError
from sagectl.schema.data.template import rendered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sagectl.controlplane.labeldata import JobData
    from sagectl.controlplane.resources import Resource

ELEMENTS, SURROUNDINGS = "/crowd-html-elements.js", "/task.js"
_SCRIPT = re.compile(
    r"""<script\b[^>]*\bsrc\s*=\s*["'][^"']*crowd-html-elements\.js["'][^>]*>\s*</script>""",
    re.IGNORECASE,
)

_PAINTED = "<crowd-semantic-segmentation"
_FROM_A_FILE = "sagectl local annotate JOB answers.jsonl takes answers from a file."
_HEADER = 'header="Labels"'


def _choice(element: str, *, is_image: bool = False) -> str:
    opening = f'<{element} name="{element}" categories="{{labels}}" {_HEADER}'
    if is_image:
        return f'{opening} src="{{source}}"></{element}>'
    inside = "<classification-target>{source}</classification-target>"
    return f"{opening}>{inside}</{element}>"


# Built-in task -> the inside of its form.
FORMS: Mapping[str, str] = MappingProxyType(
    {
        "ImageMultiClass": _choice("crowd-image-classifier", is_image=True),
        "ImageMultiClassMultiLabel": _choice(
            "crowd-image-classifier-multi-select", is_image=True
        ),
        "TextMultiClass": _choice("crowd-classifier"),
        "TextMultiClassMultiLabel": _choice("crowd-classifier-multi-select"),
        "BoundingBox": '<crowd-bounding-box name="boundingBox" labels="{labels}"'
        f' {_HEADER} src="{{source}}"></crowd-bounding-box>',
        "NamedEntityRecognition": '<crowd-entity-annotation name="entityAnnotation"'
        f' labels="{{labels}}" {_HEADER} text="{{source}}"></crowd-entity-annotation>',
    }
)


_IMAGES = frozenset(("ImageMultiClass", "ImageMultiClassMultiLabel", "BoundingBox"))


def form(
    job: Resource, data: JobData, number: int, text: str, read_access: Callable[[str], str]
) -> str:
    """The HTML of the form for object ``number``; ``text`` is the content of a text object.

    Raises InputError for a job whose form cannot be shown here.
    """
    if _PAINTED in (data.template or ""):
        raise InputError(
            f"the portal has no {_PAINTED[1:]}: it cannot paint pixels", hint=_FROM_A_FILE
        )
    if data.template is not None:
        task = _task(job, data, number, text)
        # The elements come from this portal: nothing is fetched from elsewhere.
        return _SCRIPT.sub("", rendered(data.template, task, read_access))
    if data.task not in FORMS:
        raise InputError(
            f"there is no form for {data.task or 'a custom task'} here",
            hint=f"The portal has its own for {', '.join(FORMS)}; others need a template."
            f" {_FROM_A_FILE}",
        )
    source = data.source(number)
    shown = FORMS[data.task].format(
        labels=escape(json.dumps(data.labels)),
        source=escape(read_access(source) if data.task in _IMAGES else text or source),
    )
    return f"<crowd-form>{shown}</crowd-form>"


def _task(job: Resource, data: JobData, number: int, text: str) -> dict[str, Any]:
    """What a template finds below ``task``: as the built-in functions hand it over."""
    line = dict(data.objects[number])
    human = job.body["HumanTaskConfig"]
    given = {
        "taskObject": text or data.source(number),
        "labels": list(data.labels),
        "header": human["TaskDescription"],
        "metadata": line,
        "manifestLine": line,
    }
    return {"input": {**line, **given}, "dataObject": line}
