"""The cells of recurrent layers as expressions of TVM, for one step of a loop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes.nests import elementary

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sagectl.compiler.frontends.onnx.rewrites.recurrence import Pass


@dataclass(frozen=True, slots=True)
class Step:
    """One step at position ``at``, over buffers that are indexed in all their dimensions.

    ``sums`` are the products with the state, one for each part of the weights.
    """

    given: Pass
    at: Any
    inputs: Any
    state: Any
    sums: list[Any]
    bias: Any
    peepholes: Any
    lengths: Any

    def kept(self, place: int, entry: Any, unit: Any) -> Any:
        """The working state: 0 is the hidden one, 1 an LSTM's cell."""
        return self.state[self.given.steps + place, entry, unit]

    def input(self, gate: int, entry: Any, unit: Any) -> Any:
        return self.inputs[self.at, entry, gate * self.given.hidden + unit]

    def bias_of(self, gate: int, unit: Any) -> Any:
        from tvm.tirx import const

        if self.given.direction.recurrence_bias is None:
            return const(0, self.given.dtype)
        return self.bias[gate * self.given.hidden + unit]

    def gate(self, place: int, x: Any) -> Any:
        """The activation at ``place`` over ``x``, clipped before."""
        from tvm import tirx

        clip = self.given.direction.clip
        if clip:
            x = tirx.max(tirx.min(x, _like(clip, x)), _like(-clip, x))
        return self.active(place, x)

    def active(self, place: int, x: Any) -> Any:
        operator, attributes = self.given.direction.activations[place]
        return ACTIVATIONS[operator](x, **attributes)

    def units(self, write: Callable[[Any, Any], None]) -> None:
        """Call ``write`` within loops over the batch and the units, in vectors if they fill."""
        from tvm.script.ir_builder import tirx as T  # noqa: N812 - the name in all of TVM

        lanes = next(size for size in (16, 8, 4, 1) if not self.given.hidden % size)
        shape = (self.given.batch, self.given.hidden // lanes)
        with T.grid(*shape) as (entry, block), T.vectorized(0, lanes) as lane:
            write(entry, block * lanes + lane)

    def keep(self, place: int, entry: Any, unit: Any, value: Any) -> None:
        """Write a working state; past its length a sequence keeps the one it has."""
        from tvm.tirx import Select

        if self.given.has_lengths:
            value = Select(self.is_inside(entry), value, self.kept(place, entry, unit))
        self.state[self.given.steps + place, entry, unit] = value

    def show(self, entry: Any, unit: Any) -> None:
        """Write the output, the hidden state; past its length a sequence yields zeros."""
        from tvm.tirx import Select, const

        shown = self.kept(0, entry, unit)
        if self.given.has_lengths:
            shown = Select(self.is_inside(entry), shown, const(0, self.given.dtype))
        self.state[self.at, entry, unit] = shown

    def is_inside(self, entry: Any) -> Any:
        from tvm.tirx import Cast

        return Cast("int64", self.at) < Cast("int64", self.lengths[entry, 0])

    def products(self, weights: Sequence[Any], *rows: Callable[[Any, Any], Any]) -> None:
        from sagectl.compiler.frontends.onnx.rewrites.recurrence import write_product

        for row, part, sums in zip(rows, weights, self.sums, strict=True):
            write_product(self.given, row, part, sums)


def _rnn(step: Step, weights: Sequence[Any]) -> None:
    step.products(weights, lambda entry, unit: step.kept(0, entry, unit))

    def write(entry: Any, unit: Any) -> None:
        step.keep(0, entry, unit, step.gate(0, _sum(step, 0, entry, unit)))
        step.show(entry, unit)

    step.units(write)


def _lstm(step: Step, weights: Sequence[Any]) -> None:
    from tvm.tirx import const

    step.products(weights, lambda entry, unit: step.kept(0, entry, unit))
    direction, size = step.given.direction, step.given.hidden
    has_peepholes = direction.peepholes is not None

    def peeked(gate: int, place: int, entry: Any, unit: Any) -> Any:
        total = _sum(step, gate, entry, unit)
        if not has_peepholes:
            return total
        return total + step.peepholes[place * size + unit] * step.kept(1, entry, unit)

    def write(entry: Any, unit: Any) -> None:
        enter = step.gate(0, peeked(0, 0, entry, unit))
        forget = (
            const(1, step.given.dtype) - enter
            if direction.couples
            else step.gate(0, peeked(2, 2, entry, unit))
        )
        candidate = step.gate(1, _sum(step, 3, entry, unit))
        step.keep(1, entry, unit, forget * step.kept(1, entry, unit) + enter * candidate)
        # From here on the cell is the new one.
        leave = step.gate(0, peeked(1, 1, entry, unit))
        step.keep(0, entry, unit, leave * step.active(2, step.kept(1, entry, unit)))
        step.show(entry, unit)

    step.units(write)


def _gru(step: Step, weights: Sequence[Any]) -> None:
    from tvm.tirx import const

    from sagectl.compiler.frontends.onnx.rewrites.recurrence import write_product

    size, first = step.given.hidden, step.given.direction.resets_first
    gates, candidates = step.sums

    def hidden(entry: Any, unit: Any) -> Any:
        return step.kept(0, entry, unit)

    def gate(place: int, entry: Any, unit: Any) -> Any:
        total = step.input(place, entry, unit) + gates[entry, place * size + unit]
        return step.gate(0, total + step.bias_of(place, unit))

    def reset(entry: Any, unit: Any) -> None:
        gates[entry, size + unit] = gate(1, entry, unit)
        if not first:
            # The output's place holds what the candidate's product is taken of.
            shown = gates[entry, size + unit] * hidden(entry, unit)
            step.state[step.at, entry, unit] = shown

    def write(entry: Any, unit: Any) -> None:
        part = candidates[entry, unit] + step.bias_of(2, unit)
        if first:
            part = gates[entry, size + unit] * part
        update = gate(0, entry, unit)
        fresh = step.gate(1, step.input(2, entry, unit) + part)
        one = const(1, step.given.dtype)
        step.keep(0, entry, unit, (one - update) * fresh + update * hidden(entry, unit))
        step.show(entry, unit)

    write_product(step.given, hidden, weights[0], gates)
    step.units(reset)
    row = hidden if first else lambda entry, unit: step.state[step.at, entry, unit]
    write_product(step.given, row, weights[1], candidates)
    step.units(write)


def _sum(step: Step, gate: int, entry: Any, unit: Any) -> Any:
    place = gate * step.given.hidden + unit
    return step.input(gate, entry, unit) + step.sums[0][entry, place] + step.bias_of(gate, unit)


def _is_single(x: Any) -> bool:
    return str(x.ty.dtype) == "float32"


def _sigmoid(x: Any) -> Any:
    from tvm import tirx

    return elementary.sigmoid(x) if _is_single(x) else tirx.sigmoid(x)


def _tanh(x: Any) -> Any:
    from tvm import tirx

    return elementary.tangent(x) if _is_single(x) else tirx.tanh(x)


def _exp(x: Any) -> Any:
    from tvm import tirx

    return elementary.exponential(x) if _is_single(x) else tirx.exp(x)


def _relu(x: Any) -> Any:
    return _largest(x, 0.0)


def _leaky_relu(x: Any, alpha: float = 0.01) -> Any:
    return _where_positive(x, x, x * _like(alpha, x))


def _thresholded_relu(x: Any, alpha: float = 1.0) -> Any:
    from tvm.tirx import Select

    return Select(x > _like(alpha, x), x, _like(0.0, x))


def _hard_sigmoid(x: Any, alpha: float = 0.2, beta: float = 0.5) -> Any:
    from tvm import tirx

    return tirx.min(_largest(x * _like(alpha, x) + _like(beta, x), 0.0), _like(1.0, x))


def _elu(x: Any, alpha: float = 1.0) -> Any:
    return _where_positive(x, x, _like(alpha, x) * (_exp(x) - _like(1.0, x)))


def _softplus(x: Any) -> Any:
    from tvm import tirx

    # The larger part stays outside, where no exponential overflows.
    return _largest(x, 0.0) + tirx.log(_exp(-tirx.abs(x)) + _like(1.0, x))


def _softsign(x: Any) -> Any:
    from tvm import tirx

    return x / (tirx.abs(x) + _like(1.0, x))


def _where_positive(x: Any, chosen: Any, other: Any) -> Any:
    from tvm.tirx import Select

    return Select(x >= _like(0.0, x), chosen, other)


def _largest(x: Any, number: float) -> Any:
    from tvm import tirx

    return tirx.max(x, _like(number, x))


def _like(number: float, x: Any) -> Any:
    from tvm.tirx import const

    return const(number, str(x.ty.dtype))


CELLS = {"RNN": _rnn, "LSTM": _lstm, "GRU": _gru}
ACTIVATIONS: dict[str, Callable[..., Any]] = {
    "Elu": _elu,
    "HardSigmoid": _hard_sigmoid,
    "LeakyRelu": _leaky_relu,
    "Relu": _relu,
    "Sigmoid": _sigmoid,
    "Softplus": _softplus,
    "Softsign": _softsign,
    "Tanh": _tanh,
    "ThresholdedRelu": _thresholded_relu,
}
