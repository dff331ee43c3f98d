"""Columns: what the nodes of a forest ask of a row, each question prepared once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.trees.forest import LEAF, Missing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sagectl.compiler.frontends.trees.forest import Array, Forest, Tree

# Numbers of thresholds in one column, so that a row's place among them is one byte.
MOST_THRESHOLDS = 255

# Values nearer to zero than this are zero to LightGBM (kZeroThreshold in its meta.h).
_NEARLY_ZERO = 1.0000000180025095e-35


class Question(IntEnum):
    """What a column says of a feature."""

    SIZE = 0  # its value
    CATEGORY = 1  # one where it is in a set of categories, else zero
    NUMBER = 2  # one where it equals one of some numbers, else zero


@dataclass(frozen=True, slots=True)
class Column:
    """A value derived from a row: a feature with its missing values sent left or right.

    ``words`` or ``numbers`` make it one or zero, for in the set or not. ``thresholds`` are
    those of all nodes that look at it, ascending.
    """

    feature: int
    missing: Missing
    words: tuple[int, ...] | None = None
    numbers: tuple[float, ...] | None = None
    thresholds: tuple[float, ...] = (1.0,)

    @property
    def question(self) -> Question:
        if self.words is not None:
            return Question.CATEGORY
        return Question.SIZE if self.numbers is None else Question.NUMBER

    @property
    def order(self) -> tuple[int, int]:
        return self.question, self.missing


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns in order (by what they say, then by the rule for missing values).

    ``node`` gives each inner node, trees one after the other, its column, ``bin`` the number
    of thresholds of its column up to its own, which a row must reach to go right.
    """

    columns: tuple[Column, ...]
    node: Array
    bin: Array

    def groups(self) -> list[tuple[int, int, Missing, Question]]:
        """The runs of columns that are prepared alike: first, count, rule, question."""
        runs: list[tuple[int, int, Missing, Question]] = []
        for place, column in enumerate(self.columns):
            if runs and runs[-1][2:] == (column.missing, column.question):
                first, count, *_ = runs[-1]
                runs[-1] = (first, count + 1, column.missing, column.question)
            else:
                runs.append((place, 1, column.missing, column.question))
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
    for (feature, missing, words, numbers), uses in asked.items():
        places = np.array([place for place, _ in uses])
        wanted = np.array([threshold for _, threshold in uses])
        if words is not None or numbers is not None:
            column = Column(feature, Missing(missing), words, numbers)
            made.append((column, places, np.ones(len(places), np.int32)))
            continue
        known = np.unique(wanted)
        step = limit or len(known)
        for first in range(0, len(known), step):
            part = known[first : first + step]
            ours = (wanted >= part[0]) & (wanted <= part[-1])
            ranks = np.searchsorted(part, wanted[ours], side="left") + 1
            column = Column(feature, Missing(missing), thresholds=tuple(part.tolist()))
            made.append((column, places[ours], ranks))
    made.sort(key=lambda each: each[0].order)
    for number, (_, places, ranks) in enumerate(made):
        node[places] = number
        bins[places] = ranks
    return Columns(tuple(column for column, _, _ in made), node, bins)


def _key(tree: Tree, index: int) -> tuple[Any, ...]:
    sets = tree.categories.get(index), tree.numbers.get(index)
    return int(tree.feature[index]), int(tree.missing[index]), *sets


def packed_sets(columns: Sequence[Column], dtype: Any) -> dict[str, Array]:
    """The sets of all columns: words and numbers, each column's first one, and how many."""
    import numpy as np

    words: list[int] = []
    numbers: list[float] = []
    first, count = [], []
    for column in columns:
        is_numbers = column.question is Question.NUMBER
        first.append(len(numbers) if is_numbers else len(words))
        count.append(len((column.numbers if is_numbers else column.words) or ()))
        words += column.words or ()
        numbers += column.numbers or ()
    found = {
        "words": np.array([*words, 0], np.uint32),
        "first": np.array(first, np.int32),
        "count": np.array(count, np.int32),
    }
    asks = any(column.question is Question.NUMBER for column in columns)
    return {**found, "numbers": np.array([*numbers, 0], dtype)} if asks else found


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


def equalled(x: Any, numbers: Any, first: Any, count: Any, rule: Missing, dtype: str) -> Any:
    """One, as a TIR number, where ``x`` equals one of ``count`` numbers, else zero.

    Emits the search. What is missing is one of them where the rule sends it right.
    """
    from tvm import tirx
    from tvm.script.ir_builder import tirx as T  # noqa: N812

    nothing, one = tirx.const(0, dtype), tirx.const(1, dtype)
    found = T.buffer_proxy(T.decl_buffer([1], dtype, scope="global"))
    found[0] = tirx.Select(tirx.isnan(x), one if rule is Missing.RIGHT else nothing, nothing)
    with T.serial(0, count) as place:
        found[0] = tirx.Select(x == numbers[first + place], one, found[0])
    return found[0]
