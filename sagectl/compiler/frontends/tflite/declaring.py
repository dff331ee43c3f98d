"""Inputs as a TensorFlow Lite file declares them, read from its flatbuffer."""

from __future__ import annotations

import struct
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sagectl.compiler.frontends.signature import Declared

# Numbers of the schema's TensorType -> numpy's names.
_TYPES: Mapping[int, str] = MappingProxyType(
    {
        0: "float32",
        1: "float16",
        2: "int32",
        3: "uint8",
        4: "int64",
        5: "object",
        6: "bool",
        7: "int16",
        9: "int8",
        10: "float64",
        12: "uint64",
        15: "uint32",
        16: "uint16",
    }
)
# Which field of its table something is: the schema's Model, SubGraph and Tensor.
_SUBGRAPHS = 2
_TENSORS, _INPUTS = 0, 1
_SHAPE, _TYPE, _NAME, _SIGNATURE = 0, 1, 3, 7


def declared(path: Path) -> tuple[Declared, ...] | None:
    """The first graph's inputs; None for a file that is cut short or of another schema."""
    data = path.read_bytes()
    try:
        graph = _tables(data, _whole(data, 0), _SUBGRAPHS)[0]
        tensors = _tables(data, graph, _TENSORS)
        return tuple(_input(data, tensors[at]) for at in _wholes(data, graph, _INPUTS))
    except (struct.error, LookupError, ValueError):
        return None


def _input(data: bytes, tensor: int) -> Declared:
    place = _field(data, tensor, _TYPE)
    kind = data[place] if place else 0
    sizes = _wholes(data, tensor, _SIGNATURE) or _wholes(data, tensor, _SHAPE)
    start = _field(data, tensor, _NAME)
    start += _whole(data, start)
    name = data[start + 4 : start + 4 + _whole(data, start)].decode()
    return name, _TYPES[kind], [None if size < 0 else size for size in sizes]


def _whole(data: bytes, place: int) -> int:
    return int(struct.unpack_from("<i", data, place)[0])


def _field(data: bytes, table: int, number: int) -> int:
    """Where a table keeps a field; 0 where it leaves it at its default."""
    layout = table - _whole(data, table)
    (size,) = struct.unpack_from("<H", data, layout)
    at = 4 + 2 * number
    offset = struct.unpack_from("<H", data, layout + at)[0] if at < size else 0
    return table + offset if offset else 0


def _vector(data: bytes, table: int, number: int) -> tuple[int, int]:
    """Where the elements of a vector begin, and how many they are."""
    place = _field(data, table, number)
    if not place:
        return 0, 0
    start = place + _whole(data, place)
    count = _whole(data, start)
    if not 0 <= count <= (len(data) - start) // 4:
        raise ValueError("a vector is longer than the file")
    return start + 4, count


def _wholes(data: bytes, table: int, number: int) -> tuple[int, ...]:
    start, count = _vector(data, table, number)
    return struct.unpack_from(f"<{count}i", data, start)


def _tables(data: bytes, table: int, number: int) -> list[int]:
    start, count = _vector(data, table, number)
    places = range(start, start + 4 * count, 4)
    return [place + _whole(data, place) for place in places]
