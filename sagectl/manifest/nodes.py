"""What sagectl relies on of a YAML node, whichever parser made it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

# YAML 1.2's core schema; only plain scalars are read by it.
NULLS = frozenset(("", "~", "null", "Null", "NULL"))
BOOLEANS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,99})")
FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
MAX_DEPTH = 64


class Mark(Protocol):
    """A place in a file, lines and columns counted from 0."""

    line: int
    column: int


class Node(Protocol):
    """A scalar, a sequence or a mapping; scalars have a ``style``, empty if unquoted."""

    id: str
    tag: str
    value: Any
    start_mark: Mark


class TooDeepError(ValueError):
    """A value is nested beyond what any field of the service is."""


def is_plain(node: Any) -> bool:
    """Whether ``node`` is a scalar that carries no quotes (nor is a block of text)."""
    return node.id == "scalar" and not node.style


def is_null(node: Any) -> bool:
    return is_plain(node) and node.value in NULLS


def core_value(node: Any, depth: int = 0) -> Any:
    """``node`` as YAML 1.2's core schema reads it, keys kept as text in their order.

    A repeated key keeps its last value. Raises TooDeepError.
    """
    if node.id == "scalar":
        return node.value if node.style else core_scalar(node.value)
    if depth == MAX_DEPTH:
        raise TooDeepError
    if node.id == "sequence":
        return [core_value(item, depth + 1) for item in node.value]
    return {str(key.value): core_value(item, depth + 1) for key, item in node.value}


def outline(node: Any) -> Any:
    """``core_value`` without the contents of lists and mappings, for saying what was found."""
    if node.id == "scalar":
        return node.value if node.style else core_scalar(node.value)
    return [] if node.id == "sequence" else {}


def repeated_keys(node: Any) -> Iterator[Any]:
    """The keys below ``node`` that their mapping has met before."""
    if node.id == "sequence":
        for item in node.value:
            yield from repeated_keys(item)
    elif node.id == "mapping":
        met = set()
        for key, item in node.value:
            if key.id == "scalar" and key.value in met:
                yield key
            met.add(str(key.value))
            yield from repeated_keys(item)


def core_scalar(text: str) -> Any:
    """What an unquoted scalar stands for: null, a boolean, a number or its own text."""
    if text in NULLS:
        return None
    if text in BOOLEANS:
        return BOOLEANS[text]
    if INTEGER.fullmatch(text):
        return int(text)
    if FLOAT.fullmatch(text) and not text.isdecimal():
        return float(text)
    return text
