"""onnxruntime's FusedMatMul and FusedGemm: transposes, a scale, an activation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    from sagectl.compiler.frontends.onnx.graph import Unsupported
    from sagectl.compiler.frontends.onnx.rewrites.activations import activated

    if node.op == "FusedGemm":
        names = ("alpha", "beta", "transA", "transB")
        attributes = {name: node.attribute(name) for name in names}
        return activated(node, pen.op("Gemm", *node.inputs, **attributes), pen)
    if node.attribute("transBatchA", 0) or node.attribute("transBatchB", 0):
        raise Unsupported("transBatchA and transBatchB")
    sides = []
    for value, flag in zip(node.inputs[:2], ("transA", "transB"), strict=True):
        assert value is not None
        rank = len(pen.shape(value))
        if node.attribute(flag, 0) and rank > 1:
            value = pen.transpose(value, [*range(rank - 2), rank - 1, rank - 2])
        sides.append(value)
    product = pen.op("MatMul", *sides)
    alpha = node.attribute("alpha", 1.0)
    return product if alpha == 1 else pen.op("Mul", product, pen.scalar(alpha, product))
