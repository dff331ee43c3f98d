"""Evaluation of nodes whose inputs are all known at compile time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.onnx.graph import Unsupported

if TYPE_CHECKING:
    import numpy as np

    from sagectl.compiler.frontends.onnx.graph import Node

LARGEST_BYTES = 256 << 20

RANDOM = frozenset(
    {
        "Bernoulli",
        "Multinomial",
        "RandomNormal",
        "RandomNormalLike",
        "RandomUniform",
        "RandomUniformLike",
    }
)

# The reference evaluator drops what is NaN or small from these, or an axis.
MISTAKEN = frozenset({"AveragePool", "GlobalMaxPool", "Hardmax", "LogSoftmax", "LpPool"})
# numpy orders a NaN otherwise than onnxruntime does.
ORDERED = frozenset({"ArgMax", "ArgMin", "MaxPool", "TopK"})
# The evaluator counts in 32 bits before it saturates.
_COUNTED = 1 << 30

# What the reference evaluator raises for forms it lacks; such a node stays in the graph.
_UNEVALUATED = (
    ArithmeticError,
    AttributeError,
    IndexError,
    KeyError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
)


def evaluated(node: Node) -> list[np.ndarray[Any, Any] | None] | None:
    """The arrays ``node`` makes, or None when that is not known at compile time.

    ``Shape`` and ``Size`` need only their input's static shape. Results over
    ``LARGEST_BYTES`` are left to run time, so that no package swells by a folded Expand.
    """
    import numpy as np

    known = _from_shape(node)
    if known is not None:
        return known
    if node.domain or node.op in RANDOM | MISTAKEN:
        return None
    if any(value is not None and value.data is None for value in node.inputs):
        return None
    _refuse_nothing(node)
    if _is_beyond(node):
        return None
    with np.errstate(all="ignore"):
        arrays = _reference_results(node)
    if (
        arrays is None
        or sum(each.nbytes for each in arrays if each is not None) > LARGEST_BYTES
    ):
        return None
    return arrays


def _refuse_nothing(node: Node) -> None:
    """Raise Unsupported for what is no number: whole ones over zero, a range without an end."""
    import numpy as np

    if node.op in ("Div", "Mod"):
        divisor = node.required(1).data
        if divisor is not None and divisor.dtype.kind in "iu" and (divisor == 0).any():
            raise Unsupported(f"{node.required(1).name!r} divides by zero")
    if node.op == "Range":
        ends = [np.asarray(node.required(place).data).reshape(-1)[0] for place in range(3)]
        if not ends[2] or not np.isfinite(ends).all():
            start, limit, step = ends
            raise Unsupported(f"a range from {start} to {limit} by {step} has no end")


def _is_beyond(node: Node) -> bool:
    """Whether the operands are such as the reference evaluator takes otherwise."""
    import numpy as np

    data = node.inputs[0].data if node.inputs and node.inputs[0] is not None else None
    if data is None or data.dtype.kind in "iub":
        return False
    if node.op in ORDERED:
        return bool((data != data).any())
    if node.op == "QuantizeLinear":
        scale = np.asarray(node.required(1).data, np.float64)
        return not (np.abs(data.astype(np.float64)) < _COUNTED * scale.min()).all()
    return False


def _from_shape(node: Node) -> list[np.ndarray[Any, Any] | None] | None:
    import numpy as np

    if node.domain or node.op not in ("Shape", "Size"):
        return None
    value = node.required(0)
    if value.shape is None or None in value.shape:
        return None
    if node.op == "Size":
        return [np.array(np.prod(np.array(value.shape, np.int64)), np.int64)]
    first, last = node.attribute("start", 0), node.attribute("end")
    return [np.array(value.shape[first:last], np.int64)]


def _reference_results(node: Node) -> list[np.ndarray[Any, Any] | None] | None:
    import numpy as np
    from onnx import FunctionProto, NodeProto, helper
    from onnx.reference import ReferenceEvaluator

    names = [
        f"i{index}" if value is not None else "" for index, value in enumerate(node.inputs)
    ]
    wanted = [f"o{index}" if each else "" for index, each in enumerate(node.wanted)]
    while wanted and not wanted[-1]:
        wanted.pop()
    proto = NodeProto(
        op_type=node.op,
        domain=node.domain,
        input=names,
        output=wanted,
        attribute=node.attributes.values(),
    )
    function = FunctionProto(
        name="fold",
        domain="fold",
        input=[name for name in names if name],
        output=[name for name in wanted if name],
        node=[proto],
        opset_import=[helper.make_opsetid(node.domain, node.version)],
    )
    feeds = {
        name: value.data
        for name, value in zip(names, node.inputs, strict=True)
        if value is not None
    }
    try:
        results = iter(ReferenceEvaluator(function).run(None, feeds, attributes={}))
    except _UNEVALUATED:
        return None
    arrays: list[np.ndarray[Any, Any] | None] = []
    for name in wanted:
        result = next(results) if name else None
        if result is not None and not isinstance(result, np.ndarray | np.generic):
            return None
        arrays.append(None if result is None else np.asarray(result))
    if any(each is not None and each.dtype.kind in "OUS" for each in arrays):
        return None
    return arrays
