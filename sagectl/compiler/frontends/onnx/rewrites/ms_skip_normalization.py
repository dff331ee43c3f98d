"""onnxruntime's normalisation of a sum: SkipLayerNormalization and its simplified form."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> list[Value | None]:
    x, skip = node.required(0), node.required(1)
    is_simplified = node.op.startswith("SkipSimplified")
    beta = None if is_simplified else node.input(3)
    bias = node.input(3 if is_simplified else 4)
    total = pen.op("Add", x, skip)
    if bias is not None:
        total = pen.op("Add", total, bias)
    epsilon = node.attribute("epsilon", 1e-12)
    gamma = node.required(2)
    if is_simplified:
        y = pen.op("RMSNormalization", total, gamma, version=23, axis=-1, epsilon=epsilon)
    else:
        y = pen.op("LayerNormalization", total, gamma, beta, axis=-1, epsilon=epsilon)
    # The second and third output are statistics that inference leaves empty.
    return [y, None, None, total]
