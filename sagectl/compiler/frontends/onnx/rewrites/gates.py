"""The cells of recurrent layers as expressions of TVM, for one step of a loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes.nests import elementary

if TYPE_CHECKING:
    from collections.abc import Callable

    from sagectl.compiler.frontends.onnx.rewrites.steps import Step


def _rnn(step: Step) -> None:
    def write(entry: Any, unit: Any, product: Callable[[int], Any]) -> None:
        step.end(entry, unit, _gate(step, 0, step.sum(0, entry, unit, product(0))))

    step.units(step.before, 0, write)


def _lstm(step: Step) -> None:
    from tvm.tirx import const

    direction, size = step.given.direction, step.given.hidden
    has_peepholes = direction.peepholes is not None

    def write(entry: Any, unit: Any, product: Callable[[int], Any]) -> None:
        def peeked(gate: int, place: int) -> Any:
            total = step.sum(gate, entry, unit, product(gate))
            if not has_peepholes:
                return total
            return total + step.peepholes[place * size + unit] * step.cell(entry, unit)

        enter = _gate(step, 0, peeked(0, 0))
        forget = (
            const(1, step.given.dtype) - enter
            if direction.couples
            else _gate(step, 0, peeked(2, 2))
        )
        candidate = _gate(step, 1, step.sum(3, entry, unit, product(3)))
        step.end_cell(entry, unit, forget * step.cell(entry, unit) + enter * candidate)
        # From here on the cell is the new one.
        leave = _gate(step, 0, peeked(1, 1))
        step.end(entry, unit, leave * _active(step, 2, step.cell(entry, unit)))

    step.units(step.before, 0, write)


def _gru(step: Step) -> None:
    from tvm.tirx import const

    is_reset_late = step.given.direction.resets_first
    updates, resets = step.kept

    def gates(entry: Any, unit: Any, product: Callable[[int], Any]) -> None:
        updates[entry, unit] = _gate(step, 0, step.sum(0, entry, unit, product(0)))
        reset = _gate(step, 0, step.sum(1, entry, unit, product(1)))
        resets[entry, unit] = reset if is_reset_late else reset * step.before(entry, unit)

    def write(entry: Any, unit: Any, product: Callable[[int], Any]) -> None:
        part = product(0) + step.bias_of(2, unit)
        if is_reset_late:
            part = resets[entry, unit] * part
        update = updates[entry, unit]
        fresh = _gate(step, 1, step.input(2, entry, unit) + part)
        one = const(1, step.given.dtype)
        step.end(entry, unit, (one - update) * fresh + update * step.before(entry, unit))

    step.units(step.before, 0, gates)
    row = step.before if is_reset_late else lambda entry, unit: resets[entry, unit]
    step.units(row, 1, write)


def _gate(step: Step, place: int, x: Any) -> Any:
    """The activation at ``place`` over ``x``, clipped before."""
    from tvm import tirx

    clip = step.given.direction.clip
    if clip:
        x = tirx.max(tirx.min(x, _like(clip, x)), _like(-clip, x))
    return _active(step, place, x)


def _active(step: Step, place: int, x: Any) -> Any:
    operator, attributes = step.given.direction.activations[place]
    return ACTIVATIONS[operator](x, **attributes)


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
