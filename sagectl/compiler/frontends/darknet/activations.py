"""Darknet's activations as ONNX nodes, after ``activations.h``."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from sagectl.compiler.frontends.darknet.network import Graph
    from sagectl.compiler.frontends.darknet.reading import Section

    Activation = Callable[[Graph, str], str]


def activated(graph: Graph, section: Section, x: str, default: str) -> str:
    """What becomes of ``x``; raises ValueError for an activation that is not known."""
    name = section.text("activation", default)
    if name not in ACTIVATIONS:
        raise ValueError(f"the activation {name!r} is not known")
    return ACTIVATIONS[name](graph, x)


def _plain(operator: str, **attributes: Any) -> Activation:
    """One that ONNX has."""
    return lambda graph, x: graph.add(operator, [x], **attributes)


def _linear(_graph: Graph, x: str) -> str:
    return x


def _swish(graph: Graph, x: str) -> str:
    return graph.add("Mul", [x, graph.add("Sigmoid", [x])])


def _clipped(least: float, most: float) -> Activation:
    def convert(graph: Graph, x: str) -> str:
        import numpy as np

        bounds = [graph.constant(np.float32(each)) for each in (least, most)]
        return graph.add("Clip", [x, *bounds])

    return convert


ACTIVATIONS: Mapping[str, Activation] = MappingProxyType(
    {
        "elu": _plain("Elu"),
        "hardtan": _clipped(-1, 1),
        "leaky": _plain("LeakyRelu", alpha=0.1),
        "linear": _linear,
        "logistic": _plain("Sigmoid"),
        "mish": _plain("Mish"),
        "relie": _plain("LeakyRelu", alpha=0.01),
        "relu": _plain("Relu"),
        "relu6": _clipped(0, 6),
        "selu": _plain("Selu", alpha=1.6732, gamma=1.0507),
        "swish": _swish,
        "tanh": _plain("Tanh"),
    }
)
