"""Calls on constants, computed in numpy: TVM would compile a function for each of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes.graph import (
    constant,
    dtype,
    ints,
    literal,
    operator,
    rewritten,
    shape,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from tvm.ir import IRModule

    from sagectl.compiler.passes.graph import Site

    Array = np.ndarray[Any, Any]
    Fold = Callable[..., Array | None]


def folded(module: IRModule) -> IRModule:
    """The module with calls on constants replaced by their values."""
    return rewritten(module, dict.fromkeys(OPERATORS, _fold))


def settled(module: IRModule) -> IRModule:
    """The module with the integer weights that no nest took as such made real."""
    return rewritten(module, dict.fromkeys(OPERATORS, partial(_fold, table=SETTLED)))


def _fold(site: Site, table: Mapping[str, Fold] | None = None) -> Any:
    import numpy as np
    from tvm.relax import ShapeExpr

    values = [constant(arg) for arg in site.args if not isinstance(arg, ShapeExpr)]
    operands = [value for value in values if value is not None]
    if len(operands) != len(values) or not operands or shape(site.call) is None:
        return None
    name = operator(site.call)
    value = (table or OPERATORS)[name](site.call, *operands)
    if value is None:
        return None
    made = np.ascontiguousarray(value, dtype(site.call))
    return literal(made.reshape(shape(site.call) or ()))


def _permuted(call: Any, value: Array) -> Array:
    axes = ints(call.attrs.axes) if call.attrs.axes is not None else None
    return value.transpose(axes)


def _broadcast(call: Any, value: Array) -> Array:
    import numpy as np

    return np.broadcast_to(value, shape(call) or ())


def _reshaped(call: Any, value: Array) -> Array:
    return value.reshape(shape(call) or ())


def _numpy(name: str) -> Callable[..., Array]:
    def compute(_: Any, *values: Array) -> Array:
        import numpy as np

        with np.errstate(all="ignore"):
            made: Array = getattr(np, name)(*values)
        return made

    return compute


def dequantised(call: Any, value: Array, scale: Array, zero: Array) -> Array:
    """The reals that constant integers stand for."""
    import numpy as np

    axis = int(call.attrs.axis) % max(1, value.ndim)
    form = [-1 if place == axis else 1 for place in range(value.ndim)]
    spread = [
        each.reshape(form) if each.size > 1 else each.reshape(()) for each in (scale, zero)
    ]
    levels = value.astype(np.int32) - spread[1].astype(np.int32)
    return np.asarray(levels.astype(np.float32) * spread[0], dtype(call))


def _small(call: Any, value: Array, scale: Array, zero: Array) -> Array | None:
    """Biases; weights stay integers for the nests that multiply them as such."""
    return dequantised(call, value, scale, zero) if value.ndim < 2 else None


OPERATORS: dict[str, Fold] = {
    "relax.permute_dims": _permuted,
    "relax.reshape": _reshaped,
    "relax.expand_dims": _reshaped,
    "relax.squeeze": _reshaped,
    "relax.flatten": _reshaped,
    "relax.broadcast_to": _broadcast,
    "relax.astype": lambda call, value: value.astype(dtype(call)),
    "relax.isnan": _numpy("isnan"),
    "relax.where": _numpy("where"),
    "relax.add": _numpy("add"),
    "relax.subtract": _numpy("subtract"),
    "relax.multiply": _numpy("multiply"),
    "relax.maximum": _numpy("maximum"),
    "relax.minimum": _numpy("minimum"),
    "relax.negative": _numpy("negative"),
    "relax.sqrt": _numpy("sqrt"),
    "relax.dequantize": _small,
    "relax.abs": _numpy("abs"),
}
SETTLED: dict[str, Fold] = {**OPERATORS, "relax.dequantize": dequantised}
