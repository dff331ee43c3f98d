"""CONVERTERS: operators imported by our own code, where TVM's converter is missing or wrong."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from sagectl.compiler.frontends.onnx.graph import Node

    # (node, relax expressions of its inputs, block builder) -> relax expression(s).
    Converter = Callable[[Node, list[Any], Any], Any]

# Operator of the default domain -> module of this package with converted(node, inputs, bb)
# and CONSTANT, the inputs whose values it needs.
CONVERTERS: dict[str, str] = {}


def converter_of(node: Node) -> Converter | None:
    """Our own converter for the node's operator, if there is one."""
    if node.domain or node.op not in CONVERTERS:
        return None
    converter: Converter = import_module(f"{__name__}.{CONVERTERS[node.op]}").converted
    return converter


def constant_inputs(node: Node, default: tuple[int, ...]) -> tuple[int, ...]:
    """Positions of the inputs whose values the conversion needs."""
    if node.domain or node.op not in CONVERTERS:
        return default
    positions: tuple[int, ...] = import_module(f"{__name__}.{CONVERTERS[node.op]}").CONSTANT
    return positions
