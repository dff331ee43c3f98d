"""A recurrent layer's pass over a long sequence as one loop nest.

Written out, each time step costs compile time; a loop costs the same for any length. The
products with the inputs are outside it, so the loop holds what needs the step before: the
product with the state, panel by panel in vector registers, then the gates element by element.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.onnx.rewrites.gates import CELLS, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Value
    from sagectl.compiler.frontends.onnx.rewrites.recurrent import Direction

    Row = Callable[[Any, Any], Any]

# One vector of the widest registers there are; narrower ones take it in parts.
LANES = 16
# Vectors of a panel: as many sums as even 16 narrow registers hold.
VECTORS = 2
PANEL = LANES * VECTORS


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass over the sequence, in sizes.

    Its tensor is ``[steps + states, batch, hidden]``: the state after each step, by position
    in the sequence, then the last states, which are the working ones meanwhile.
    """

    direction: Direction
    steps: int
    batch: int
    is_backwards: bool
    has_lengths: bool
    dtype: str

    @property
    def hidden(self) -> int:
        return self.direction.hidden

    @property
    def states(self) -> int:
        return 2 if self.direction.kind == "LSTM" else 1


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
        *(_panels(part, pen) for part in _parts(direction, pen)),
        dtype=kind,
        shape=(steps + given.states, batch, hidden),
    )
    finals = tuple(pen.pick(made, 0, steps + place) for place in range(given.states))
    return pen.slice(made, 0, 0, steps), finals


def _parts(direction: Direction, pen: Builder) -> list[Value]:
    """The recurrence weights, a GRU's candidate apart: it waits for the reset gate."""
    weights = direction.recurrence
    if direction.kind != "GRU":
        return [weights]
    size = direction.hidden
    return [pen.slice(weights, 1, 0, 2 * size), pen.slice(weights, 1, 2 * size, 3 * size)]


def _panels(weights: Value, pen: Builder) -> Value:
    """``[rows, columns]`` as ``[panels, rows, PANEL]``, filled up with zeros."""
    import numpy as np

    rows, columns = pen.shape(weights)
    missing = -columns % PANEL
    if missing:
        weights = pen.op("Concat", weights, np.zeros((rows, missing), weights.dtype), axis=1)
    count = (columns + missing) // PANEL
    return pen.transpose(pen.reshape(weights, (rows, count, PANEL)), (1, 0, 2))


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
            sums = [_scratch(given, part) for part in weights]
            with T.grid(given.states, given.batch, given.hidden) as (place, entry, unit):
                state[given.steps + place, entry, unit] = initial[place, entry, unit]
            with T.serial(0, given.steps) as count:
                at = given.steps - 1 - count if given.is_backwards else count
                step = Step(given, at, inputs, state, sums, bias, peepholes, lengths)
                CELLS[given.direction.kind](step, weights)
        return builder.get()


def _scratch(given: Pass, weights: Any) -> Any:
    from tvm.script.ir_builder import tirx as T  # noqa: N812

    columns = int(weights.shape[0]) * PANEL
    return T.buffer_proxy(T.alloc_buffer((given.batch, columns), given.dtype))


def write_product(given: Pass, row: Row, weights: Any, sums: Any) -> None:
    """Write ``sums[entry] = row(entry, :) @ weights``, a panel's sums kept in registers."""
    from tvm.script.ir_builder import tirx as T  # noqa: N812
    from tvm.tirx import const

    with T.grid(int(weights.shape[0]), given.batch) as (panel, entry):
        kept = T.buffer_proxy(T.alloc_buffer((PANEL,), given.dtype, scope="local"))
        with T.unroll(0, VECTORS) as part, T.vectorized(0, LANES) as lane:
            kept[part * LANES + lane] = const(0, given.dtype)
        with (
            T.serial(0, given.hidden) as unit,
            T.unroll(0, VECTORS) as part,
            T.vectorized(0, LANES) as lane,
        ):
            at = part * LANES + lane
            kept[at] = kept[at] + row(entry, unit) * weights[panel, unit, at]
        with T.unroll(0, VECTORS) as part, T.vectorized(0, LANES) as lane:
            sums[entry, panel * PANEL + part * LANES + lane] = kept[part * LANES + lane]
