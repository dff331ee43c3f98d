"""ArgMax and ArgMin whose result is always a place, as where all elements are infinite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    import numpy as np

    x = node.required(0)
    shape = pen.shape(x)
    axis = node.attribute("axis", 0) % len(shape)
    made = list(shape)
    made[axis] = 1
    takes_last = bool(node.attribute("select_last_index", 0))
    reducer = _reducer(node.op, x.dtype, takes_last, shape[axis])
    place = pen.compute(
        node.op.lower(),
        lambda t: _placed(t, axis, made, reducer),
        x,
        dtype=np.int64,
        shape=made,
    )
    if x.dtype is not None and x.dtype.kind not in "iub":
        # Nothing is larger than a NaN in front; one elsewhere is larger than nothing.
        unordered = pen.op("IsNaN", pen.slice(x, axis, 0, 1))
        place = pen.op("Where", unordered, np.array(0, np.int64), place)
    if node.attribute("keepdims", 1):
        return place
    return pen.op("Squeeze", place, np.array([axis], np.int64))


def _placed(x: Any, axis: int, made: list[int], reducer: Any) -> Any:
    from tvm import te, tirx

    k = te.reduce_axis((0, int(x.shape[axis])), "k")

    def best(*at: Any) -> Any:
        element = x(*at[:axis], k, *at[axis + 1 :])
        return reducer((tirx.Cast("int64", k), element), axis=k)

    return te.compute(made, best, name="best")[0]


def _reducer(op: str, dtype: Any, takes_last: bool, count: int) -> Any:
    """Pairs of place and value; TVM's own starts at place -1, which ties may leave."""
    from tvm import te, tirx

    def combined(a: Any, b: Any) -> Any:
        is_better = b[1] > a[1] if op == "ArgMax" else b[1] < a[1]
        is_nearer = b[0] > a[0] if takes_last else b[0] < a[0]
        takes_b = tirx.any(is_better, tirx.all(b[1] == a[1], is_nearer))
        return tuple(tirx.Select(takes_b, new, old) for old, new in zip(a, b, strict=True))

    def start(place: Any, value: Any) -> Any:
        return (
            tirx.const(-1 if takes_last else count, place),
            tirx.const(_worst(op, dtype), value),
        )

    return te.comm_reducer(combined, start, name=op.lower())


def _worst(op: str, dtype: Any) -> Any:
    import numpy as np

    if dtype.kind not in "iu":
        return float("-inf") if op == "ArgMax" else float("inf")
    limits = np.iinfo(dtype)
    return limits.min if op == "ArgMax" else limits.max
