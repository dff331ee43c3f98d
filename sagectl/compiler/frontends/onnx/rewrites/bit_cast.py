"""BitCast as a reinterpretation of the bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    from onnx import helper
    from tvm import te, tirx

    from sagectl.compiler.frontends.onnx.graph import Unsupported

    x = node.required(0)
    wanted = helper.tensor_dtype_to_np_dtype(node.attribute("to"))
    if x.dtype is None or x.dtype.itemsize != wanted.itemsize:
        raise Unsupported(f"{x.dtype} and {wanted} differ in width")
    shape, name = pen.shape(x), wanted.name
    if "bool" in (x.dtype.name, name):
        return pen.cast(x, wanted)
    return pen.compute(
        "bit_cast",
        lambda t: te.compute(shape, lambda *at: tirx.reinterpret(name, t(*at))),
        x,
        dtype=wanted,
        shape=shape,
    )
