"""The places of the elements that a condition keeps, in order: as many as a run finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Value


def kept_places(flags: Value, pen: Builder) -> Value:
    """The indices of what is true in ``flags``, a vector; zeros follow beyond their number."""
    import numpy as np

    (count,) = pen.shape(flags)
    made = pen.compute(
        "places",
        lambda given: _tensor(given, count),
        pen.cast(flags, np.bool_),
        dtype=np.int64,
        shape=(count + 1,),
    )
    return pen.sized(pen.slice(made, 0, 0, count), {0: pen.pick(made, 0, count)})


def _tensor(flags: Any, count: int) -> Any:
    from tvm import te
    from tvm.tirx import decl_buffer

    shape = (count + 1,)
    return te.extern(
        [shape],
        [flags],
        lambda ins, outs: _nest(count, ins[0], outs[0]),
        dtype="int64",
        out_buffers=[decl_buffer(shape, "int64", "places")],
        name="compaction",
    )


def _nest(count: int, operand: Any, made: Any) -> Any:
    """The places, and after the last of all that there may be, their number."""
    from tvm.script.ir_builder import IRBuilder
    from tvm.script.ir_builder import tirx as T  # noqa: N812 - the name in all of TVM
    from tvm.tirx import Cast, const

    with IRBuilder() as builder:
        with T.serial(0, 1):
            flags, places = T.buffer_proxy(operand), T.buffer_proxy(made)
            with T.serial(0, count + 1) as place:
                places[place] = const(0, "int64")
            with T.serial(0, count) as place, T.If(flags[place]), T.Then():
                found = places[count]
                places[found] = Cast("int64", place)
                places[count] = places[count] + const(1, "int64")
        return builder.get()
