"""Forests out of ONNX-ML's attributes, in the form that the compiler's own lowering takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.onnx.graph import Unsupported
from sagectl.compiler.frontends.trees.forest import (
    LEAF,
    Combination,
    Forest,
    Missing,
    Tree,
    at_least,
    unsound,
)

if TYPE_CHECKING:
    import numpy as np

    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value

    Array = np.ndarray[Any, Any]

# Wide enough for the widest processors; narrower ones take a vector in parts.
VECTOR_BYTES = 64

MODES = (
    "BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ",
    "BRANCH_MEMBER",
)  # fmt: skip
COMBINATIONS = {"MIN": Combination.LEAST, "MAX": Combination.GREATEST}


@dataclass(slots=True)
class Nodes:
    """A tree's nodes, the root first: what each asks, of what, and where it leads.

    ``mode`` is "LEAF" or one of MODES; ``leaf`` has the (output, number) pairs of leaves.
    A value that is missing goes where ``tracks`` says that the answer to it is yes.
    """

    mode: list[str]
    feature: list[int]
    value: list[float]
    yes: list[int]
    no: list[int]
    tracks: list[bool]
    leaf: list[list[tuple[int, float]]]
    members: dict[int, tuple[float, ...]]


def forest_of(
    trees: list[Nodes], features: int, outputs: int, dtype: Any, combination: Combination
) -> Forest:
    """The forest of ``trees`` over rows of ``dtype``; raises Unsupported for broken ones.

    Sums begin at nothing: what else is to be added is the caller's to add.
    """
    import numpy as np

    start = {Combination.LEAST: np.inf, Combination.GREATEST: -np.inf}.get(combination, 0.0)
    # Where each tree adds to one output alone, its leaves need but one number.
    aims = [{output for leaf in tree.leaf for output, _ in leaf} for tree in trees]
    is_single = all(len(each) == 1 for each in aims)
    made = []
    for tree, aim in zip(trees, aims, strict=True):
        target = min(aim) if is_single else 0
        values = np.full((len(tree.mode), 1 if is_single else outputs), start, dtype)
        for place, leaf in enumerate(tree.leaf):
            for output, number in leaf:
                values[place, output - target] = number
        made.append(replace(_tree(tree, dtype), values=values, target=target))
    base = np.full(outputs, start, dtype)
    forest = Forest(features, tuple(made), base, combination)
    if fault := unsound(forest):
        raise Unsupported(f"it has {fault}")
    return forest


def _tree(nodes: Nodes, dtype: Any) -> Tree:
    """The nodes with yes and no turned to right and left, as the comparison wants it."""
    import numpy as np

    mode = np.array(nodes.mode)
    value = np.array(nodes.value, dtype)
    tracks = np.array(nodes.tracks, bool)
    is_leaf = mode == "LEAF"
    unknown = sorted(set(nodes.mode) - {*MODES, "LEAF"})
    if unknown:
        raise Unsupported(f"nodes of mode {', '.join(unknown)}")
    # Nothing is above infinity: there only what is missing parts from the rest.
    is_endless = np.isin(mode, ("BRANCH_LEQ", "BRANCH_GT")) & (value == np.inf)
    numbers: dict[int, tuple[float, ...]] = {int(at): () for at in np.flatnonzero(is_endless)}
    for at in np.flatnonzero(np.isin(mode, ("BRANCH_EQ", "BRANCH_NEQ"))):
        numbers[int(at)] = (float(value[at]),)
    numbers |= nodes.members
    is_yes_left = np.isin(mode, ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_NEQ"))
    yes, no = np.array(nodes.yes, np.int64), np.array(nodes.no, np.int64)
    beyond = np.isin(mode, ("BRANCH_LEQ", "BRANCH_GT"))
    threshold = np.where(beyond, at_least(value, str(dtype)), value).astype(dtype)
    threshold[list(numbers)] = 1
    goes_left = np.where(mode == "BRANCH_NEQ", True, is_yes_left == tracks)
    return Tree(
        feature=np.where(is_leaf, LEAF, nodes.feature),
        threshold=threshold,
        left=np.where(is_yes_left, yes, no),
        right=np.where(is_yes_left, no, yes),
        missing=np.where(goes_left, Missing.LEFT, Missing.RIGHT),
        values=np.zeros((len(mode), 1), dtype),
        numbers=numbers,
    )


def listed(node: Node, name: str, dtype: Any) -> Array:
    """Numbers that a node has as a list, or as a tensor under the longer name."""
    import numpy as np
    from onnx import numpy_helper

    tensor = node.attribute(f"{name}_as_tensor")
    found = node.attribute(name) if tensor is None else numpy_helper.to_array(tensor)
    given = np.asarray([] if found is None else found).reshape(-1)
    if tensor is not None and given.size and given.dtype != dtype:
        raise Unsupported(f"{name}_as_tensor of {given.dtype} for rows of {dtype}")
    return given.astype(dtype)


def rows_of(node: Node, pen: Builder) -> Value:
    """The node's rows as a matrix of the numbers that its thresholds are compared in."""
    x = node.required(0)
    if x.dtype is not None and x.dtype.kind != "f":
        x = pen.cast(x, "float32")
    if str(x.dtype) not in ("float32", "float64"):
        raise Unsupported(f"rows of {x.dtype}")
    shape = pen.shape(x)
    return x if len(shape) == 2 else pen.reshape(x, (-1, shape[-1]))


def told(trees: list[Nodes], outputs: int) -> list[bool | None]:
    """Of each output, whether a leaf on every row's way tells of it; None where it depends."""
    found: list[bool | None] = []
    for place in range(outputs):
        leaves = [
            [any(place == output for output, _ in leaf) for leaf in tree.leaf if leaf]
            for tree in trees
        ]
        is_sure = any(map(all, leaves))
        found.append(None if not is_sure and any(map(any, leaves)) else is_sure)
    return found


def touched(x: Value, trees: list[Nodes], outputs: int, pen: Builder) -> Value:
    """Whether a leaf on a row's way tells of an output, ``[rows, outputs]``."""
    import numpy as np

    counted = [
        replace(tree, leaf=[[(output, 1.0) for output, _ in leaf] for leaf in tree.leaf])
        for tree in trees
    ]
    forest = forest_of(counted, pen.shape(x)[1], outputs, x.dtype, Combination.SUM)
    return pen.op("Greater", grown(x, forest, pen), np.array(0, x.dtype))


def grown(x: Value, forest: Forest, pen: Builder) -> Value:
    """What the forest makes of rows: ``[rows, outputs]``, of the rows' type."""
    from sagectl.compiler.frontends.trees.lowering import NAME, nest_of

    nest, arrays = nest_of(forest, VECTOR_BYTES)
    shape = (pen.shape(x)[0], forest.outputs)
    return pen.compute(NAME, nest, x, *arrays, dtype=forest.base.dtype, shape=shape)
