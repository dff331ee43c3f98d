"""ONNX-ML's SVMRegressor and SVMClassifier: kernels of rows and support vectors, summed."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.onnx.graph import Unsupported
from sagectl.compiler.frontends.onnx.rewrites.ml_forest import rows_of
from sagectl.compiler.frontends.onnx.rewrites.ml_scores import (
    chosen,
    classes_of,
    opposed,
    transformed,
)

if TYPE_CHECKING:
    import numpy as np

    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value

    Array = np.ndarray[Any, Any]


def rewritten(node: Node, pen: Builder) -> Value | list[Value]:
    return _regressor(node, pen) if node.op == "SVMRegressor" else _classifier(node, pen)


def _regressor(node: Node, pen: Builder) -> Value:
    import numpy as np

    x = pen.cast(rows_of(node, pen), "float32")
    weights = _numbers(node, "coefficients")
    if count := int(node.attribute("n_supports", 0)):
        x = _kernels(node, x, count, pen)
    made = pen.op("MatMul", x, weights.reshape(-1, 1))
    made = pen.op("Add", made, _numbers(node, "rho")[:1])
    if not node.attribute("one_class", 0):
        return made
    is_in = pen.op("Greater", made, np.float32(0))
    return pen.op("Where", is_in, np.float32(1), np.float32(-1))


def _classifier(node: Node, pen: Builder) -> list[Value]:
    """A score for each pair of classes; the label is that of most of them, the first first."""
    import numpy as np

    labels = classes_of(node, "classlabels_ints")
    counts = [int(each) for each in node.attribute("vectors_per_class") or []]
    if node.attribute("prob_a"):
        raise Unsupported("probabilities of classes (prob_a): export the scores instead")
    if len(counts) != len(labels):
        raise Unsupported("no support vectors for each of its classes")
    x = pen.cast(rows_of(node, pen), "float32")
    kernels = _kernels(node, x, sum(counts), pen)
    pairs = list(combinations(range(len(labels)), 2))
    weights = _pair_weights(_numbers(node, "coefficients"), counts, pairs)
    rho = _numbers(node, "rho")[: len(pairs)]
    scores = pen.op("Add", pen.op("MatMul", kernels, weights), rho)
    ballots = np.zeros((2, len(pairs), len(labels)), np.float32)
    for place, (first, second) in enumerate(pairs):
        ballots[0, place, first] = ballots[1, place, second] = 1
    is_first = pen.cast(pen.op("Greater", scores, np.float32(0)), "float32")
    # Each pair votes for its second class, unless it does for its first.
    moved = pen.op("MatMul", is_first, ballots[0] - ballots[1])
    votes = pen.op("Add", moved, ballots[1].sum(axis=0))
    label = chosen(pen.op("ArgMax", votes, axis=1, keepdims=0), labels, pen)
    transform = node.attribute("post_transform", "NONE")
    if len(pairs) > 1:
        return [label, transformed(scores, transform, pen)]
    if transform not in ("NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO"):
        raise Unsupported(f"{transform} of two classes with one score")
    is_share = transform != "NONE"
    return [label, opposed(scores, transform, is_share=is_share, pen=pen)]


def _pair_weights(given: Array, counts: list[int], pairs: list[tuple[int, int]]) -> Array:
    """``[vectors, pairs]``: what each support vector's kernel counts for in each pair."""
    import numpy as np

    total = sum(counts)
    rows = given[: (len(counts) - 1) * total].reshape(len(counts) - 1, total)
    starts = np.cumsum([0, *counts])
    made = np.zeros((total, len(pairs)), np.float32)
    for place, (first, second) in enumerate(pairs):
        ours, theirs = (slice(starts[each], starts[each + 1]) for each in (first, second))
        made[ours, place] = rows[second - 1, ours]
        made[theirs, place] = rows[first, theirs]
    return made


def _kernels(node: Node, x: Value, count: int, pen: Builder) -> Value:
    """``[rows, count]``: the kernel of each row and each support vector."""
    import numpy as np

    kernel = node.attribute("kernel_type", "LINEAR")
    gamma, offset, degree = (float(each) for each in _numbers(node, "kernel_params"))
    vectors = _numbers(node, "support_vectors").reshape(count, -1)
    if vectors.shape[1] != pen.shape(x)[1]:
        raise Unsupported(f"support vectors of {vectors.shape[1]} features")
    if kernel == "RBF":
        far = pen.op("Mul", _distances(x, vectors, pen), np.float32(-gamma))
        return pen.op("Exp", far)
    product = pen.op("MatMul", x, np.ascontiguousarray(vectors.T))
    if kernel == "LINEAR":
        return product
    inner = pen.op("Add", pen.op("Mul", product, np.float32(gamma)), np.float32(offset))
    if kernel == "SIGMOID":
        return pen.op("Tanh", inner)
    if kernel != "POLY":
        raise Unsupported(f"kernel {kernel!r}")
    if degree in (2.0, 3.0):
        square = pen.op("Mul", inner, inner)
        return square if degree == 2 else pen.op("Mul", square, inner)
    return pen.op("Pow", inner, np.float32(degree))


def _distances(x: Value, vectors: Array, pen: Builder) -> Value:
    """Squared distances, summed as they are: differences of squares would cancel."""

    def expression(rows: Any, others: Any) -> Any:
        from tvm import te

        k = te.reduce_axis((0, vectors.shape[1]), "k")

        def element(i: Any, j: Any) -> Any:
            apart = rows[i, k] - others[j, k]
            return te.sum(apart * apart, axis=k)

        return te.compute((rows.shape[0], vectors.shape[0]), element, name="distance")

    shape = (pen.shape(x)[0], vectors.shape[0])
    return pen.compute("distance", expression, x, vectors, dtype="float32", shape=shape)


def _numbers(node: Node, name: str) -> Array:
    import numpy as np

    return np.array(node.attribute(name) or [], np.float32)
