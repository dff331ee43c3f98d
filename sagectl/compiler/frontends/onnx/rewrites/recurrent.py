"""LSTM, GRU and RNN: short sequences written out step by step, longer ones as loops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.onnx.graph import Unsupported
from sagectl.compiler.frontends.onnx.rewrites.recurrence import looped

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value

# Each step written out costs some 75 ms of compile time in both directions.
MOST_STEPS = 16

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
ACTIVATIONS = {
    "LSTM": ["Sigmoid", "Tanh", "Tanh"],
    "GRU": ["Sigmoid", "Tanh"],
    "RNN": ["Tanh"],
}
# Those whose parameters have defaults in ONNX, with the attributes that override them.
PARAMETERS = {
    "LeakyRelu": ("alpha",),
    "ThresholdedRelu": ("alpha",),
    "HardSigmoid": ("alpha", "beta"),
    "Elu": ("alpha",),
    "Relu": (),
    "Sigmoid": (),
    "Softplus": (),
    "Softsign": (),
    "Tanh": (),
}


@dataclass(frozen=True, slots=True)
class Direction:
    """Weights and activations of one pass over the sequence."""

    kind: str
    hidden: int
    inputs: Value
    recurrence: Value
    recurrence_bias: Value | None
    peepholes: Value | None
    activations: list[tuple[str, dict[str, Any]]]
    clip: float | None
    couples: bool
    resets_first: bool


def rewritten(node: Node, pen: Builder) -> list[Value | None]:
    kind = node.op
    batch_first = bool(node.attribute("layout", 0))
    x = node.required(0)
    if batch_first:
        x = pen.transpose(x, (1, 0, 2))
    steps, batch, _ = pen.shape(x)
    count, _, hidden = pen.shape(node.required(2))
    lengths = _lengths(node, steps, pen)
    run = _run if steps <= MOST_STEPS else looped
    rows: list[Value] = []
    finals: list[tuple[Value, ...]] = []
    for index in range(count):
        backwards = index == 1 or node.attribute("direction", "forward") == "reverse"
        direction = _direction(node, x, index, count, pen)
        states = _initial(node, index, batch, hidden, batch_first, pen)
        outputs, final = run(direction, states, steps, lengths, backwards, pen)
        rows.append(outputs)
        finals.append(final)
    results: list[Value | None] = [pen.stack(rows, 1) if node.wants(0) else None]
    for place in range(2 if kind == "LSTM" else 1):
        results.append(pen.stack([final[place] for final in finals], 0))
    if batch_first:
        orders = [(2, 0, 1, 3), (1, 0, 2), (1, 0, 2)]
        results = [
            each and pen.transpose(each, order)
            for each, order in zip(results, orders, strict=False)
        ]
    return results


def _lengths(node: Node, steps: int, pen: Builder) -> Value | None:
    """Sequence lengths per batch entry; None where every sequence is full."""
    lengths = node.input(4)
    if lengths is None or (lengths.data is not None and (lengths.data >= steps).all()):
        return None
    return pen.reshape(lengths, (*pen.shape(lengths), 1))


def _direction(node: Node, x: Value, index: int, count: int, pen: Builder) -> Direction:
    kind = node.op
    gates, hidden = GATES[kind], pen.shape(node.required(2))[2]
    weights = pen.transpose(pen.pick(node.required(1), 0, index), (1, 0))
    inputs = pen.op("MatMul", x, weights)
    bias = node.input(3)
    recurrence_bias = None
    if bias is not None:
        row = pen.pick(bias, 0, index)
        inputs = pen.op("Add", inputs, pen.slice(row, 0, 0, gates * hidden))
        recurrence_bias = pen.slice(row, 0, gates * hidden, 2 * gates * hidden)
    peepholes = node.input(7) if kind == "LSTM" else None
    return Direction(
        kind,
        hidden,
        inputs,
        pen.transpose(pen.pick(node.required(2), 0, index), (1, 0)),
        recurrence_bias,
        None if peepholes is None else pen.pick(peepholes, 0, index),
        _activations(node, index, count),
        node.attribute("clip"),
        bool(node.attribute("input_forget", 0)),
        bool(node.attribute("linear_before_reset", 0)),
    )


def _activations(node: Node, index: int, count: int) -> list[tuple[str, dict[str, Any]]]:
    """Operators of this direction's gates with their attributes."""
    names = node.attribute("activations") or ACTIVATIONS[node.op] * count
    given = {
        "alpha": list(node.attribute("activation_alpha") or []),
        "beta": list(node.attribute("activation_beta") or []),
    }
    spelling = {name.lower(): name for name in PARAMETERS}
    chosen = []
    for name in names:
        if name.lower() not in spelling:
            raise Unsupported(f"activation {name}")
        operator = spelling[name.lower()]
        # Parameters are listed for those activations that have them, in order.
        attributes = {
            parameter: given[parameter].pop(0)
            for parameter in PARAMETERS[operator]
            if given[parameter]
        }
        chosen.append((operator, attributes))
    per_direction = len(chosen) // count
    return chosen[index * per_direction : (index + 1) * per_direction]


def _initial(
    node: Node, index: int, batch: int, hidden: int, batch_first: bool, pen: Builder
) -> tuple[Value, ...]:
    import numpy as np

    states = []
    for place in (5, 6) if node.op == "LSTM" else (5,):
        given = node.input(place)
        if given is None:
            zeros = pen.value(np.zeros((batch, hidden), node.required(0).dtype))
            assert zeros is not None
            states.append(zeros)
        else:
            states.append(pen.pick(given, 1 if batch_first else 0, index))
    return tuple(states)


def _run(
    direction: Direction,
    states: tuple[Value, ...],
    steps: int,
    lengths: Value | None,
    backwards: bool,
    pen: Builder,
) -> tuple[Value, tuple[Value, ...]]:
    """The hidden state of every step, by position in the sequence, and the last states."""
    import numpy as np

    outputs: dict[int, Value] = {}
    for step in range(steps - 1, -1, -1) if backwards else range(steps):
        row = pen.pick(direction.inputs, 0, step)
        after = CELLS[direction.kind](direction, row, states, pen)
        output = after[0]
        if lengths is not None:
            # Past its length a sequence keeps its state and yields zeros.
            is_inside = pen.op("Greater", lengths, np.array(step, lengths.dtype))
            output = pen.op("Where", is_inside, output, pen.scalar(0, output))
            after = tuple(
                pen.op("Where", is_inside, new, old)
                for new, old in zip(after, states, strict=True)
            )
        states = after
        outputs[step] = output
    return pen.stack([outputs[step] for step in range(steps)], 0), states


def _gate(direction: Direction, place: int, x: Value, pen: Builder) -> Value:
    """The activation at ``place`` over ``x``, clipped before."""
    if direction.clip:
        low, high = pen.scalar(-direction.clip, x), pen.scalar(direction.clip, x)
        x = pen.op("Max", pen.op("Min", x, high), low)
    operator, attributes = direction.activations[place]
    return pen.op(operator, x, **attributes)


def _parts(x: Value, hidden: int, count: int, pen: Builder) -> list[Value]:
    last = len(pen.shape(x)) - 1
    return [pen.slice(x, last, k * hidden, (k + 1) * hidden) for k in range(count)]


def _recurred(direction: Direction, row: Value, state: Value, pen: Builder) -> Value:
    sums = pen.op("Add", row, pen.op("MatMul", state, direction.recurrence))
    bias = direction.recurrence_bias
    return sums if bias is None else pen.op("Add", sums, bias)


def _rnn(
    d: Direction, row: Value, states: tuple[Value, ...], pen: Builder
) -> tuple[Value, ...]:
    return (_gate(d, 0, _recurred(d, row, states[0], pen), pen),)


def _lstm(
    d: Direction, row: Value, states: tuple[Value, ...], pen: Builder
) -> tuple[Value, ...]:
    state, cell = states
    i, o, f, c = _parts(_recurred(d, row, state, pen), d.hidden, 4, pen)
    peeks = _parts(d.peepholes, d.hidden, 3, pen) if d.peepholes is not None else None
    if peeks is not None:
        i = pen.op("Add", i, pen.op("Mul", peeks[0], cell))
        f = pen.op("Add", f, pen.op("Mul", peeks[2], cell))
    i = _gate(d, 0, i, pen)
    f = pen.op("Sub", pen.scalar(1, i), i) if d.couples else _gate(d, 0, f, pen)
    fresh = pen.op("Mul", i, _gate(d, 1, c, pen))
    cell = pen.op("Add", pen.op("Mul", f, cell), fresh)
    if peeks is not None:
        o = pen.op("Add", o, pen.op("Mul", peeks[1], cell))
    shown = pen.op(d.activations[2][0], cell, **d.activations[2][1])
    return pen.op("Mul", _gate(d, 0, o, pen), shown), cell


def _gru(
    d: Direction, row: Value, states: tuple[Value, ...], pen: Builder
) -> tuple[Value, ...]:
    (state,) = states
    size = d.hidden
    width = pen.slice(d.recurrence, 1, 0, 2 * size)
    sums = pen.op("Add", pen.slice(row, 1, 0, 2 * size), pen.op("MatMul", state, width))
    bias = d.recurrence_bias
    if bias is not None:
        sums = pen.op("Add", sums, pen.slice(bias, 0, 0, 2 * size))
    z, r = (_gate(d, 0, each, pen) for each in _parts(sums, size, 2, pen))
    candidate = pen.slice(d.recurrence, 1, 2 * size, 3 * size)
    base = state if d.resets_first else pen.op("Mul", r, state)
    part = pen.op("MatMul", base, candidate)
    if bias is not None:
        part = pen.op("Add", part, pen.slice(bias, 0, 2 * size, 3 * size))
    if d.resets_first:
        part = pen.op("Mul", r, part)
    new = _gate(d, 1, pen.op("Add", pen.slice(row, 1, 2 * size, 3 * size), part), pen)
    fresh = pen.op("Mul", pen.op("Sub", pen.scalar(1, z), z), new)
    return (pen.op("Add", fresh, pen.op("Mul", z, state)),)


CELLS = {"RNN": _rnn, "LSTM": _lstm, "GRU": _gru}
