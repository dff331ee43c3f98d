"""A label category file: the labels that workers choose from.

Source: developer guide, "Create a Label Category Configuration File".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sagectl.manifest.wording import counted, shown
from sagectl.schema.data.found import TOLD, Found
from sagectl.schema.data.strict_json import strict_json

if TYPE_CHECKING:
    from pathlib import Path

    from sagectl.catalog.task_types import TaskType
    from sagectl.diagnostics import Diagnostic

VERSIONS = ("2018-11-28", "2020-03-01", "2020-08-15")
# Of named entities: developer guide, "Named Entity Recognition".
_SHORT = "shortDisplayName"
_SHAPE = '{"document-version": "2018-11-28", "labels": [{"label": "cat"}, {"label": "dog"}]}'


def check_categories(
    path: Path, name: str, task: TaskType | None = None
) -> tuple[Diagnostic, ...]:
    """Hold the file at ``path`` against what ``task`` takes. Raises OSError."""
    found = Found(name)
    try:
        text = path.read_text(encoding="utf-8")
        value = strict_json(text)
    except UnicodeDecodeError as error:
        found.add("categories.encoding", f"is not UTF-8: {error.reason}")
    except json.JSONDecodeError as error:
        said = f"is not JSON: {error.msg}"
        if text.startswith("\ufeff"):
            said = "begins with a byte order mark"
        found.add("categories.json", said, error.lineno, error.colno, f"Write {_SHAPE}.")
    except ValueError as error:
        found.add("categories.json", str(error), hint=f"Write {_SHAPE}.")
    else:
        _check(value, text, task, found)
    return found.all()


def labels(path: Path) -> tuple[str, ...]:
    """The labels of a file that is in order."""
    value = json.loads(path.read_text(encoding="utf-8"))
    return tuple(row["label"] for row in value["labels"])


def short_names(path: Path) -> dict[str, str]:
    """The ``shortDisplayName`` of the labels of a file in order that have one."""
    value = json.loads(path.read_text(encoding="utf-8"))
    rows = value["labels"]
    return {row["label"]: row[_SHORT] for row in rows if isinstance(row.get(_SHORT), str)}


def _check(value: Any, text: str, task: TaskType | None, found: Found) -> None:
    if not isinstance(value, dict):
        found.add("categories.shape", f"is {shown(value)}", hint=f"Write {_SHAPE}.")
        return
    version = value.get("document-version")
    if version not in VERSIONS:
        said = "has no document-version" if version is None else f"has version {shown(version)}"
        line, column = _place(text, "document-version")
        found.add("categories.version", said, line, column, f"Write {VERSIONS[0]!r}.")
    rows = value.get("labels")
    if not isinstance(rows, list):
        said = "has no labels" if rows is None else f"labels must be a list, not {shown(rows)}"
        found.add("categories.labels", said, *_place(text, "labels"), hint=f"Write {_SHAPE}.")
        return
    _count(len(rows), text, task, found)
    _each(rows, text, found)


def _count(count: int, text: str, task: TaskType | None, found: Found) -> None:
    place = _place(text, "labels")
    is_choice = task is None or "MultiClass" in task.name
    least = 2 if is_choice else 1
    if count < least:
        said = f"has {counted(count, 'label')}, and a choice needs {least}"
        found.add("categories.few", said, *place)
    elif task is not None and task.label_limit and count > task.label_limit:
        said = f"has {count} labels, and {task.name} takes {task.label_limit}"
        found.add("categories.many", said, *place)


def _each(rows: list[Any], text: str, found: Found) -> None:
    met: dict[str, int] = {}
    twice = 0
    for index, row in enumerate(rows):
        label = row.get("label") if isinstance(row, dict) else None
        if not isinstance(label, str) or not label.strip():
            said = f"labels[{index}] has no label"
            found.add(
                "categories.label", said, *_place(text, "labels"), hint=f"Write {_SHAPE}."
            )
            continue
        count = met[label] = met.get(label, 0) + 1
        if count > 1:
            twice += 1
            # Where those are that are not told costs a look through the file for each.
            place = _place(text, label, count) if twice <= TOLD else (1, 1)
            found.add("categories.duplicate", f"has the label {label!r:.80} twice", *place)


def _place(text: str, word: str, occurrence: int = 1) -> tuple[int, int]:
    """Line and column of the nth ``"word"`` in ``text``; its beginning where it is spelt so."""
    at = -1
    for _ in range(occurrence):
        at = text.find(json.dumps(word, ensure_ascii=False), at + 1)
    if at < 0:
        return 1, 1
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
