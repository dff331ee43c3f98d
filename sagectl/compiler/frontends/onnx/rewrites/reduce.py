"""Reductions over nothing, and Max and Min of booleans, which TVM lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value | None:
    import numpy as np

    x = node.required(0)
    assert x.dtype is not None
    shape = pen.shape(x)
    axes = axes_of(node, len(shape), pen)
    keeps = bool(node.attribute("keepdims", 1))
    if not axes:
        # Over no axis the reduction of one element remains: ReduceL1 is still Abs.
        return _of_each(node, x, pen)
    if any(shape[axis] == 0 for axis in axes):
        made = [1 if axis in axes else size for axis, size in enumerate(shape)]
        if not keeps:
            made = [size for axis, size in enumerate(made) if axis not in axes]
        return pen.value(np.full(made, _neutral(node.op, x.dtype), x.dtype))
    if x.dtype == np.bool_ and node.op in ("ReduceMax", "ReduceMin"):
        return pen.cast(pen.reduce(node.op, pen.cast(x, "int8"), axes, keeps), "bool")
    if x.dtype.kind == "f" and node.op in ("ReduceMax", "ReduceMin"):
        return _extreme(node.op, x, axes, keeps, pen)
    if node.op in ("ReduceL1", "ReduceSumSquare", "ReduceL2") and x.dtype.kind in "iu":
        return _integer(node.op, x, axes, keeps, pen)
    return None


def axes_of(node: Node, rank: int, pen: Builder) -> list[int]:
    """The axes to reduce; none given means all, unless the node says that it means none."""
    given = node.input(1)
    axes = node.attribute("axes") if given is None else pen.known(given, "the axes").tolist()
    if not axes:
        return [] if node.attribute("noop_with_empty_axes", 0) else list(range(rank))
    return sorted(axis % rank for axis in axes)


def _of_each(node: Node, x: Value, pen: Builder) -> Value:
    match node.op:
        case "ReduceL1" | "ReduceL2":
            return pen.op("Abs", x)
        case "ReduceSumSquare":
            return pen.op("Mul", x, x)
        case "ReduceLogSum":
            return pen.op("Log", x)
        case _:
            return x


def _neutral(op: str, dtype: Any) -> Any:
    import numpy as np

    if op in ("ReduceMax", "ReduceMin"):
        if dtype == np.bool_:
            return op == "ReduceMin"
        if dtype.kind in "iu":
            limits = np.iinfo(dtype)
            return limits.min if op == "ReduceMax" else limits.max
        return -np.inf if op == "ReduceMax" else np.inf
    if op == "ReduceMean":
        return np.nan
    if op in ("ReduceLogSum", "ReduceLogSumExp"):
        return -np.inf
    return 1 if op == "ReduceProd" else 0


def _integer(op: str, x: Value, axes: list[int], keeps: bool, pen: Builder) -> Value:
    if op == "ReduceL1":
        return pen.reduce("ReduceSum", pen.op("Abs", x), axes, keeps)
    total = pen.reduce("ReduceSum", pen.op("Mul", x, x), axes, keeps)
    if op == "ReduceSumSquare":
        return total
    return pen.cast(pen.op("Sqrt", pen.cast(total, "float64")), x.dtype)


def _extreme(op: str, x: Value, axes: list[int], keeps: bool, pen: Builder) -> Value:
    """The largest or smallest element, infinities included: TVM starts at a finite one."""
    from tvm import te, tirx

    shape = pen.shape(x)
    is_max = op == "ReduceMax"
    start = float("-inf") if is_max else float("inf")
    pick = tirx.max if is_max else tirx.min
    reducer = te.comm_reducer(
        lambda a, b: pick(a, b), lambda dtype: tirx.const(start, dtype), name=op.lower()
    )
    kept = [axis for axis in range(len(shape)) if axis not in axes]
    made = [1 if axis in axes else size for axis, size in enumerate(shape)]
    if not keeps:
        made = [shape[axis] for axis in kept]

    def expression(x: Any) -> Any:
        ranges = {axis: te.reduce_axis((0, shape[axis]), f"k{axis}") for axis in axes}

        def element(*at: Any) -> Any:
            outer = dict(enumerate(at)) if keeps else dict(zip(kept, at, strict=True))
            where = [ranges.get(axis, outer.get(axis)) for axis in range(len(shape))]
            return reducer(x(*where), axis=list(ranges.values()))

        return te.compute(made, element)

    return pen.compute(op.lower(), expression, x, dtype=x.dtype, shape=made)
