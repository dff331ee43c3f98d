"""A recurrent layer's pass over a long sequence as one loop nest.

Written out, each time step costs compile time; a loop costs the same for any length. The
products with the inputs are outside it, so the loop holds what needs the step before: for a
few units at a time their products with the state, in vector registers, then their gates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.onnx.rewrites.gates import CELLS
from sagectl.compiler.frontends.onnx.rewrites.steps import (
    LANES,
    PARTS,
    VECTORS,
    Pass,
    Step,
    launched,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Value
    from sagectl.compiler.frontends.onnx.rewrites.recurrent import Direction


def looped(
    direction: Direction,
    states: tuple[Value, ...],
    steps: int,
    lengths: Value | None,
    is_backwards: bool,
    pen: Builder,
) -> tuple[Value, tuple[Value, ...]]:
    """The hidden state of every step, by position in the sequence, and the last states."""
    import numpy as np

    batch, hidden = pen.shape(states[0])
    kind = states[0].dtype
    given = Pass(
        direction,
        steps,
        batch,
        is_backwards,
        lengths is not None,
        "float64" if str(kind) == "float64" else "float32",
    )
    bias, peepholes = direction.recurrence_bias, direction.peepholes
    made = pen.compute(
        direction.kind.lower(),
        lambda *tensors: _tensor(given, tensors),
        direction.inputs,
        pen.stack(list(states), 0),
        np.zeros(1, kind) if bias is None else bias,
        np.zeros(1, kind) if peepholes is None else peepholes,
        np.zeros((batch, 1), np.int32) if lengths is None else lengths,
        *_panels(direction, pen),
        dtype=kind,
        shape=(steps + given.states, batch, hidden),
    )
    finals = tuple(pen.pick(made, 0, steps + place) for place in range(given.states))
    return pen.slice(made, 0, 0, steps), finals


def _panels(direction: Direction, pen: Builder) -> Iterator[Value]:
    """The recurrence weights of gates that go together, ``[panels, rows, gates * units]``."""
    size, first = direction.hidden, 0
    for gates in PARTS[direction.kind]:
        part = pen.slice(direction.recurrence, 1, first * size, (first + gates) * size)
        yield _panelled(pen.reshape(part, (size, gates, size)), pen)
        first += gates


def _panelled(weights: Value, pen: Builder) -> Value:
    """``[rows, gates, units]`` dealt out to panels of whole vectors, filled up with zeros."""
    import numpy as np

    rows, gates, units = pen.shape(weights)
    width = LANES * min(VECTORS // gates, -(-units // LANES))
    missing = -units % width
    if missing:
        zeros = np.zeros((rows, gates, missing), weights.dtype)
        weights = pen.op("Concat", weights, zeros, axis=2)
    count = (units + missing) // width
    dealt = pen.transpose(pen.reshape(weights, (rows, gates, count, width)), (2, 0, 1, 3))
    return pen.reshape(dealt, (count, rows, gates * width))


def _tensor(given: Pass, tensors: Sequence[Any]) -> Any:
    from tvm import te
    from tvm.tirx import decl_buffer

    shape = (given.steps + given.states, given.batch, given.hidden)
    return te.extern(
        [shape],
        list(tensors),
        lambda ins, outs: _nest(given, ins, outs[0]),
        dtype=given.dtype,
        out_buffers=[decl_buffer(shape, given.dtype, "states")],
        name="recurrence",
    )


def _nest(given: Pass, operands: Sequence[Any], made: Any) -> Any:
    from tvm.script.ir_builder import IRBuilder
    from tvm.script.ir_builder import tirx as T  # noqa: N812 - the name in all of TVM

    # The builder wants one statement around all; a loop of one round leaves no trace.
    with IRBuilder() as builder:
        with T.serial(0, 1):
            inputs, initial, bias, peepholes, lengths, *weights = map(T.buffer_proxy, operands)
            state = T.buffer_proxy(made)
            # The hidden state before a step and after it, by turns: while one thread writes
            # its units, another still reads all of those before.
            shape = (given.batch, given.hidden)
            hidden = T.buffer_proxy(T.alloc_buffer((2, *shape), given.dtype))
            kept = [T.buffer_proxy(T.alloc_buffer(shape, given.dtype)) for _ in weights[1:] * 2]
            with T.grid(*shape) as (entry, unit):
                hidden[0, entry, unit] = initial[0, entry, unit]
                for place in range(1, given.states):
                    state[given.steps + place, entry, unit] = initial[place, entry, unit]
            with launched(given), T.serial(0, given.steps) as count:
                at = given.steps - 1 - count if given.is_backwards else count
                step = Step(
                    given,
                    count,
                    at,
                    inputs,
                    weights,
                    state,
                    hidden,
                    kept,
                    bias,
                    peepholes,
                    lengths,
                )
                CELLS[given.direction.kind](step)
            with T.grid(*shape) as (entry, unit):
                state[given.steps, entry, unit] = hidden[given.steps % 2, entry, unit]
        return builder.get()
