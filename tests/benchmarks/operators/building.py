"""Models of one operator, or of few, written in a line."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import ValueInfoProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Callable

    from onnx import ModelProto

    Rows = dict[str, Callable[[], ModelProto]]

Shape = tuple[int, ...]
FLOAT = "float32"


@dataclass(frozen=True, slots=True)
class Fed:
    """An input of the model."""

    shape: Shape
    dtype: str = FLOAT


@dataclass(frozen=True, slots=True)
class Held:
    """A constant of random values."""

    shape: Shape
    dtype: str = FLOAT
    scale: float = 0.125


def fed(*shape: int, dtype: str = FLOAT) -> Fed:
    return Fed(shape, dtype)


def held(*shape: int, dtype: str = FLOAT, scale: float = 0.125) -> Held:
    return Held(shape, dtype, scale)


def values(dtype: str, shape: Shape, seed: int = 0) -> np.ndarray[Any, Any]:
    """Normally distributed values; integers of small size, none of them zero."""
    random = np.random.default_rng(seed)
    if dtype == "bool":
        return random.integers(0, 2, shape).astype(bool)
    if np.dtype(dtype).kind in "iu":
        return random.integers(1, 100, shape).astype(dtype)
    return random.standard_normal(shape).astype(dtype)


def row(operator: str, *operands: Any, **rest: Any) -> Callable[[], ModelProto]:
    """The model of one operator: ``single`` with its operands, made when it is asked for."""
    return partial(single, operator, *operands, **rest)


def single(
    operator: str, *operands: Any, outputs: int = 1, opset: int = 17, **attributes: Any
) -> ModelProto:
    """A model of one node; operands are ``Fed``, ``Held``, arrays, or None where left out."""
    names = ["" if each is None else f"x{place}" for place, each in enumerate(operands)]
    made = [f"y{place}" if place else "y" for place in range(outputs)]
    node = helper.make_node(operator, names, made, **attributes)
    named = {name: each for name, each in zip(names, operands, strict=True) if name}
    return several([node], named, outputs=made, opset=opset)


def several(
    nodes: list[Any],
    operands: dict[str, Any],
    outputs: list[str] | None = None,
    opset: int = 17,
) -> ModelProto:
    """A model of several nodes, whose result is ``y``."""
    inputs, constants = [], []
    for seed, (name, each) in enumerate(operands.items()):
        if isinstance(each, Fed):
            kind = helper.np_dtype_to_tensor_dtype(np.dtype(each.dtype))
            inputs.append(helper.make_tensor_value_info(name, kind, each.shape))
            continue
        array = each
        if isinstance(each, Held):
            drawn = values(each.dtype, each.shape, seed)
            array = drawn * drawn.dtype.type(each.scale) if drawn.dtype.kind == "f" else drawn
        constants.append(numpy_helper.from_array(np.asarray(array), name))
    results = [ValueInfoProto(name=name) for name in outputs or ["y"]]
    graph = helper.make_graph(nodes, "bench", inputs, results, constants)
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10
    )
