"""Constant scales and shifts, moved into the weights of what they follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes.graph import constant, dtype, literal, operator, rewritten, shape

if TYPE_CHECKING:
    import numpy as np
    from tvm.ir import IRModule

    from sagectl.compiler.passes.graph import Site

    Array = np.ndarray[Any, Any]


def spelled_out(module: IRModule) -> IRModule:
    """The module with every batch normalisation as a multiplication and an addition."""
    return rewritten(module, {"relax.nn.batch_norm": _batch_norm})


def absorbed(module: IRModule) -> IRModule:
    """The module with scales in the weights before them and shifts added up."""
    return rewritten(module, {"relax.multiply": _multiply, "relax.add": _add})


def _batch_norm(site: Site) -> Any:
    import numpy as np
    from tvm.relax import Tuple, op

    source, *rest = site.args
    known = shape(source)
    values = [constant(arg) for arg in rest]
    attrs = site.attrs
    if known is None or attrs.training or any(value is None for value in values):
        return None
    gamma, beta, mean, variance = (np.asarray(value, np.float64) for value in values)
    scale = gamma if attrs.scale else np.ones_like(mean)
    scale = scale / np.sqrt(variance + float(attrs.epsilon))
    shift = (beta if attrs.center else 0.0) - mean * scale
    form = [1] * len(known)
    form[int(attrs.axis)] = -1
    kind = dtype(source)
    scaled = site.emit(op.multiply(source, literal(scale.reshape(form).astype(kind))))
    shifted = site.emit(op.add(scaled, literal(shift.reshape(form).astype(kind))))
    return Tuple([shifted, rest[2], rest[3]])


def _multiply(site: Site) -> Any:
    """``conv(x, w) * s`` as ``conv(x, w * s)``; ``(y + b) * s`` as ``y * s + b * s``."""
    from tvm.relax import op

    value, scale = _constant_last(site.args)
    if scale is None or shape(value) != shape(site.call):
        return None
    made = site.sole(value, *SCALABLE)
    if made is not None:
        return SCALABLE[operator(made)](made, scale)
    shifted = site.sole(value, "relax.add")
    if shifted is None:
        return None
    inner, shift = _constant_last(shifted.args)
    made = None if shift is None else site.sole(inner, *SCALABLE)
    scaled = None if made is None else SCALABLE[operator(made)](made, scale)
    if scaled is None or shift is None:
        return None
    return op.add(site.emit(scaled), literal((shift * scale).astype(shift.dtype)))


def _add(site: Site) -> Any:
    """``(y + a) + b`` as ``y + (a + b)``."""
    from tvm.relax import op

    value, shift = _constant_last(site.args)
    if shift is None:
        return None
    shifted = site.sole(value, "relax.add")
    if shifted is None or shape(value) != shape(site.call):
        return None
    inner, before = _constant_last(shifted.args)
    if before is None or shape(inner) != shape(site.call):
        return None
    return op.add(inner, literal((before + shift).astype(before.dtype)))


def _constant_last(args: Any) -> tuple[Any, Array | None]:
    first, second = args
    value = constant(second)
    if value is None and constant(first) is not None:
        return second, constant(first)
    return first, value


def _scaled_conv2d(call: Any, scale: Array) -> Any:
    from tvm.relax import Call

    weights = constant(call.args[1])
    attrs = call.attrs
    if weights is None or attrs.kernel_layout != "OIHW" or attrs.out_layout != "NCHW":
        return None
    factors = _along(scale, 4, 1, weights.shape[0])
    if factors is None:
        return None
    scaled = (weights * factors[:, None, None, None]).astype(weights.dtype)
    return Call(call.op, [call.args[0], literal(scaled)], attrs, call.ty_args)


def _scaled_matmul(call: Any, scale: Array) -> Any:
    from tvm.relax import Call

    weights = constant(call.args[1])
    known = shape(call)
    if weights is None or known is None or weights.ndim != 2:
        return None
    factors = _along(scale, len(known), len(known) - 1, weights.shape[1])
    if factors is None:
        return None
    scaled = (weights * factors[None, :]).astype(weights.dtype)
    return Call(call.op, [call.args[0], literal(scaled)], call.attrs, call.ty_args)


def _along(scale: Array, rank: int, axis: int, length: int) -> Array | None:
    """The factors along one axis of a tensor, if the scale varies along no other."""
    import numpy as np

    if scale.size == 1:
        return np.full(length, scale.reshape(()))
    form = (1,) * (rank - scale.ndim) + scale.shape
    if len(form) != rank or form[axis] != length or scale.size != length:
        return None
    return scale.reshape(-1)


SCALABLE = {"relax.nn.conv2d": _scaled_conv2d, "relax.matmul": _scaled_matmul}
