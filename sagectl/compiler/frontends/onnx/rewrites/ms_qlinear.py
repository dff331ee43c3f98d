"""onnxruntime's QLinear operators: dequantised, computed, requantised."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    return OPERATORS[node.op](node, pen)


def _real(node: Node, first: int, pen: Builder) -> Value:
    """The dequantised tensor whose value, scale and zero point start at input ``first``."""
    x, scale, zero = node.required(first), node.required(first + 1), node.input(first + 2)
    whole = pen.cast(x, "int32")
    if zero is not None:
        whole = pen.op("Sub", whole, pen.reshape(pen.cast(zero, "int32"), ()))
    return pen.op("Mul", pen.cast(whole, "float32"), pen.reshape(scale, ()))


def _quantised(y: Value, node: Node, first: int, pen: Builder) -> Value:
    """``y`` with the scale and zero point at inputs ``first`` and ``first + 1``."""
    import numpy as np

    scale, zero = node.required(first), node.input(first + 1)
    if zero is None:
        kind = node.required(0).dtype
        zero = pen.value(np.zeros((), kind if kind is not None else np.uint8))
    assert zero is not None
    return pen.op("QuantizeLinear", y, pen.reshape(scale, ()), pen.reshape(zero, ()))


def _binary(node: Node, pen: Builder) -> Value:
    operator = {"QLinearAdd": "Add", "QLinearMul": "Mul"}[node.op]
    return _quantised(pen.op(operator, _real(node, 0, pen), _real(node, 3, pen)), node, 6, pen)


def _unary(node: Node, pen: Builder) -> Value:
    x = _real(node, 0, pen)
    if node.op == "QLinearSigmoid":
        y = pen.op("Sigmoid", x)
    elif node.op == "QLinearLeakyRelu":
        y = pen.op("LeakyRelu", x, alpha=node.attribute("alpha", 0.01))
    else:
        # The operator set that Softmax had decides which: those before 13 take a matrix.
        opset = node.attribute("opset", 13)
        y = pen.op("Softmax", x, axis=node.attribute("axis", -1), version=opset)
    return _quantised(y, node, 3, pen)


def _pooled(node: Node, pen: Builder) -> Value:
    x = _real(node, 0, pen)
    rank = len(pen.shape(x))
    last = bool(node.attribute("channels_last", 0))
    if last:
        x = pen.transpose(x, [0, rank - 1, *range(1, rank - 1)])
    if node.op == "QLinearGlobalAveragePool":
        y = pen.op("GlobalAveragePool", x)
    else:
        y = _averaged(node, x, pen)
    if last:
        y = pen.transpose(y, [0, *range(2, rank), 1])
    return _quantised(y, node, 3, pen)


def _averaged(node: Node, x: Value, pen: Builder) -> Value:
    """The means under windows; padding that counts is zeros, also what ceil_mode adds."""
    import numpy as np

    from sagectl.compiler.frontends.onnx.rewrites.pooling import geometry

    if not node.attribute("count_include_pad", 0):
        names = ("auto_pad", "ceil_mode", "kernel_shape", "pads", "strides")
        return pen.op("AveragePool", x, **{name: node.attribute(name) for name in names})
    spatial = list(pen.shape(x)[2:])
    found = geometry(node, spatial)
    pads = np.array([0, 0, *found.before, 0, 0, *found.reach(spatial)], np.int64)
    padded = pen.op("Pad", x, pads, np.zeros((), np.float32))
    return pen.op("AveragePool", padded, kernel_shape=found.kernel, strides=found.strides)


def _concatenated(node: Node, pen: Builder) -> Value:
    import numpy as np

    parts = [_real(node, first, pen) for first in range(2, len(node.inputs), 3)]
    y = pen.concat(parts, node.attribute("axis"))
    zero = node.required(1)
    assert zero.dtype is not None
    return pen.op(
        "QuantizeLinear",
        y,
        pen.reshape(node.required(0), ()),
        pen.reshape(zero, ()) if zero is not None else np.zeros((), np.uint8),
    )


def _gemm(node: Node, pen: Builder) -> Value:
    """QGemm; without an output scale its result is real."""
    from sagectl.compiler.frontends.onnx.rewrites.quantisation import (
        along,
        centred,
        requantised,
    )

    a, a_scale, a_zero, b, b_scale, b_zero = map(node.required, range(6))
    transposed_b = bool(node.attribute("transB", 0))
    left = centred(a, pen.reshape(a_zero, ()), pen)
    right = centred(b, along(b_zero, 2, 0 if transposed_b else 1, pen), pen)
    if node.attribute("transA", 0):
        left = pen.transpose(left, (1, 0))
    if transposed_b:
        right = pen.transpose(right, (1, 0))
    total = pen.op("MatMul", left, right)
    bias = node.input(6)
    if bias is not None:
        total = pen.op("Add", total, bias)
    scale = pen.op("Mul", pen.reshape(a_scale, ()), along(b_scale, 2, 1, pen))
    scale = pen.op("Mul", scale, pen.scalar(node.attribute("alpha", 1.0), scale))
    if node.input(7) is None:
        return pen.op("Mul", pen.cast(total, "float32"), scale)
    return requantised(total, scale, node.required(7), node.required(8), pen)


OPERATORS = {
    "QGemm": _gemm,
    "QLinearAdd": _binary,
    "QLinearAveragePool": _pooled,
    "QLinearConcat": _concatenated,
    "QLinearGlobalAveragePool": _pooled,
    "QLinearLeakyRelu": _unary,
    "QLinearMul": _binary,
    "QLinearSigmoid": _unary,
    "QLinearSoftmax": _unary,
}
