"""The loop nests that take rows through a forest: one by one, or many side by side.

Few rows walk down each tree, step by step without a branch; trees overlap in the processor's
window. Many rows are first turned into bytes, the place of each value among the thresholds of
its column; then every node is decided for a block of rows by one vector comparison, and the
numbers of leaves, bytes too, are chosen from the leaves up to the root. A vector of 64 bytes
takes 64 rows through a node in two instructions, where a walk needs five for each row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.trees.columns import (
    contained,
    equalled,
    packed_sets,
    resolved,
)
from sagectl.compiler.frontends.trees.forest import Combination
from sagectl.compiler.frontends.trees.plan import GROUP, WalkPlan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sagectl.compiler.frontends.trees.columns import Columns
    from sagectl.compiler.frontends.trees.forest import Array
    from sagectl.compiler.frontends.trees.plan import LanesPlan

# Rows of a block: their bytes for all slots and columns stay in the first-level cache.
BLOCK = 128
# Rows that walk down a tree together, so that its upper levels are read from the cache once.
STRIDE = 16

_WALKED = ("nodes", "root", "depth", "target", "value")
_LANES = (
    "column", "bin", "left", "right", "out", "start", "root", "offset", "target", "value",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rows:
    """What a nest reads and writes, flat: ``count`` rows, ``features`` and ``base`` wide."""

    x: Any
    out: Any
    count: Any
    features: int
    dtype: str
    base: Array
    width: int
    combination: Combination

    def value(self, row: Any, feature: Any) -> Any:
        return self.x[row * self.features + feature]

    def combined(self, before: Any, number: Any) -> Any:
        """What a leaf's number makes of those before it; the first of equals stays."""
        from tvm import tirx

        if self.combination is Combination.SUM:
            return before + number
        is_better = (
            number < before if self.combination is Combination.LEAST else number > before
        )
        return tirx.Select(is_better, number, before)


def constants(plan: WalkPlan | LanesPlan, dtype: str) -> dict[str, Array]:
    """The arrays that a nest of the plan reads from rows of ``dtype``, by name."""
    import numpy as np

    columns = plan.columns.columns
    feature = np.array([column.feature for column in columns] or [0], np.int32)
    found = {**packed_sets(columns, dtype), "feature": feature}
    if isinstance(plan, WalkPlan):
        return {**found, **{name: getattr(plan, name) for name in _WALKED}}
    return {**found, **_tables(plan), **{name: getattr(plan, name) for name in _LANES}}


def _tables(plan: LanesPlan) -> dict[str, Array]:
    """Each column's thresholds, padded for a search by halves with what nothing reaches."""
    import numpy as np

    columns = plan.columns.columns
    steps = [len(column.thresholds).bit_length() for column in columns]
    at = np.cumsum([0, *(1 << step for step in steps)])
    table = np.full(max(1, int(at[-1])), np.nan, plan.dtype)
    for begin, column in zip(at, columns, strict=False):
        table[begin : begin + len(column.thresholds)] = column.thresholds
    return {"table": table, "at": at.astype(np.int32), "steps": np.array([*steps, 0], np.int32)}


def walk(plan: WalkPlan, rows: Rows, read: Mapping[str, Any], first: Any, most: int) -> None:
    """Emit the walk of ``most`` rows, or of as many as there are, from ``first`` on."""
    from tvm import tirx
    from tvm.script.ir_builder import tirx as T  # noqa: N812

    width = len(plan.columns.columns) + 1
    outputs = len(rows.base)
    xs = _room(most * width, rows.dtype)
    count = 1 if most == 1 else T.bind(tirx.min(tirx.const(most, "int32"), rows.count - first))

    def keep(column: Any, value: Callable[[Any], Any]) -> None:
        with T.serial(0, count) as row:
            xs[row * width + column] = value(first + row)

    _prepare(plan.columns, rows, read, keep)
    with T.serial(0, count) as row:
        xs[row * width + width - 1] = tirx.const(float("nan"), rows.dtype)
        for place, start in enumerate(rows.base.tolist()):
            rows.out[(first + row) * outputs + place] = tirx.const(start, str(rows.base.dtype))
    whole, rest = divmod(len(plan.root), GROUP)
    with T.serial(0, whole) as group, T.serial(0, count) as row:
        line = T.bind(row * width)
        _stepped(plan, rows, read, (group, GROUP), first + row, lambda c: xs[line + c])
    if rest:
        with T.serial(0, count) as row:
            line = T.bind(row * width)
            _stepped(plan, rows, read, (whole, rest), first + row, lambda c: xs[line + c])


def _stepped(
    plan: WalkPlan,
    rows: Rows,
    read: Mapping[str, Any],
    trees: tuple[Any, int],
    row: Any,
    value: Callable[[Any], Any],
) -> None:
    """Take a row down the trees of a group, a step of each at a time; add in their order.

    ``trees`` are the group and how many it has, ``value`` is the row's, by column.
    """
    from tvm import tirx
    from tvm.script.ir_builder import tirx as T  # noqa: N812

    group, members = trees
    at = _room(GROUP, "int32")
    for tree in range(members):
        at[tree] = read["root"][group * GROUP + tree]
    mask, shift = (tirx.const(n, plan.word) for n in ((1 << plan.shift) - 1, plan.shift))
    with T.serial(0, read["depth"][group]):
        for tree in range(members):
            word = T.bind(read["nodes"][at[tree] * 2 + 1])
            threshold = _number(plan, read["nodes"][at[tree] * 2], rows.dtype)
            reached = value(tirx.Cast("int32", word & mask)) >= threshold
            at[tree] = tirx.Cast("int32", word >> shift) + tirx.Cast("int32", reached)
    for tree in range(members):
        head = T.bind(read["nodes"][at[tree] * 2])
        place = T.bind(row * len(rows.base) + read["target"][group * GROUP + tree])
        if plan.is_inline:
            number = _number(plan, head, str(rows.base.dtype))
            rows.out[place] = rows.combined(rows.out[place], number)
            continue
        with T.serial(0, plan.width) as part:
            number = read["value"][tirx.Cast("int32", head) + part]
            rows.out[place + part] = rows.combined(rows.out[place + part], number)


def _number(plan: WalkPlan, word: Any, dtype: str) -> Any:
    """The number whose bits are the lower part of a word."""
    from tvm import tirx

    bits = f"int{dtype.removeprefix('float')}"
    return tirx.reinterpret(dtype, word if bits == plan.word else tirx.Cast(bits, word))


def lanes(plan: LanesPlan, rows: Rows, read: Mapping[str, Any], first: Any) -> None:
    """Emit the way of a block of rows from ``first`` on; those beyond the last are not kept."""
    from tvm import tirx
    from tvm.script.ir_builder import tirx as T  # noqa: N812

    outputs = len(rows.base)
    bins = _room(max(1, len(plan.columns.columns)) * BLOCK, "uint8")
    slots = _room(plan.slots * BLOCK, "uint8")
    sums = _room(outputs * BLOCK, str(rows.base.dtype))
    _binned(plan, rows, read, first, bins)
    with T.serial(0, plan.leaves) as leaf, T.serial(0, BLOCK) as row:
        slots[leaf * BLOCK + row] = tirx.Cast("uint8", leaf)
    for place, start in enumerate(rows.base.tolist()):
        with T.serial(0, BLOCK) as row:
            sums[row * outputs + place] = tirx.const(start, str(rows.base.dtype))
    with T.serial(0, len(plan.root)) as tree:
        _decided(rows, read, tree, bins, slots)
        root, leaves = T.bind(read["root"][tree] * BLOCK), T.bind(read["offset"][tree])
        target = T.bind(read["target"][tree])
        with T.serial(0, BLOCK) as row, T.serial(0, plan.width) as part:
            place = row * outputs + target + part
            leaf = tirx.Cast("int32", slots[root + row])
            number = read["value"][leaves + leaf * plan.width + part]
            sums[place] = rows.combined(sums[place], number)
    kept = T.bind(tirx.min(tirx.const(BLOCK, "int32"), rows.count - first))
    with T.serial(0, kept) as row, T.serial(0, outputs) as place:
        rows.out[(first + row) * outputs + place] = sums[row * outputs + place]


def _binned(
    plan: LanesPlan, rows: Rows, read: Mapping[str, Any], first: Any, bins: Any
) -> None:
    """For each row and column, how many of the column's thresholds the value reaches."""
    from tvm import tirx
    from tvm.script.ir_builder import tirx as T  # noqa: N812

    xs, found = _room(BLOCK, rows.dtype), _room(BLOCK, "int32")
    nothing = tirx.const(0, "int32")

    def search(column: Any, value: Callable[[Any], Any]) -> None:
        with T.serial(0, BLOCK) as row:
            xs[row] = value(tirx.min(first + row, rows.count - 1))
            found[row] = nothing
        at, steps = T.bind(read["at"][column]), T.bind(read["steps"][column])
        with T.serial(0, steps) as step:
            half = T.bind(tirx.const(1, "int32") << (steps - 1 - step))
            with T.serial(0, BLOCK) as row:
                reached = xs[row] >= read["table"][at + found[row] + half - 1]
                found[row] = found[row] + tirx.Select(reached, half, nothing)
        with T.serial(0, BLOCK) as row:
            bins[column * BLOCK + row] = tirx.Cast("uint8", found[row])

    _prepare(plan.columns, rows, read, search)


def _decided(rows: Rows, read: Mapping[str, Any], tree: Any, bins: Any, slots: Any) -> None:
    """Run a tree's program: every node decided for the whole block."""
    from tvm import tirx
    from tvm.script.ir_builder import tirx as T  # noqa: N812

    start = T.bind(read["start"][tree])
    with T.serial(0, read["start"][tree + 1] - start) as step:
        at = {
            name: T.bind(read[name][start + step] * BLOCK)
            for name in ("column", "left", "right", "out")
        }
        wanted = T.bind(read["bin"][start + step])
        with T.unroll(0, BLOCK // rows.width) as vector, T.vectorized(0, rows.width) as lane:
            row = vector * rows.width + lane
            slots[at["out"] + row] = tirx.Select(
                bins[at["column"] + row] >= wanted,
                slots[at["right"] + row],
                slots[at["left"] + row],
            )


def _prepare(columns: Columns, rows: Rows, read: Mapping[str, Any], use: Any) -> None:
    """Loop over the columns; ``use(column, value)`` gets the function from row to value."""
    from tvm.script.ir_builder import tirx as T  # noqa: N812

    for begin, count, rule, question in columns.groups():
        with T.serial(begin, begin + count) as column:
            feature = T.bind(read["feature"][column])

            def value(row: Any, feature: Any = feature, rule: Any = rule) -> Any:
                return resolved(rows.value(row, feature), rule, rows.dtype)

            def member(
                row: Any, column: Any = column, feature: Any = feature, rule: Any = rule
            ) -> Any:
                words = (read["words"], read["first"][column], read["count"][column])
                return contained(rows.value(row, feature), *words, rule, rows.dtype)

            def one_of(
                row: Any, column: Any = column, feature: Any = feature, rule: Any = rule
            ) -> Any:
                numbers = (read["numbers"], read["first"][column], read["count"][column])
                return equalled(rows.value(row, feature), *numbers, rule, rows.dtype)

            use(column, (value, member, one_of)[question])


def _room(size: int, dtype: str) -> Any:
    from tvm.script.ir_builder import tirx as T  # noqa: N812

    # Less than a kilobyte of this scope is on the stack.
    return T.buffer_proxy(T.decl_buffer([size], dtype, scope="global"))
