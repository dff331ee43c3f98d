"""ONNX-ML's LinearClassifier and LinearRegressor: a product, and what is made of its scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.compiler.frontends.onnx.graph import Unsupported
from sagectl.compiler.frontends.onnx.rewrites.ml_forest import rows_of
from sagectl.compiler.frontends.onnx.rewrites.ml_scores import (
    above,
    best,
    classes_of,
    opposed,
    transformed,
)

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value | list[Value]:
    transform = node.attribute("post_transform", "NONE")
    if node.op == "LinearRegressor":
        targets = int(node.attribute("targets", 1))
        scores = _scores(node, targets, pen)
        # onnxruntime leaves other transforms of a single output out.
        is_kept = targets == 1 and transform != "PROBIT"
        return scores if is_kept else transformed(scores, transform, pen)
    labels = classes_of(node, "classlabels_ints")
    count = len(node.attribute("intercepts") or [])
    if count not in (1, len(labels)) or (count == 1 and len(labels) != 2):
        raise Unsupported(f"{count} intercepts for {len(labels)} classes")
    scores = _scores(node, count, pen)
    if count > 1:
        return [best(scores, labels, pen), transformed(scores, transform, pen)]
    if transform not in ("NONE", "LOGISTIC"):
        raise Unsupported(f"{transform} of two classes with one score")
    return [above(scores, 0.0, labels, pen), opposed(scores, transform, is_share=True, pen=pen)]


def _scores(node: Node, count: int, pen: Builder) -> Value:
    """Rows by coefficients, and the intercepts where there are as many as scores."""
    import numpy as np

    x = pen.cast(rows_of(node, pen), "float32")
    features = pen.shape(x)[1]
    weights = np.array(node.attribute("coefficients") or [], np.float32)
    if weights.size != count * features:
        raise Unsupported(f"{weights.size} coefficients for {features} features")
    made = pen.op("MatMul", x, np.ascontiguousarray(weights.reshape(count, features).T))
    bias = np.array(node.attribute("intercepts") or [], np.float32)
    return pen.op("Add", made, bias) if bias.size == count else made
