"""A forest: binary decision trees in one form, whatever library grew them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Any

from sagectl.compiler.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    Array = np.ndarray[Any, Any]

LEAF = -1
_DEEPEST = 100_000


class Missing(IntEnum):
    """Where a node sends a value that is not there."""

    LEFT = 0  # NaN goes left
    RIGHT = 1  # NaN goes right
    AS_ZERO = 2  # NaN is read as zero
    ZERO_LEFT = 3  # NaN, and what is nearly zero, goes left
    ZERO_RIGHT = 4  # NaN, and what is nearly zero, goes right


class Combination(StrEnum):
    """What becomes of the numbers of the leaves that a row comes to."""

    SUM = "sum"
    LEAST = "least"
    GREATEST = "greatest"


@dataclass(frozen=True, slots=True)
class Tree:
    """Nodes as arrays, the root first; a leaf's ``feature`` is LEAF.

    A row goes right where its value is greater than or equal to ``threshold``; in a node of
    ``categories`` where it is one of the set (32 categories to a word, lowest bit first); in
    a node of ``numbers`` where it equals one of them.
    ``values[node]`` is what a leaf adds to the outputs from ``target`` on.
    """

    feature: Array
    threshold: Array
    left: Array
    right: Array
    missing: Array
    values: Array
    target: int = 0
    categories: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    numbers: Mapping[int, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees whose leaves are combined, in order, with ``base``: one number per output.

    Rows have ``features`` values of the trees' thresholds' dtype; sums have that of ``base``.
    """

    features: int
    trees: tuple[Tree, ...]
    base: Array
    combination: Combination = Combination.SUM

    @property
    def outputs(self) -> int:
        return len(self.base)


def with_a_split(forest: Forest) -> Forest:
    """The forest itself, or, where all trees are single leaves, one whose first tree asks.

    What it asks makes no difference: both answers are the leaf.
    """
    import numpy as np

    first = forest.trees[0]
    if any((tree.feature != LEAF).any() for tree in forest.trees):
        return forest
    asking = replace(
        first,
        feature=np.array([0, LEAF, LEAF], np.int64),
        threshold=np.zeros(3, first.threshold.dtype),
        left=np.array([1, 0, 0], np.int64),
        right=np.array([2, 0, 0], np.int64),
        missing=np.full(3, Missing.LEFT, np.int64),
        values=np.repeat(first.values[:1], 3, axis=0),
    )
    return replace(forest, trees=(asking, *forest.trees[1:]))


def at_least(thresholds: Array, dtype: str) -> Array:
    """For ``x > threshold`` over doubles: the least ``dtype`` numbers that are greater.

    ``x <= threshold`` sends left in LightGBM and scikit-learn. An infinite threshold stays:
    scikit-learn, which refuses infinite values, parts what is missing from all else by it.
    """
    import numpy as np

    wide = np.asarray(thresholds, np.float64)
    with np.errstate(over="ignore"):
        near = wide.astype(dtype)
        above = np.nextafter(near, np.asarray(np.inf, dtype))
    return np.where(near.astype(np.float64) > wide, near, above)


def require_sound(forest: Forest, file: str) -> None:
    """Raise RequestError (reason "format") for nodes that do not make a tree."""
    if fault := unsound(forest):
        raise RequestError(
            f"{file} holds {fault}",
            stage="import",
            reason="format",
            hint="The file is damaged, or was not written by the framework: save it again.",
        )


def unsound(forest: Forest) -> str | None:
    """What is wrong with nodes that do not make a tree; None where they do."""
    for number, tree in enumerate(forest.trees):
        if fault := _fault(tree, forest):
            return f"a broken tree (number {number}): {fault}"
    return None


def _fault(tree: Tree, forest: Forest) -> str | None:
    """Follow the children level by level, in whole arrays: a node has one parent."""
    import numpy as np

    count = len(tree.feature)
    if not count:
        return "it has no nodes"
    if not 0 <= tree.target <= forest.outputs - tree.values.shape[1]:
        return f"it adds to output {tree.target} of {forest.outputs}"
    seen = np.zeros(count, bool)
    level = np.zeros(1, np.int64)
    for _ in range(_DEEPEST):
        seen[level] = True
        inner = level[tree.feature[level] != LEAF]
        if not inner.size:
            return None
        if np.isnan(tree.threshold[inner]).any():
            return "a node compares with NaN"
        features = tree.feature[inner]
        if features.min() < 0 or features.max() >= forest.features:
            return f"a node asks for feature {features.max()} of {forest.features}"
        level = np.concatenate([tree.left[inner], tree.right[inner]]).astype(np.int64)
        if level.min() < 0 or level.max() >= count:
            return "a node's child is not there"
        if seen[level].any() or len(np.unique(level)) != len(level):
            return "a node has two parents"
    return f"it is deeper than {_DEEPEST} levels"
