"""The activation that onnxruntime's fused operators end with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.compiler.frontends.onnx.graph import Unsupported

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value

# Activation -> the names of its parameters, in the order of activation_params.
PARAMETERS = {
    "": (),
    "Clip": ("min", "max"),
    "HardSigmoid": ("alpha", "beta"),
    "LeakyRelu": ("alpha",),
    "Relu": (),
    "Sigmoid": (),
    "Tanh": (),
}


def activated(node: Node, y: Value, pen: Builder) -> Value:
    """``y`` through the node's ``activation``, if it has one."""
    name = node.attribute("activation", "")
    if name not in PARAMETERS:
        raise Unsupported(f"activation {name}")
    if not name:
        return y
    given = node.attribute("activation_params") or _separate(node)
    if name == "Clip":
        return pen.op("Clip", y, pen.scalar(given[0], y), pen.scalar(given[1], y))
    return pen.op(name, y, **dict(zip(PARAMETERS[name], given, strict=False)))


def _separate(node: Node) -> list[float]:
    """The parameters as FusedGemm has them, each an attribute of its own."""
    named = (node.attribute(f"activation_{each}") for each in ("alpha", "beta", "gamma"))
    return [each for each in named if each is not None]
