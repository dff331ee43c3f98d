"""A document with a ``matrix``, multiplied: one document for every combination of its axes.

An axis is a list of words, or of mappings with a ``name``. ``${axis}`` stands for the word,
``${axis.key}`` for what a mapping has at ``key``, and a mapping's ``spec`` is laid over that
of the document.
"""

from __future__ import annotations

import re
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.manifest.axes import DEFAULT_LIMIT, MAX_DOCUMENTS, Matrix, read_matrix
from sagectl.manifest.templates import Templates
from sagectl.manifest.wording import counted, shown

if TYPE_CHECKING:
    from sagectl.manifest.axes import Item, Say

KEY = "matrix"
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9]+")


class Instance(NamedTuple):
    """One document of many: its root node, and the combination it is for."""

    root: Any
    combination: str  # board=rasp4b, model=digits


def expanded(root: Any, key: Any, node: Any, say: Say) -> tuple[Instance, ...]:
    """The documents that ``root`` stands for; none, and findings, where it cannot be said."""
    matrix = read_matrix(node, say)
    if matrix is None:
        return ()
    bare = type(root)(
        root.tag,
        [pair for pair in root.value if pair[0].value != KEY],
        root.start_mark,
        root.end_mark,
    )
    templates = Templates(matrix.items, say)
    combinations = _combinations(matrix, key, say)
    if not templates.are_sound(bare) or combinations is None:
        return ()
    instances = tuple(_instance(bare, templates, item) for item in combinations)
    return () if _has_repeated(instances, say) else instances


def _combinations(matrix: Matrix, key: Any, say: Say) -> list[dict[str, Item]] | None:
    """What is to be made, in the order of the axes; None, and a finding, for too many."""
    axes = matrix.axes
    full = prod(len(items) for items in axes.values()) if axes else 0
    if full > MAX_DOCUMENTS:
        _refuse(full, MAX_DOCUMENTS, key, say)
        return None
    made: list[dict[str, Item]] = []
    if axes:
        made = [dict(zip(axes, items, strict=True)) for items in product(*axes.values())]
    for exclusion in matrix.exclude:
        left = [item for item in made if not exclusion.matches(item)]
        if len(left) == len(made):
            mark = exclusion.node.start_mark
            say("matrix.exclude", f"{KEY}.exclude", "leaves out nothing", mark, "Remove it.")
        made = left
    made += matrix.include
    limit = matrix.limit or DEFAULT_LIMIT
    if len(made) > limit:
        _refuse(len(made), limit, key, say)
        return None
    if not made:
        say("matrix.empty", KEY, "makes no document: all are excluded", key.start_mark, None)
        return None
    return made


def _refuse(count: int, limit: int, key: Any, say: Say) -> None:
    hint = f"Write fewer, or matrix.limit: {count}, which may be up to {MAX_DOCUMENTS}."
    said = f"makes {count} documents, and the limit is {limit}"
    say("matrix.limit", KEY, said, key.start_mark, hint if count <= MAX_DOCUMENTS else None)


def _instance(root: Any, templates: Templates, items: dict[str, Item]) -> Instance:
    pairs = []
    for key, node in root.value:
        made = node
        if key.value == "spec":
            made = templates.filled(node, items)
            for item in items.values():
                if (spec := item.fields.get("spec")) is not None:
                    made = _laid_over(made, templates.filled(spec, items))
        elif key.value == "name":
            made = templates.filled(node, items, _as_part_of_a_name)
        else:
            made = templates.filled(node, items)
        pairs.append((key, made))
    combination = ", ".join(f"{axis}={item.word}" for axis, item in items.items())
    made_root = type(root)(root.tag, pairs, root.start_mark, root.end_mark)
    return Instance(made_root, combination)


def _as_part_of_a_name(text: str) -> str:
    """``text`` with hyphens for what names do not take: targets have underscores."""
    return _NOT_IN_A_NAME.sub("-", text).strip("-")


def _laid_over(below: Any, above: Any) -> Any:
    """``above`` where it says something, ``below`` where it does not."""
    if below.id != "mapping" or above.id != "mapping":
        return above
    pairs = {str(key.value): (key, value) for key, value in below.value}
    for key, value in above.value:
        under = pairs.get(str(key.value))
        pairs[str(key.value)] = (key, value if under is None else _laid_over(under[1], value))
    return type(below)(below.tag, list(pairs.values()), below.start_mark, below.end_mark)


def _has_repeated(instances: tuple[Instance, ...], say: Say) -> bool:
    """Whether combinations make one and the same resource, which is said."""
    makers: dict[tuple[str, str], list[Instance]] = {}
    for instance in instances:
        makers.setdefault(_identity(instance), []).append(instance)
    repeated = [made for made in makers.values() if len(made) > 1]
    if not repeated:
        return False
    first, second, *more = repeated[0]
    name = next(value for key, value in first.root.value if key.value == "name")
    said = f"{shown(name.value)} is made by {first.combination}, by {second.combination}"
    said += f" and by {counted(len(more), 'other')}" if more else ""
    hint = f"Use every axis in the name: {_whole_name(first)}."
    say("matrix.repeated", "name", said, name.start_mark, hint)
    return True


def _identity(instance: Instance) -> tuple[str, str]:
    """Name and region; the combination where there is no name to speak of."""
    found = {key.value: value for key, value in instance.root.value if key.id == "scalar"}
    texts = [
        found[key].value if key in found and found[key].id == "scalar" else ""
        for key in ("name", "region")
    ]
    return (texts[0] or f"({instance.combination})", texts[1])


def _whole_name(instance: Instance) -> str:
    axes = (part.partition("=")[0] for part in instance.combination.split(", "))
    return "-".join(f"${{{axis}}}" for axis in axes)
