"""Operators that do nothing, or say at length what another says shortly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes import padding
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
    from tvm.ir import IRModule

    from sagectl.compiler.passes.graph import Site


def simplified(module: IRModule) -> IRModule:
    """The module without no-ops and roundabout spellings."""
    return rewritten(module, RULES)


def _same_shape(site: Site) -> Any:
    """A broadcast or reshape to the shape the value has."""
    known = shape(site.args[0])
    return site.args[0] if known is not None and known == shape(site.call) else None


def _reshape(site: Site) -> Any:
    """A reshape to its own shape, or of a reshape."""
    from tvm.relax import op

    same = _same_shape(site)
    inner = site.definition(site.args[0])
    if same is not None or shape(site.call) is None:
        return same
    if operator(inner) in ("relax.reshape", "relax.expand_dims", "relax.squeeze"):
        return op.reshape(inner.args[0], shape(site.call))
    if operator(site.call) != "relax.reshape":
        return op.reshape(site.args[0], shape(site.call))
    return None


def _permute(site: Site) -> Any:
    """A permutation that moves nothing, or only extents of one; or two in a row."""
    from tvm.relax import op

    known = shape(site.args[0])
    if known is None:
        return None
    axes = (
        ints(site.attrs.axes) if site.attrs.axes is not None else tuple(range(len(known)))[::-1]
    )
    if axes == tuple(range(len(axes))):
        return site.args[0]
    inner = site.definition(site.args[0])
    if operator(inner) == "relax.permute_dims" and inner.attrs.axes is not None:
        first = ints(inner.attrs.axes)
        return op.permute_dims(inner.args[0], [first[axis] for axis in axes])
    moved = [axis for axis in axes if known[axis] != 1]
    return op.reshape(site.args[0], shape(site.call)) if moved == sorted(moved) else None


def _dropout(site: Site) -> Any:
    """Dropout, which lets everything pass at inference."""
    from tvm.relax import Tuple, op

    return Tuple([site.args[0], op.ones_like(site.args[0])])


def _stacked(site: Site) -> Any:
    """A reduction over a stack, which is how the importer spells Sum, Max and Min."""
    from tvm.relax import Tuple, op

    stack = site.sole(site.args[0], "relax.stack")
    if stack is None or ints(site.attrs.axis) != (0,) or site.attrs.keepdims:
        return None
    if int(stack.attrs.axis or 0) != 0 or not isinstance(stack.args[0], Tuple):
        return None
    pairwise = getattr(op, PAIRWISE[operator(site.call)])
    first, *rest = (_narrow(term) for term in stack.args[0].fields)
    made = first
    for term in rest:
        made = pairwise(made, term) if term is rest[-1] else site.emit(pairwise(made, term))
    return made if shape(site.args[0]) is not None and rest else None


def _narrow(term: Any) -> Any:
    """A constant that is the same everywhere, as one number."""
    value = constant(term)
    if value is None or value.size < 2 or (value != value.reshape(-1)[0]).any():
        return term
    return literal(value.reshape(-1)[0])


def _power(site: Site) -> Any:
    """A square, a cube or a square root spelled as a power."""
    from tvm.relax import op

    exponent = constant(site.args[1])
    if exponent is None or exponent.size != 1 or shape(site.args[0]) != shape(site.call):
        return None
    base = site.args[0]
    match float(exponent.reshape(())):
        case 1.0:
            return base
        case 2.0:
            return op.multiply(base, base)
        case 3.0:
            return op.multiply(site.emit(op.multiply(base, base)), base)
        case 0.5:
            return op.sqrt(base)
    return None


def _divide(site: Site) -> Any:
    """A division by a constant power of two, which multiplying does exactly."""
    import numpy as np
    from tvm.relax import op

    divisor = constant(site.args[1])
    if divisor is None or not np.issubdtype(divisor.dtype, np.floating):
        return None
    mantissa, _ = np.frexp(divisor)
    if not np.all(np.abs(mantissa) == 0.5):
        return None
    return op.multiply(site.args[0], literal((1 / divisor).astype(divisor.dtype)))


def _same_type(site: Site) -> Any:
    """A cast to the type that the value has."""
    return site.args[0] if dtype(site.args[0]) == dtype(site.call) else None


def _where(site: Site) -> Any:
    """A choice that is the same everywhere, known ahead of time."""
    condition, *choices = site.args
    known = constant(condition)
    if known is None or not known.size or (known != known.reshape(-1)[0]).any():
        return None
    chosen = choices[0 if known.reshape(-1)[0] else 1]
    return chosen if shape(chosen) == shape(site.call) else None


def _conv1d(site: Site) -> Any:
    """A convolution along one axis, as one over an image of height one."""
    from tvm.relax import op

    image, kernel, made = shape(site.args[0]), shape(site.args[1]), shape(site.call)
    attrs = site.attrs
    if image is None or kernel is None or made is None or attrs.data_layout != "NCW":
        return None
    source, (before, after) = padding.unpadded(site)
    extents = shape(source) or image
    convolved = op.nn.conv2d(
        site.emit(op.reshape(source, (*extents[:2], 1, extents[2]))),
        _with_height(site, site.args[1], kernel),
        strides=(1, *ints(attrs.strides)),
        padding=(0, before, 0, after),
        dilation=(1, *ints(attrs.dilation)),
        groups=int(attrs.groups),
    )
    return op.reshape(site.emit(convolved), made)


def _with_height(site: Site, kernel: Any, extents: tuple[int, ...]) -> Any:
    from tvm.relax import op

    values = constant(kernel)
    wanted = (*extents[:2], 1, extents[2])
    if values is not None:
        return literal(values.reshape(wanted))
    return site.emit(op.reshape(kernel, wanted))


PAIRWISE = {"relax.sum": "add", "relax.max": "maximum", "relax.min": "minimum"}

RULES = {
    "relax.broadcast_to": _same_shape,
    "relax.reshape": _reshape,
    "relax.expand_dims": _reshape,
    "relax.squeeze": _reshape,
    "relax.flatten": _reshape,
    "relax.permute_dims": _permute,
    "relax.nn.dropout": _dropout,
    **dict.fromkeys(PAIRWISE, _stacked),
    "relax.power": _power,
    "relax.divide": _divide,
    "relax.astype": _same_type,
    "relax.where": _where,
    "relax.nn.conv1d": _conv1d,
    "relax.nn.conv2d": padding.absorbed,
    "relax.nn.conv3d": padding.absorbed,
}
