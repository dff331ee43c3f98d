"""Forests as flat arrays, which the loop nests read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.trees.columns import binned_columns, whole_columns
from sagectl.compiler.frontends.trees.forest import LEAF

if TYPE_CHECKING:
    from sagectl.compiler.frontends.trees.columns import Columns
    from sagectl.compiler.frontends.trees.forest import Array, Forest, Tree

# Leaves of a tree that one byte can tell apart.
MOST_LEAVES = 256
# Trees walked side by side: each step of one waits for memory, and the others' fill the time.
GROUP = 8


@dataclass(frozen=True, slots=True)
class WalkPlan:
    """Trees level by level, the two children of a node side by side, two words to a node.

    The first word of a node is its threshold's bits, the second the number of its first
    child, shifted by ``shift``, and the number of its column below. The second child is gone
    to where the row's column reaches the threshold. A leaf is its own child and looks at
    a column that reaches nothing, one beyond the last; its first word is the bits of its
    value, or, without ``is_inline``, which ``width`` numbers of ``value`` are its own. Tree
    ``t`` begins at node ``root[t]`` and adds to the outputs from ``target[t]`` on; GROUP
    trees are walked together, ``depth`` steps each.
    """

    columns: Columns
    nodes: Array
    shift: int
    root: Array
    depth: Array
    target: Array
    value: Array
    width: int
    is_inline: bool

    @property
    def word(self) -> str:
        return str(self.nodes.dtype)


@dataclass(frozen=True, slots=True)
class LanesPlan:
    """Trees as programs: each instruction chooses, row by row, between two slots.

    Slots below ``leaves`` hold their own number; the last instruction of a tree, of which
    ``start`` says where its program begins, leaves a row's leaf in the slot ``root``. What
    ``value`` has for the tree's leaves begins at ``offset``.
    """

    columns: Columns
    column: Array
    bin: Array
    left: Array
    right: Array
    out: Array
    start: Array
    root: Array
    offset: Array
    target: Array
    value: Array
    leaves: int
    slots: int
    width: int
    dtype: str


def fits_lanes(forest: Forest) -> bool:
    """Whether every tree's leaves can be told apart by one byte."""
    return all((tree.feature == LEAF).sum() <= MOST_LEAVES for tree in forest.trees)


def walk_plan(forest: Forest) -> WalkPlan:
    """The forest for rows that walk down each tree on their own."""
    import numpy as np

    columns = whole_columns(forest)
    shift = len(columns.columns).bit_length()
    total = sum(len(tree.feature) for tree in forest.trees)
    dtype = forest.trees[0].threshold.dtype
    is_small = dtype.itemsize == 4 and shift + total.bit_length() < 32
    word = np.dtype(np.int32 if is_small else np.int64)
    width = forest.trees[0].values.shape[1]
    is_inline = width == 1 and forest.base.dtype.itemsize <= word.itemsize
    nodes, value, depths = [], [], []
    first = leaves = base = 0
    for tree in forest.trees:
        order, depth = _by_level(tree)
        is_leaf = tree.feature[order] == LEAF
        rank = first + np.cumsum(tree.feature != LEAF) - 1
        first += int((tree.feature != LEAF).sum())
        own = tree.values[order][is_leaf].astype(forest.base.dtype)
        thresholds = tree.threshold.copy()
        thresholds[[*tree.categories, *tree.numbers]] = 1  # of a column that is one or zero
        heads = _bits(thresholds[order], word)
        heads[is_leaf] = (
            _bits(own[:, 0], word) if is_inline else leaves + np.arange(len(own)) * width
        )
        # What a leaf has for a rank is another node's, and not looked at.
        column = np.where(is_leaf, len(columns.columns), columns.node[rank[order] % first])
        place = np.empty(len(tree.feature), np.int64)
        place[order] = base + np.arange(len(order))
        child = place[np.where(is_leaf, order, tree.left[order])]
        nodes.append(np.stack([heads, (child << shift | column).astype(word)], axis=1))
        value.append(own.reshape(-1))
        leaves += own.size
        base += len(order)
        depths.append(depth)
    return WalkPlan(
        columns=columns,
        nodes=np.concatenate(nodes).reshape(-1),
        shift=shift,
        root=np.cumsum([0, *(len(each) for each in nodes[:-1])]).astype(np.int32),
        depth=np.array(
            [max(depths[at : at + GROUP]) for at in range(0, len(depths), GROUP)], np.int32
        ),
        target=np.array([tree.target for tree in forest.trees], np.int32),
        value=np.zeros(1, forest.base.dtype) if is_inline else np.concatenate(value),
        width=width,
        is_inline=is_inline,
    )


def _bits(numbers: Array, word: Any) -> Array:
    """The numbers' bit patterns, in the lower half of a word that is wider."""
    import numpy as np

    same: Array = np.ascontiguousarray(numbers).view(f"i{numbers.dtype.itemsize}").astype(word)
    return same


def _by_level(tree: Tree) -> tuple[Array, int]:
    """The reachable nodes level by level, siblings together; and how many levels go down."""
    import numpy as np

    levels = [np.zeros(1, np.int64)]
    while (inner := levels[-1][tree.feature[levels[-1]] != LEAF]).size:
        levels.append(np.stack([tree.left[inner], tree.right[inner]], axis=1).reshape(-1))
    return np.concatenate(levels), len(levels) - 1


def lanes_plan(forest: Forest) -> LanesPlan:
    """The forest for many rows at once, each node decided for all of them."""
    import numpy as np

    columns = binned_columns(forest)
    leaves = max(int((tree.feature == LEAF).sum()) for tree in forest.trees)
    code: list[tuple[int, int, int, int]] = []
    start, root, offset = [0], [], []
    values = []
    first = slots = stored = 0
    for tree in forest.trees:
        program = _program(tree, leaves, first)
        code += program.code
        start.append(len(code))
        root.append(program.root)
        offset.append(stored)
        values.append(tree.values[program.leaf_nodes])
        slots = max(slots, program.slots)
        stored += len(program.leaf_nodes) * tree.values.shape[1]
        first += int((tree.feature != LEAF).sum())
    steps = np.array(code, np.int32).reshape(-1, 4)
    return LanesPlan(
        columns=columns,
        column=columns.node[steps[:, 0]],
        bin=columns.bin[steps[:, 0]].astype(np.uint8),
        left=np.ascontiguousarray(steps[:, 1]),
        right=np.ascontiguousarray(steps[:, 2]),
        out=np.ascontiguousarray(steps[:, 3]),
        start=np.array(start, np.int32),
        root=np.array(root, np.int32),
        offset=np.array(offset, np.int32),
        target=np.array([tree.target for tree in forest.trees], np.int32),
        value=np.concatenate(values).astype(forest.base.dtype).reshape(-1),
        leaves=leaves,
        slots=leaves + slots,
        width=forest.trees[0].values.shape[1],
        dtype=str(forest.trees[0].threshold.dtype),
    )


@dataclass(frozen=True, slots=True)
class _Program:
    """One tree's instructions (node, left, right, out) and the leaves by their numbers."""

    code: list[tuple[int, int, int, int]]
    root: int
    leaf_nodes: list[int]
    slots: int


def _program(tree: Tree, leaves: int, first: int) -> _Program:
    """Children before their parent, each result in the first slot that is free."""
    import numpy as np

    rank = first + np.cumsum(tree.feature != LEAF) - 1
    place: dict[int, int] = {}
    leaf_nodes: list[int] = []
    code: list[tuple[int, int, int, int]] = []
    free: list[int] = []
    most = 0
    waiting: list[tuple[int, bool]] = [(0, False)]
    while waiting:
        node, is_ready = waiting.pop()
        if tree.feature[node] == LEAF:
            place[node] = len(leaf_nodes)
            leaf_nodes.append(node)
            continue
        left, right = int(tree.left[node]), int(tree.right[node])
        if not is_ready:
            waiting += [(node, True), (right, False), (left, False)]
            continue
        free += [place[child] for child in (left, right) if place[child] >= leaves]
        if not free:
            free.append(leaves + most)
            most += 1
        place[node] = free.pop()
        code.append((int(rank[node]), place[left], place[right], place[node]))
    return _Program(code, place[0], leaf_nodes, most)
