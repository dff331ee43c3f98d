"""ReverseSequence as a gather with mirrored positions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    from tvm import te, tirx

    x, lengths = node.required(0), node.required(1)
    assert x.dtype is not None
    shape = pen.shape(x)
    batch, time = node.attribute("batch_axis", 1), node.attribute("time_axis", 0)

    def element(x: Any, lengths: Any, at: tuple[Any, ...]) -> Any:
        step, length = at[time], lengths(at[batch]).astype("int32")
        # A length beyond the sequence ends with it.
        length = tirx.min(length, shape[time])
        source = tirx.Select(step < length, length - 1 - step, step)
        return x(*at[:time], source, *at[time + 1 :])

    return pen.compute(
        "reverse_sequence",
        lambda x, lengths: te.compute(shape, lambda *at: element(x, lengths, at)),
        x,
        lengths,
        dtype=x.dtype,
        shape=shape,
    )
