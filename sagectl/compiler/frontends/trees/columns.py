"""Columns: what the nodes of a forest ask of a row, each question prepared once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.trees.forest import LEAF, Missing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sagectl.compiler.frontends.trees.forest import Array, Forest, Tree

# Numbers of thresholds in one column, so that a row's place among them is one byte.
MOST_THRESHOLDS = 255

# Values nearer to zero than this are zero to LightGBM (kZeroThreshold in its meta.h).
_NEARLY_ZERO = 1.0000000180025095e-35


@dataclass(frozen=True, slots=True)
class Column:
    """A value derived from a row: a feature with its missing values sent left or right.

    ``words`` make it one or zero, for in the set or not. ``thresholds`` are those of all
    nodes that look at it, ascending.
    """

    feature: int
    missing: Missing
    words: tuple[int, ...] | None = None
    thresholds: tuple[float, ...] = ()

    @property
    def order(self) -> tuple[bool, int]:
        return self.words is not None, self.missing


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns in order (numbers by the rule for missing values, then sets).

    ``node`` gives each inner node, trees one after the other, its column, ``bin`` the number
    of thresholds of its column up to its own, which a row must reach to go right.
    """

    columns: tuple[Column, ...]
    node: Array
    bin: Array

    def groups(self) -> list[tuple[int, int, Missing, bool]]:
        """The runs of columns that are prepared alike: first, count, rule, is a set."""
        runs: list[tuple[int, int, Missing, bool]] = []
        for place, column in enumerate(self.columns):
            of_set = column.words is not None
            if runs and runs[-1][2:] == (column.missing, of_set):
                first, count, *_ = runs[-1]
                runs[-1] = (first, count + 1, column.missing, of_set)
            else:
                runs.append((place, 1, column.missing, of_set))
        return runs


def whole_columns(forest: Forest) -> Columns:
    """A column per feature, rule and set, to be compared with the thresholds themselves."""
    return _columns(forest, limit=None)


def binned_columns(forest: Forest) -> Columns:
    """The same, a feature of many thresholds in several columns of at most 255."""
    return _columns(forest, limit=MOST_THRESHOLDS)


def _columns(forest: Forest, limit: int | None) -> Columns:
    import numpy as np

    asked: dict[tuple[Any, ...], list[tuple[int, float]]] = {}
    total = 0
    for tree in forest.trees:
        for index in np.flatnonzero(tree.feature != LEAF):
            key = _key(tree, int(index))
            asked.setdefault(key, []).append((total, float(tree.threshold[index])))
            total += 1
    node, bins = np.zeros(total, np.int32), np.zeros(total, np.int32)
    made: list[tuple[Column, Array, Array]] = []
    for (feature, missing, words), uses in asked.items():
        places = np.array([place for place, _ in uses])
        wanted = np.array([threshold for _, threshold in uses])
        if words is not None:
            column = Column(feature, Missing(missing), words, (1.0,))
            made.append((column, places, np.ones(len(places), np.int32)))
            continue
        known = np.unique(wanted)
        step = limit or len(known)
        for first in range(0, len(known), step):
            part = known[first : first + step]
            ours = (wanted >= part[0]) & (wanted <= part[-1])
            ranks = np.searchsorted(part, wanted[ours], side="left") + 1
            column = Column(feature, Missing(missing), None, tuple(part.tolist()))
            made.append((column, places[ours], ranks))
    made.sort(key=lambda each: each[0].order)
    for number, (_, places, ranks) in enumerate(made):
        node[places] = number
        bins[places] = ranks
    return Columns(tuple(column for column, _, _ in made), node, bins)


def _key(tree: Tree, index: int) -> tuple[Any, ...]:
    return int(tree.feature[index]), int(tree.missing[index]), tree.categories.get(index)


def packed_words(columns: Sequence[Column]) -> tuple[Array, Array, Array]:
    """The sets of all columns: words, and each column's first word and number of words."""
    import numpy as np

    words: list[int] = []
    first, count = [], []
    for column in columns:
        first.append(len(words))
        count.append(len(column.words or ()))
        words += column.words or ()
    return (
        np.array([*words, 0], np.uint32),
        np.array(first, np.int32),
        np.array(count, np.int32),
    )


def resolved(x: Any, rule: Missing, dtype: str) -> Any:
    """A TIR number whose missing values compare as the rule says: NaN left, infinity right."""
    from tvm import tirx

    absent = tirx.isnan(x)
    if rule is Missing.AS_ZERO:
        return tirx.Select(absent, tirx.const(0, dtype), x)
    if rule in (Missing.ZERO_LEFT, Missing.ZERO_RIGHT):
        small = tirx.const(_NEARLY_ZERO, dtype)
        nothing = tirx.const(0, dtype)
        absent = tirx.any(absent, tirx.all(x >= nothing - small, x <= small))
    if rule is Missing.LEFT:
        return x
    side = float("nan") if rule is Missing.ZERO_LEFT else float("inf")
    return tirx.Select(absent, tirx.const(side, dtype), x)


def contained(x: Any, words: Any, first: Any, count: Any, rule: Missing, dtype: str) -> Any:
    """One, as a TIR number, where ``x`` is a category of the set, else zero.

    A number is the category that it is cut off to, where the rule is AS_ZERO a negative one
    too; what is missing is in the set where the rule sends it right.
    """
    from tvm import tirx

    nothing, one = tirx.const(0, dtype), tirx.const(1, dtype)
    first_known = x > nothing - one if rule is Missing.AS_ZERO else x >= nothing
    known = tirx.all(first_known, x < tirx.Cast(dtype, count * 32))
    category = tirx.Cast("int32", tirx.Select(known, x, nothing))
    word = words[first + tirx.Select(known, category >> 5, tirx.const(0, "int32"))]
    bit = (word >> tirx.Cast("uint32", category & 31)) & tirx.const(1, "uint32")
    member = tirx.Select(known, tirx.Cast(dtype, bit), nothing)
    return tirx.Select(tirx.isnan(x), one if rule is Missing.RIGHT else nothing, member)
