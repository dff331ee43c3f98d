"""One step of the training operators Adagrad, Adam and Momentum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> list[Value]:
    states = 2 if node.op == "Adam" else 1
    tensors = [each for each in node.inputs[2:] if each is not None]
    count = len(tensors) // (2 + states)
    groups = [tensors[first::count] for first in range(count)]
    results = [STEPS[node.op](node, *group, pen) for group in groups]
    return [row[place] for place in range(1 + states) for row in results]


def _regularised(node: Node, x: Value, gradient: Value, pen: Builder) -> Value:
    factor = pen.scalar(node.attribute("norm_coefficient", 0.0), x)
    return pen.op("Add", gradient, pen.op("Mul", x, factor))


def _decayed(node: Node, pen: Builder) -> Value:
    """The learning rate of this step."""
    rate, count = node.required(0), pen.cast(node.required(1), "float32")
    decay = pen.op("Mul", count, pen.scalar(node.attribute("decay_factor", 0.0), count))
    return pen.op("Div", rate, pen.cast(pen.op("Add", decay, pen.scalar(1, decay)), rate.dtype))


def _adagrad(
    node: Node, x: Value, gradient: Value, squares: Value, pen: Builder
) -> list[Value]:
    gradient = _regularised(node, x, gradient, pen)
    squares = pen.op("Add", squares, pen.op("Mul", gradient, gradient))
    epsilon = pen.scalar(node.attribute("epsilon", 1e-6), x)
    adapted = pen.op("Div", gradient, pen.op("Add", pen.op("Sqrt", squares), epsilon))
    return [pen.op("Sub", x, pen.op("Mul", _decayed(node, pen), adapted)), squares]


def _adam(
    node: Node, x: Value, gradient: Value, first: Value, second: Value, pen: Builder
) -> list[Value]:
    alpha, beta = node.attribute("alpha", 0.9), node.attribute("beta", 0.999)
    gradient = _regularised(node, x, gradient, pen)
    first = _mixed(first, gradient, alpha, pen)
    second = _mixed(second, pen.op("Mul", gradient, gradient), beta, pen)
    epsilon = pen.scalar(node.attribute("epsilon", 1e-6), x)
    root = pen.op("Add", pen.op("Sqrt", second), epsilon)
    rate = _unbiased(node, x, alpha, beta, pen)
    moved = pen.op("Sub", x, pen.op("Div", pen.op("Mul", rate, first), root))
    kept = 1 - node.attribute("norm_coefficient_post", 0.0)
    return [pen.op("Mul", moved, pen.scalar(kept, x)), first, second]


def _mixed(old: Value, new: Value, share: float, pen: Builder) -> Value:
    kept = pen.op("Mul", old, pen.scalar(share, old))
    return pen.op("Add", kept, pen.op("Mul", new, pen.scalar(1 - share, old)))


def _unbiased(node: Node, x: Value, alpha: float, beta: float, pen: Builder) -> Value:
    """The rate, corrected for moments that started at zero; from the second step on."""
    count, rate = pen.cast(node.required(1), x.dtype), pen.cast(node.required(0), x.dtype)
    one = pen.scalar(1, x)
    second = pen.op("Sub", one, pen.op("Pow", pen.scalar(beta, x), count))
    first = pen.op("Sub", one, pen.op("Pow", pen.scalar(alpha, x), count))
    is_later = pen.op("Greater", count, pen.scalar(0, x))
    safe = pen.op("Where", is_later, first, one)
    corrected = pen.op("Div", pen.op("Mul", rate, pen.op("Sqrt", second)), safe)
    return pen.op("Where", is_later, corrected, rate)


def _momentum(node: Node, x: Value, gradient: Value, speed: Value, pen: Builder) -> list[Value]:
    rate, count = pen.cast(node.required(0), x.dtype), node.required(1)
    alpha, beta = pen.scalar(node.attribute("alpha"), x), pen.scalar(node.attribute("beta"), x)
    gradient = _regularised(node, x, gradient, pen)
    is_later = pen.op("Greater", count, pen.scalar(0, count))
    share = pen.op("Where", is_later, beta, pen.scalar(1, x))
    speed = pen.op("Add", pen.op("Mul", alpha, speed), pen.op("Mul", share, gradient))
    direction = speed
    if node.attribute("mode") == "nesterov":
        direction = pen.op("Add", gradient, pen.op("Mul", alpha, speed))
    return [pen.op("Sub", x, pen.op("Mul", rate, direction)), speed]


STEPS: dict[str, Callable[..., Any]] = {
    "Adagrad": _adagrad,
    "Adam": _adam,
    "Momentum": _momentum,
}
