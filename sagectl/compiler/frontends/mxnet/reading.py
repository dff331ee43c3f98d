"""MXNet's symbols as they are written, those of versions before 1.0 brought up to it."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sagectl.compiler.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    Entry = tuple[int, int]

VARIABLE = "null"
# Whole numbers as Python 2 wrote them into a tuple: (3L, 3L).
_LONG = re.compile(r"(?<=\d)L\b")
# Variables that were not written before 0.9, behind those that were: named after their node.
_IMPLIED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"BatchNorm": ("data", "gamma", "beta", "moving_mean", "moving_var")}
)


@dataclass(frozen=True, slots=True)
class Operation:
    """A node of a symbol: its operator, its name, its attributes as text, what it reads.

    What is read is the place of a node, and which of that node's outputs.
    """

    kind: str
    name: str
    attributes: Mapping[str, str]
    inputs: tuple[Entry, ...]

    def value(self, name: str, default: Any) -> Any:
        """An attribute's value: a number, a tuple, a truth value, or a word.

        ``None`` stands for the default.
        """
        written = self.attributes.get(name)
        if written is None:
            return default
        try:
            found = ast.literal_eval(_LONG.sub("", written))
        except (ValueError, SyntaxError):
            return {"true": True, "false": False}.get(written.lower(), written)
        return default if found is None else found

    def only(self, name: str, *known: Any) -> None:
        """Raise ValueError unless an attribute has its default, the first, or another known."""
        if (found := self.value(name, known[0])) not in known:
            raise ValueError(f"{name} is {found}")


def read_symbol(path: Path) -> tuple[list[Operation], list[Entry]]:
    """The nodes, each behind those that it reads, and which outputs are the symbol's own.

    Raises RequestError (reason "format").
    """
    try:
        document = json.loads(path.read_bytes())
        written = [_operation(each) for each in document["nodes"]]
        heads = [_entry(each) for each in document["heads"]]
        for at, each in enumerate(written):
            if not all(0 <= place < at for place, _ in each.inputs):
                raise ValueError(f"{each.name!r} reads what is not there before it")
        if not heads or not all(0 <= place < len(written) for place, _ in heads):
            raise ValueError("its heads are none of its nodes")
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise RequestError(
            f"{path.name} is no symbol of MXNet, or a damaged one ({error})",
            stage="import",
            reason="format",
            hint="Export it with: block.export('net'), or model.save_checkpoint.",
        ) from error
    return _completed(written, heads)


def _operation(node: Mapping[str, Any]) -> Operation:
    """Attributes were "param" beside "attr" before 0.9, "attr" before 1.0."""
    attributes: dict[str, str] = {}
    for key in ("param", "attr", "attrs"):
        attributes |= {str(name): str(value) for name, value in (node.get(key) or {}).items()}
    return Operation(
        kind=str(node["op"]),
        name=str(node["name"]),
        attributes=attributes,
        inputs=tuple(map(_entry, node["inputs"])),
    )


def _entry(written: Sequence[Any]) -> Entry:
    return int(written[0]), int(written[1])


def _completed(
    written: Sequence[Operation], heads: Sequence[Entry]
) -> tuple[list[Operation], list[Entry]]:
    """The same with the variables that old files leave out."""
    found: list[Operation] = []
    places: list[int] = []
    for each in written:
        inputs = [(places[place], output) for place, output in each.inputs]
        for name in _left_out(each):
            inputs.append((len(found), 0))
            found.append(Operation(VARIABLE, name, {}, ()))
        places.append(len(found))
        found.append(Operation(each.kind, each.name, each.attributes, tuple(inputs)))
    return found, [(places[place], output) for place, output in heads]


def _left_out(operation: Operation) -> Iterator[str]:
    for name in _IMPLIED.get(operation.kind, ())[len(operation.inputs) :]:
        yield f"{operation.name}_{name}"
