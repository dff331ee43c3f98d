"""What ONNX-ML's models make of their scores, as onnxruntime's ml_common.h has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.compiler.frontends.onnx.graph import Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable

    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value

# Scores nearer to zero than this are none to SOFTMAX_ZERO.
_NONE = 1e-7


def classes_of(node: Node, name: str) -> list[int]:
    """The labels of a classifier, which are numbers."""
    if node.attribute("classlabels_strings"):
        raise Unsupported("labels that are text: let the model's labels be numbers")
    labels = [int(each) for each in node.attribute(name) or []]
    if len(labels) < 2:
        raise Unsupported("a classifier of fewer than two classes")
    return labels


def transformed(scores: Value, transform: str, pen: Builder) -> Value:
    """Scores of several outputs ``[rows, outputs]``; computed in single precision."""
    if transform not in TRANSFORMS:
        raise Unsupported(f"post_transform {transform!r}")
    if transform == "NONE":
        return scores
    made = TRANSFORMS[transform](pen.cast(scores, "float32"), pen)
    return pen.cast(made, scores.dtype)


def two_columns(first: Value, second: Value, pen: Builder) -> Value:
    return pen.concat([first, second], axis=1)


def opposed(scores: Value, transform: str, *, is_share: bool, pen: Builder) -> Value:
    """The two columns of one score ``[rows, 1]``: of the first class, and of the second.

    ``is_share`` where the score is the second's share of one, else it is for or against.
    Of the transforms LOGISTIC alone is known to one score.
    """
    import numpy as np

    if transform == "PROBIT":
        raise Unsupported("PROBIT of two classes with one score")
    if is_share and transform != "LOGISTIC":
        return two_columns(pen.op("Sub", np.array(1, scores.dtype), scores), scores, pen)
    both = two_columns(pen.op("Neg", scores), scores, pen)
    return transformed(both, transform, pen) if transform == "LOGISTIC" else both


def chosen(place: Value, labels: list[int], pen: Builder) -> Value:
    """The labels at places ``[rows]``."""
    import numpy as np

    if labels == list(range(len(labels))):
        return pen.cast(place, "int64")
    return pen.op("Gather", np.array(labels, np.int64), place, axis=0)


def best(scores: Value, labels: list[int], pen: Builder) -> Value:
    """The label of the first of a row's largest scores."""
    return chosen(pen.op("ArgMax", scores, axis=1, keepdims=0), labels, pen)


def above(score: Value, bound: float, labels: list[int], pen: Builder) -> Value:
    """The second label where the score ``[rows, 1]`` is above the bound, else the first."""
    import numpy as np

    flat = pen.reshape(score, (pen.shape(score)[0],))
    is_above = pen.op("Greater", flat, np.array(bound, score.dtype))
    return pen.op("Where", is_above, np.int64(labels[1]), np.int64(labels[0]))


def _logistic(scores: Value, pen: Builder) -> Value:
    return pen.op("Sigmoid", scores)


def _softmax(scores: Value, pen: Builder) -> Value:
    return pen.op("Softmax", scores, axis=-1)


def _softmax_zero(scores: Value, pen: Builder) -> Value:
    """Softmax whose zeros stay zeros, and are not summed."""
    most = pen.reduce("ReduceMax", scores, (1,))
    powers = pen.op("Exp", pen.op("Sub", scores, most))
    is_some = pen.op("Greater", pen.op("Abs", scores), pen.scalar(_NONE, scores))
    nothing = pen.scalar(0, scores)
    total = pen.reduce("ReduceSum", pen.op("Where", is_some, powers, nothing), (1,))
    rest = pen.op("Mul", scores, pen.op("Exp", pen.op("Neg", most)))
    return pen.op("Div", pen.op("Where", is_some, powers, rest), total)


def _probit(scores: Value, pen: Builder) -> Value:
    """The normal distribution's quantile, by Winitzki's approximation of erf."""
    import numpy as np

    def number(value: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return np.array(value, np.float32)

    x = pen.op("Sub", pen.op("Mul", scores, number(2)), number(1))
    product = pen.op("Mul", pen.op("Sub", number(1), x), pen.op("Add", number(1), x))
    log = pen.op("Log", product)
    v = pen.op("Add", pen.op("Mul", log, number(0.5)), number(2 / (3.14159 * 0.147)))
    inner = pen.op("Sub", pen.op("Mul", v, v), pen.op("Mul", log, number(1 / 0.147)))
    root = pen.op("Sqrt", pen.op("Sub", pen.op("Sqrt", inner), v))
    side = pen.op("Where", pen.op("Less", x, number(0)), number(-1), number(1))
    return pen.op("Mul", pen.op("Mul", root, side), number(1.41421356))


TRANSFORMS: dict[str, Callable[[Value, Builder], Value]] = {
    "NONE": lambda scores, pen: scores,
    "LOGISTIC": _logistic,
    "SOFTMAX": _softmax,
    "SOFTMAX_ZERO": _softmax_zero,
    "PROBIT": _probit,
}
