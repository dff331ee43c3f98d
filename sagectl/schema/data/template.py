"""A worker template: Liquid in HTML, as Ground Truth renders it.

Source: developer guide, "Automate template creation with Liquid": the filters to_json,
grant_read_access and skip_autoescape, and escaping unless told otherwise.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sagectl.errors import InputError, MissingExtraError
from sagectl.manifest.wording import did_you_mean
from sagectl.schema.data.filters import MOST_ITEMS, bounded, ground_truth_filters
from sagectl.schema.data.found import Found

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from sagectl.catalog.task_types import TaskType
    from sagectl.diagnostics import Diagnostic

CROWD_SCRIPT = "crowd-html-elements.js"
# What the built-in functions hand to a template.
BUILT_IN_INPUT = frozenset(
    ("taskObject", "labels", "header", "metadata", "manifest", "manifestLine")
)
_FORM = re.compile(r"<crowd-form\b", re.IGNORECASE)
_FORM_END = re.compile(r"</crowd-form\s*>", re.IGNORECASE)
# Either sort's end, by its beginning.
_COMMENTS = {
    "<": re.compile(r"-->"),
    "{": re.compile(r"\{%-?\s*endcomment\s*-?%\}"),
}
_COMMENT = re.compile(r"<!--|\{%-?\s*comment\b[^%]*%\}")
# Far more than a page of a worker's task takes.
_MOST_BYTES = 64 << 20
TEMPLATE_BYTES = 1 << 20


def check_template(
    path: Path,
    name: str,
    task: TaskType | None = None,
    *,
    keys: frozenset[str] | None = None,
    has_function: bool = True,
) -> tuple[Diagnostic, ...]:
    """Hold the template at ``path`` against Liquid and against what it will be given.

    ``keys`` are those that every line of the input manifest has, where that is known. A custom
    task with a function of its author's may be given anything. Raises OSError.
    """
    found = Found(name)
    try:
        size = path.stat().st_size
        if size > TEMPLATE_BYTES:
            said = f"has {size} bytes, and {TEMPLATE_BYTES} are read"
            found.add("template.size", said, hint="Put pictures and scripts into files of S3.")
            return found.all()
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        found.add("template.encoding", f"is not UTF-8: {error.reason}")
        return found.all()
    _html(text, found)
    try:
        _liquid(text, task, keys, has_function, found)
    except MissingExtraError as error:
        found.warn("template.liquid", f"was not read as Liquid: {error}. {error.hint}")
    return found.all()


def rendered(text: str, task: Mapping[str, Any], read_access: Callable[[str], str]) -> str:
    """The HTML of a template for one task; ``read_access`` makes a URL of an S3 URI.

    Raises InputError where the template is no good, MissingExtraError without python-liquid.
    """
    environment = _environment(read_access)
    from liquid.exceptions import LiquidError

    try:
        return str(environment.from_string(text).render(task=task))
    except LiquidError as error:
        raise InputError(f"the worker template cannot be rendered: {error.message}") from error


def _environment(read_access: Callable[[str], str]) -> Any:
    try:
        from liquid import Environment
    except ImportError as error:
        raise MissingExtraError(
            "python-liquid is not installed", hint="Run: pip install 'sagectl[labeling]'"
        ) from error

    environment = Environment(autoescape=True)
    # A template that never ends would hold whoever renders it.
    environment.loop_iteration_limit = MOST_ITEMS
    environment.output_stream_limit = _MOST_BYTES
    filters = {**environment.filters, **ground_truth_filters(read_access)}
    environment.filters.update({name: bounded(name, one) for name, one in filters.items()})
    return environment


def _html(text: str, found: Found) -> None:
    bare = _uncommented(text)
    if not (opening := _FORM.search(bare)):
        hint = "Workers submit what a <crowd-form> … </crowd-form> holds."
        found.add("template.form", "has no crowd-form", hint=hint)
        return
    if not _FORM_END.search(bare, opening.end()):
        found.add(
            "template.form", "has a crowd-form that does not end", _line(text, "<crowd-form")
        )
    if CROWD_SCRIPT not in bare:
        said = f"does not load {CROWD_SCRIPT}, so crowd elements stay empty"
        found.warn("template.script", said)


def _liquid(
    text: str,
    task: TaskType | None,
    keys: frozenset[str] | None,
    has_function: bool,
    found: Found,
) -> None:
    environment = _environment(str)
    from liquid.exceptions import LiquidError

    try:
        read = environment.from_string(text).analyze()
    except LiquidError as error:
        line, column = _position(text, getattr(error.token, "start_index", 0) or 0)
        found.add("template.syntax", f"is not Liquid: {error.message}", line, column)
        return
    for name, spans in read.filters.items():
        if name not in environment.filters:
            hint = did_you_mean(name, environment.filters)
            for span in spans:
                place = _position(text, span.index)
                found.add("template.filter", f"uses the filter {name!r}", *place, hint=hint)
    for variables in read.globals.values():
        for variable in variables:
            said = _unknown(variable.segments, task, keys, has_function)
            if said:
                place = _position(text, variable.span.index)
                found.add("template.variable", said[0], *place, hint=said[1])


def _unknown(
    segments: list[Any], task: TaskType | None, keys: frozenset[str] | None, has_function: bool
) -> tuple[str, str | None] | None:
    """Why nothing will stand for a variable, and a hint; None if something may."""
    name = ".".join(map(str, segments))
    if segments[0] != "task":
        return f"{name} is never set", "What a task brings is below task.input."
    if len(segments) < 2 or segments[1] not in ("input", "dataObject"):
        return (f"{name} is never set", "It is task.input.") if len(segments) > 1 else None
    if len(segments) < 3:
        return None
    member = str(segments[2])
    if segments[1] == "input" and task is not None:
        known: frozenset[str] = BUILT_IN_INPUT
    elif keys and (segments[1] == "dataObject" or not has_function):
        known = keys | {"taskObject"}
    else:
        return None
    if member in known:
        return None
    hint = did_you_mean(member, sorted(known)) or f"There are {', '.join(sorted(known))}."
    whose = f"{task.name} sets" if segments[1] == "input" and task else "the manifest has"
    return f"{name} is not among what {whose}", hint


def _uncommented(text: str) -> str:
    """``text`` without the comments of HTML and of Liquid."""
    kept, at = [], 0
    while begin := _COMMENT.search(text, at):
        end = _COMMENTS[begin[0][0]].search(text, begin.end())
        if end is None:
            break
        kept.append(text[at : begin.start()])
        at = end.end()
    return "".join((*kept, text[at:]))


def _line(text: str, word: str) -> int:
    return text.count("\n", 0, max(text.lower().find(word), 0)) + 1


def _position(text: str, index: int) -> tuple[int, int]:
    if not 0 <= index <= len(text):  # the end, where something should have been closed
        index = len(text.rstrip())
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)
