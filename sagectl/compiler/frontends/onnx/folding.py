"""Evaluation of nodes whose inputs are all known at compile time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
    if node.domain or node.op in RANDOM:
        return None
    if any(value is not None and value.data is None for value in node.inputs):
        return None
    with np.errstate(all="ignore"):
        arrays = _reference_results(node)
    if (
        arrays is None
        or sum(each.nbytes for each in arrays if each is not None) > LARGEST_BYTES
    ):
        return None
    return arrays


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
