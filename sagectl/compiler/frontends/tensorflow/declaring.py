"""Inputs as a TensorFlow file declares them, read without TensorFlow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.compiler.frontends.archive import SAVED_MODEL
from sagectl.compiler.frontends.wire import (
    Message,
    entries,
    fields,
    messages,
    number_of,
    texts,
)

if TYPE_CHECKING:
    from pathlib import Path

    from sagectl.compiler.frontends.signature import Declared

DEFAULT = "serving_default"
# Numbers of types.proto's DataType -> numpy's names.
_TYPES = {
    1: "float32",
    2: "float64",
    3: "int32",
    4: "uint8",
    5: "int16",
    6: "int8",
    7: "object",
    9: "int64",
    10: "bool",
    17: "uint16",
    19: "float16",
    22: "uint32",
    23: "uint64",
}
# What a message holds at which number: saved_model.proto, meta_graph.proto, graph.proto,
# node_def.proto, tensor_shape.proto.
_META_GRAPHS, _SIGNATURES, _INPUTS, _DTYPE, _SHAPE = 2, 5, 1, 2, 3
_NODES, _NAME, _OPERATOR, _ATTRIBUTES = 1, 1, 2, 5
_ATTRIBUTE_TYPE, _ATTRIBUTE_SHAPE = 6, 7
_DIMENSIONS, _UNKNOWN_RANK, _SIZE = 2, 3, 1


def declared(path: Path) -> tuple[Declared, ...] | None:
    """The inputs of the signature that is compiled, or of a frozen graph's placeholders.

    None where TensorFlow itself has to tell: a file of text, signatures to choose among, a
    file that is none.
    """
    if path.suffix == ".pbtxt":
        return None
    try:
        whole = fields(path.read_bytes())
        return _of_signature(whole) if path.name in SAVED_MODEL else _of_placeholders(whole)
    except (ValueError, LookupError):
        return None


def _of_signature(whole: Message) -> tuple[Declared, ...] | None:
    signatures = {
        name: each
        for graph in messages(whole, _META_GRAPHS)
        for name, each in entries(graph, _SIGNATURES).items()
        if not name.startswith("__")
    }
    if DEFAULT not in signatures and len(signatures) != 1:
        return None
    chosen = signatures.get(DEFAULT) or next(iter(signatures.values()))
    return tuple(
        (name, _TYPES[number_of(tensor, _DTYPE)], _sizes(messages(tensor, _SHAPE)))
        for name, tensor in sorted(entries(chosen, _INPUTS).items())
    )


def _of_placeholders(whole: Message) -> tuple[Declared, ...] | None:
    found = []
    for node in messages(whole, _NODES):
        if texts(node, _OPERATOR) != ["Placeholder"]:
            continue
        attributes = entries(node, _ATTRIBUTES)
        dtype = number_of(attributes["dtype"], _ATTRIBUTE_TYPE)
        shape = messages(attributes.get("shape", {}), _ATTRIBUTE_SHAPE)
        found.append((texts(node, _NAME)[0], _TYPES[dtype], _sizes(shape)))
    return tuple(found) or None


def _sizes(shapes: list[Message]) -> list[int | None] | None:
    if not shapes or number_of(shapes[-1], _UNKNOWN_RANK):
        return None
    sizes = (number_of(each, _SIZE) for each in messages(shapes[-1], _DIMENSIONS))
    return [None if size < 0 else size for size in sizes]
