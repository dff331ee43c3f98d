"""onnxruntime's integer products that come out real."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    from sagectl.compiler.frontends.onnx.rewrites.quantisation import along, centred

    if node.op == "DynamicQuantizeMatMul":
        a, b, b_scale = node.required(0), node.required(1), node.required(2)
        b_zero, bias = node.input(3), node.input(4)
        whole, a_scale, a_zero = pen.ops("DynamicQuantizeLinear", a, outputs=3)
    else:
        whole, b, a_scale, b_scale = map(node.required, range(4))
        a_zero_given, b_zero, bias = node.input(4), node.input(5), node.input(6)
        a_zero = a_zero_given if a_zero_given is not None else pen.value(0)  # type: ignore[assignment]
    a_rank, b_rank = len(pen.shape(whole)), len(pen.shape(b))
    product = pen.op(
        "MatMul",
        centred(whole, along(a_zero, a_rank, -2, pen), pen),
        centred(b, b_zero and along(b_zero, b_rank, -1, pen), pen),
    )
    rank = len(pen.shape(product))
    scale = pen.op("Mul", along(a_scale, rank, -2, pen), along(b_scale, rank, -1, pen))
    y = pen.op("Mul", pen.cast(product, "float32"), scale)
    return y if bias is None else pen.op("Add", y, bias)
