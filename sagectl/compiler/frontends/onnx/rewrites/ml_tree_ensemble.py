"""ONNX-ML's TreeEnsemble and TreeEnsembleRegressor: the numbers of leaves, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.onnx.graph import Unsupported
from sagectl.compiler.frontends.onnx.rewrites.ml_forest import (
    COMBINATIONS,
    forest_of,
    grown,
    listed,
    rows_of,
    told,
    touched,
)
from sagectl.compiler.frontends.onnx.rewrites.ml_nodes import named_nodes, placed_nodes
from sagectl.compiler.frontends.onnx.rewrites.ml_scores import TRANSFORMS, transformed
from sagectl.compiler.frontends.trees.forest import Combination

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value

# TreeEnsemble numbers what its forerunners name.
_AGGREGATES = ("AVERAGE", "SUM", "MIN", "MAX")
_TRANSFORMS = ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT")
# 1 and 2 are LOGISTIC and SOFTMAX in onnxruntime, and the other way round in ONNX's text.
_DISPUTED = ("SOFTMAX", "LOGISTIC")


def rewritten(node: Node, pen: Builder) -> Value:
    import numpy as np

    x = rows_of(node, pen)
    outputs = int(node.attribute("n_targets", 0))
    if outputs < 1:
        raise Unsupported("n_targets is missing")
    dtype: Any = x.dtype
    if node.op == "TreeEnsemble":
        trees = placed_nodes(node, outputs, dtype)
        aggregate = _AGGREGATES[node.attribute("aggregate_function", 1)]
        transform = _TRANSFORMS[node.attribute("post_transform", 0)]
        if transform in _DISPUTED and outputs > 1:
            raise Unsupported(
                f"post_transform {transform}, whose number means another one to onnxruntime"
            )
    else:
        trees = named_nodes(node, "target", outputs, dtype)
        aggregate = node.attribute("aggregate_function", "SUM")
        transform = node.attribute("post_transform", "NONE")
    if not trees or aggregate not in _AGGREGATES or transform not in TRANSFORMS:
        raise Unsupported(f"{len(trees)} trees, {aggregate}, {transform}")
    combination = COMBINATIONS.get(aggregate, Combination.SUM)
    forest = forest_of(trees, pen.shape(x)[1], outputs, dtype, combination)
    scores = _finished(grown(x, forest, pen), aggregate, len(trees), node, pen)
    if outputs > 1 and node.attribute("base_values") and None in told(trees, outputs):
        # What no leaf tells of stays nothing, the base value with it.
        is_told = touched(x, trees, outputs, pen)
        scores = pen.op("Where", is_told, scores, np.array(0, dtype))
    # onnxruntime leaves other transforms of a single output out.
    if outputs > 1 or transform == "PROBIT":
        scores = transformed(scores, transform, pen)
    return scores if node.op == "TreeEnsemble" else pen.cast(scores, "float32")


def _finished(scores: Value, aggregate: str, trees: int, node: Node, pen: Builder) -> Value:
    """The mean, or what no leaf told of as zero; and the base values added."""
    import numpy as np

    dtype: Any = scores.dtype
    outputs = pen.shape(scores)[1]
    if aggregate == "AVERAGE":
        scores = pen.op("Div", scores, np.array(trees, dtype))
    if aggregate in COMBINATIONS:
        scores = pen.op("Where", pen.op("IsInf", scores), np.array(0, dtype), scores)
    base = listed(node, "base_values", dtype)
    if len(base) not in (0, outputs):
        raise Unsupported(f"{len(base)} base values for {outputs} outputs")
    return pen.op("Add", scores, base) if len(base) else scores
