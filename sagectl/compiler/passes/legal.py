"""Operators whose own loop nests beat those that TVM's legalisation gives them."""

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
from sagectl.compiler.passes.nests import elementary, rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from tvm.ir import IRModule

    from sagectl.compiler.passes.graph import GraphRule, Site
    from sagectl.compiler.targets import Target

FLOAT = "float32"
# As good in double precision.
WIDE = frozenset({"relax.cosh", "relax.nn.relu", "relax.not_equal", "relax.sinh"})


def lowered(module: IRModule, target: Target) -> IRModule:
    """The module with these operators as tensor expressions."""
    width = max(1, target.vector_bytes // 4)
    rules: dict[str, GraphRule] = dict.fromkeys(ELEMENTARY, _elementary)
    rules |= {name: partial(rule, width=width) for name, rule in BY_ROWS.items()}
    rules |= {"relax.logical_not": _negated, "relax.not_equal": _unequal}
    rules |= dict.fromkeys(("relax.quantize", "relax.dequantize"), _levelled)
    rules["relax.multiply"] = _scaled
    return rewritten(module, rules)


def _is_float(site: Site) -> bool:
    known, kind = shape(site.args[0]), dtype(site.args[0])
    fits = kind == FLOAT or (kind == "float64" and operator(site.call) in WIDE)
    return bool(known) and 0 not in (known or ()) and fits


def _elementary(site: Site) -> Any:
    from tvm import te

    function = ELEMENTARY[operator(site.call)]
    if not _is_float(site):
        return None

    def nest(image: Any) -> Any:
        return te.compute(image.shape, lambda *at: function(image[at]), name="elementary")

    return site.emit_te(nest, site.args[0], name=function.__name__)


def _negated(site: Site) -> Any:
    """Not, by its bits: TVM turns "not less" into "at least", which holds of no NaN either."""
    from tvm import te, tirx

    known = shape(site.args[0])
    if known is None or 0 in known:
        return None

    def nest(x: Any) -> Any:
        true = tirx.const(True, "bool")
        return te.compute(x.shape, lambda *at: tirx.bitwise_xor(x[at], true), name="negation")

    return site.emit_te(nest, site.args[0], name="negation")


def _unequal(site: Site) -> Any:
    """Not equal, as what equal is not: TVM's own holds of no NaN."""
    from tvm import te, tirx, topi

    known = [shape(each) for each in site.args]
    if any(each is None or 0 in each for each in known) or not _is_float(site):
        return None

    def nest(a: Any, b: Any) -> Any:
        true = tirx.const(True, "bool")
        same = topi.equal(a, b)
        return te.compute(
            same.shape, lambda *at: tirx.bitwise_xor(same[at], true), name="unequal"
        )

    return site.emit_te(nest, *site.args, name="unequal")


def _levelled(site: Site) -> Any:
    """Scale and zero point as tensors: layers that differ in these alone share a nest."""
    from tvm.relax import Call

    found = [constant(arg) for arg in site.args[1:]]
    if any(each is None or each.ndim for each in found):
        return None
    held = [literal(each.reshape(1)) for each in found if each is not None]
    return Call(site.call.op, [site.args[0], *held], site.attrs, site.call.ty_args)


def _scaled(site: Site) -> Any:
    """One number times another that is known, such as the scale of weights: a tensor too."""
    from tvm import te

    number, factor = site.args[0], constant(site.args[1])
    if factor is None:
        number, factor = site.args[1], constant(site.args[0])
    if factor is None or shape(number) != () or shape(site.call) != ():
        return None
    return site.emit_te(
        lambda x, f: te.compute((), lambda: x[()] * f[0], name="scale"),
        number,
        literal(factor.reshape(1)),
        name="scale",
    )


def _softmax(site: Site, width: int) -> Any:
    known = shape(site.args[0]) or ()
    if not _is_float(site) or int(site.attrs.axis) % len(known) != len(known) - 1:
        return None
    kind = operator(site.call).removeprefix("relax.nn.")
    nest = {"softmax": rows.softmax, "log_softmax": rows.log_softmax}[kind]
    return site.emit_te(lambda x: nest(x, width), site.args[0], name=kind)


def _layer_norm(site: Site, width: int) -> Any:
    image, gamma, beta = site.args
    known = shape(image) or ()
    axes = tuple(axis % len(known) for axis in ints(site.attrs.axes))
    if not _is_float(site) or axes != (len(known) - 1,):
        return None
    epsilon = float(site.attrs.epsilon)
    return site.emit_te(
        lambda x, g, b: rows.layer_norm(x, g, b, width, epsilon),
        image,
        gamma,
        beta,
        name="layer_norm",
    )


def _reduction(site: Site, width: int) -> Any:
    known, form = shape(site.args[0]) or (), shape(site.call)
    if not _is_float(site) or form is None:
        return None
    count = len(known)
    axes = site.attrs.axis
    chosen = range(count) if axes is None else sorted({axis % count for axis in ints(axes)})
    kind = operator(site.call).removeprefix("relax.")
    if list(chosen) != list(range(count - len(chosen), count)) or not chosen:
        return None
    last = len(chosen)
    return site.emit_te(
        lambda x: rows.reduction(x, last, width, kind, form), site.args[0], name=kind
    )


ELEMENTARY: dict[str, Callable[[Any], Any]] = {
    "relax.cosh": elementary.hyperbolic_cosine,
    "relax.exp": elementary.exponential,
    "relax.sinh": elementary.hyperbolic_sine,
    "relax.tanh": elementary.tangent,
    "relax.erf": elementary.error_function,
    "relax.log": elementary.logarithm,
    "relax.round": elementary.rounded,
    "relax.sigmoid": elementary.sigmoid,
    "relax.nn.relu": elementary.relu,
    "relax.nn.gelu": elementary.gelu,
    "relax.nn.gelu_tanh": elementary.gelu_tanh,
    "relax.nn.silu": elementary.silu,
}

BY_ROWS: dict[str, Callable[..., Any]] = {
    "relax.nn.softmax": _softmax,
    "relax.nn.log_softmax": _softmax,
    "relax.nn.layer_norm": _layer_norm,
    "relax.mean": _reduction,
    "relax.sum": _reduction,
    "relax.variance": _reduction,
    "relax.max": _reduction,
    "relax.min": _reduction,
}
