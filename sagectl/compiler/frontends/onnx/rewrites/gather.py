"""Gather that never reads outside its data, whatever the indices are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    import numpy as np

    from sagectl.compiler.frontends.onnx.graph import Unsupported

    x, indices = node.required(0), node.required(1)
    assert x.dtype is not None
    shape, places = pen.shape(x), pen.shape(indices)
    axis = node.attribute("axis", 0) % len(shape)
    size, rank = shape[axis], len(places)
    if indices.data is not None:
        numbers = indices.data.astype(np.int64)
        if numbers.size and (numbers.min() < -size or numbers.max() >= size):
            raise Unsupported(f"an index is out of range for size {size}")
        positive = np.where(numbers < 0, numbers + size, numbers).astype(np.int32)
        indices = pen.constant(positive)
    is_known = indices.data is not None

    def place(index: Any) -> Any:
        if is_known:
            return index
        from tvm import tirx

        # onnxruntime refuses a run with such an index; compiled code stays inside its data.
        wrapped = tirx.Select(index < 0, index + size, index)
        return tirx.max(tirx.min(wrapped, size - 1), 0)

    def element(x: Any, indices: Any, at: tuple[Any, ...]) -> Any:
        index = place(indices(*at[axis : axis + rank]))
        return x(*at[:axis], index, *at[axis + rank :])

    made = (*shape[:axis], *places, *shape[axis + 1 :])

    def tensor(x: Any, indices: Any) -> Any:
        from tvm import te

        return te.compute(made, lambda *at: element(x, indices, at))

    return pen.compute(
        "gather",
        tensor,
        x,
        indices,
        dtype=x.dtype,
        shape=made,
    )
