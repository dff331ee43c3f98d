"""TensorScatter: an update written into a cache at each entry's own position."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    from tvm import te, tirx

    past, update, places = node.required(0), node.required(1), node.input(2)
    assert past.dtype is not None
    shape = pen.shape(past)
    axis = node.attribute("axis", -2) % len(shape)
    size, count = shape[axis], pen.shape(update)[axis]
    is_circular = node.attribute("mode", "linear") == "circular"

    def element(past: Any, update: Any, start: Any, at: tuple[Any, ...]) -> Any:
        offset = at[axis] - start
        if is_circular:
            offset = tirx.floormod(offset, size)
        is_new = tirx.all(offset >= 0, offset < count)
        inside = tirx.max(tirx.min(offset, count - 1), 0)
        new = update(*at[:axis], inside, *at[axis + 1 :])
        return tirx.if_then_else(is_new, new, past(*at))

    if places is None:
        return pen.compute(
            "tensor_scatter",
            lambda p, u: te.compute(shape, lambda *at: element(p, u, 0, at)),
            past,
            update,
            dtype=past.dtype,
            shape=shape,
        )
    return pen.compute(
        "tensor_scatter",
        lambda p, u, s: te.compute(
            shape, lambda *at: element(p, u, s(at[0]).astype("int32"), at)
        ),
        past,
        update,
        places,
        dtype=past.dtype,
        shape=shape,
    )
