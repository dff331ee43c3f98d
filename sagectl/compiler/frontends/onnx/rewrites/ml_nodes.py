"""The nodes of ONNX-ML's tree ensembles: by names up to version 3, by places as of 5."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.onnx.graph import Unsupported
from sagectl.compiler.frontends.onnx.rewrites.ml_forest import MODES, Nodes, listed

if TYPE_CHECKING:
    import numpy as np

    from sagectl.compiler.frontends.onnx.graph import Node

    Array = np.ndarray[Any, Any]

# Subtrees that several nodes share are written out, as onnxruntime does.
MOST_NODES = 4_000_000
_LARGEST_MEMBER = 30


def named_nodes(node: Node, role: str, outputs: int, dtype: Any) -> list[Nodes]:
    """The trees of nodes that have names; ``role`` ("class", "target") tells of leaves."""
    import numpy as np

    tree_ids, node_ids = _ids(node, "nodes_treeids"), _ids(node, "nodes_nodeids")
    names = {key: at for at, key in enumerate(zip(tree_ids, node_ids, strict=True))}
    if len(names) < len(node_ids):
        raise Unsupported("two nodes of a tree have one name")
    modes = node.attribute("nodes_modes") or []
    values = listed(node, "nodes_values", dtype).tolist()
    tracks = [bool(each) for each in _ids(node, "nodes_missing_value_tracks_true")]
    leaves = _leaves(node, role, names, outputs, dtype)
    columns = {
        "mode": modes,
        "feature": _ids(node, "nodes_featureids"),
        "value": values,
        "yes": _ids(node, "nodes_truenodeids"),
        "no": _ids(node, "nodes_falsenodeids"),
        "tracks": tracks or [False] * len(modes),
        "leaf": leaves,
    }
    if any(len(column) != len(node_ids) for column in columns.values()):
        raise Unsupported("the lists that tell of its nodes differ in length")
    starts = [0, *(np.flatnonzero(np.diff(tree_ids)) + 1).tolist(), len(node_ids)]
    if len(set(tree_ids)) != len(starts) - 1:
        raise Unsupported("the nodes of its trees are mixed")
    made = []
    for first, end in pairwise(starts):
        part = {name: list(column[first:end]) for name, column in columns.items()}
        _point(part, tree_ids[first], names, first)
        made.append(Nodes(**part, members={}))
    return made


def _point(part: dict[str, list[Any]], tree: int, names: dict[Any, int], first: int) -> None:
    """Turn the children's names into places in the tree."""
    for answer in ("yes", "no"):
        part[answer] = [
            0 if mode == "LEAF" else names.get((tree, child), -1) - first
            for mode, child in zip(part["mode"], part[answer], strict=True)
        ]


def _leaves(
    node: Node, role: str, names: dict[Any, int], outputs: int, dtype: Any
) -> list[list[tuple[int, float]]]:
    """Each node's (output, number) pairs; those of inner nodes do not count."""
    modes = node.attribute("nodes_modes") or []
    weights = listed(node, f"{role}_weights", dtype).tolist()
    keys = zip(_ids(node, f"{role}_treeids"), _ids(node, f"{role}_nodeids"), strict=True)
    found: list[list[tuple[int, float]]] = [[] for _ in names]
    for key, output, number in zip(keys, _ids(node, f"{role}_ids"), weights, strict=True):
        place = names.get(key)
        if place is None:
            raise Unsupported(f"a number is of node {key[1]} of tree {key[0]}, which is none")
        if modes[place] != "LEAF":
            continue
        # One output has one number, whatever it is called.
        at = 0 if outputs == 1 else output
        if not 0 <= at < outputs:
            raise Unsupported(f"a leaf tells of output {output} of {outputs}")
        if outputs > 1 and any(at == known for known, _ in found[place]):
            raise Unsupported("a leaf has two numbers for one output")
        if outputs > 1 or not found[place]:
            found[place].append((at, number))
    if any(mode == "LEAF" and not leaf for mode, leaf in zip(modes, found, strict=False)):
        raise Unsupported("a leaf has no number")
    return found


def placed_nodes(node: Node, outputs: int, dtype: Any) -> list[Nodes]:
    """The trees of TreeEnsemble: leaves apart from nodes, members between NaNs."""
    table = _Table(node, outputs, dtype)
    return [table.tree(root) for root in _ids(node, "tree_roots")]


class _Table:
    """The attributes of TreeEnsemble, which trees are read out of."""

    def __init__(self, node: Node, outputs: int, dtype: Any) -> None:
        import numpy as np
        from onnx import numpy_helper

        def tensor(name: str, kind: Any) -> list[Any]:
            proto = node.attribute(name)
            return [] if proto is None else numpy_helper.to_array(proto).astype(kind).tolist()

        modes = tensor("nodes_modes", np.int64)
        if any(not 0 <= mode < len(MODES) for mode in modes):
            raise Unsupported(f"nodes of mode {max(modes)}")
        self.mode = [MODES[mode] for mode in modes]
        self.split = tensor("nodes_splits", dtype)
        self.feature = _ids(node, "nodes_featureids")
        self.children = {
            "yes": (_ids(node, "nodes_truenodeids"), _ids(node, "nodes_trueleafs")),
            "no": (_ids(node, "nodes_falsenodeids"), _ids(node, "nodes_falseleafs")),
        }
        self.tracks = _ids(node, "nodes_missing_value_tracks_true") or [0] * len(modes)
        self.members = _members(self.mode, tensor("membership_values", dtype))
        outs = _ids(node, "leaf_targetids")
        if any(not 0 <= each < outputs for each in outs):
            raise Unsupported(f"a leaf tells of output {max(outs)} of {outputs}")
        self.leaf = list(zip(outs, tensor("leaf_weights", dtype), strict=True))

    def tree(self, root: int) -> Nodes:
        made = Nodes([], [], [], [], [], [], [], {})
        waiting: list[tuple[int, bool, int, str]] = [(root, False, -1, "")]
        while waiting:
            index, is_leaf, parent, answer = waiting.pop()
            place = self._appended(made, index, is_leaf)
            if parent >= 0:
                getattr(made, answer)[parent] = place
            if is_leaf:
                continue
            for way, (nodes, leafs) in self.children.items():
                waiting.append((nodes[index], bool(leafs[index]), place, way))
            if place > MOST_NODES:
                raise Unsupported(f"its trees have more than {MOST_NODES} nodes, or never end")
        return made

    def _appended(self, made: Nodes, index: int, is_leaf: bool) -> int:
        place = len(made.mode)
        if index < 0:
            raise Unsupported("a node's child is not there")
        made.mode.append("LEAF" if is_leaf else self.mode[index])
        made.feature.append(0 if is_leaf else self.feature[index])
        made.value.append(0.0 if is_leaf else self.split[index])
        made.tracks.append(False if is_leaf else bool(self.tracks[index]))
        made.leaf.append([self.leaf[index]] if is_leaf else [])
        made.yes.append(0)
        made.no.append(0)
        if made.mode[-1] == "BRANCH_MEMBER":
            made.members[place] = self.members[index]
            made.value[-1] = 0.0
        return place


def _members(modes: list[str], values: list[float]) -> dict[int, tuple[float, ...]]:
    """The numbers of each node that asks for one of a set; NaN ends a set."""
    found = {}
    left = iter(values)
    for index, mode in enumerate(modes):
        if mode != "BRANCH_MEMBER":
            continue
        numbers: list[float] = []
        for number in left:
            if math.isnan(number):
                break
            numbers.append(number)
        if not numbers or not 0 <= min(numbers) <= max(numbers) <= _LARGEST_MEMBER:
            # onnxruntime cuts a row's number off before it looks in other sets.
            raise Unsupported(f"a node asks for members beyond 0 to {_LARGEST_MEMBER}")
        found[index] = tuple(numbers)
    return found


def _ids(node: Node, name: str) -> list[int]:
    return [int(each) for each in node.attribute(name) or []]
