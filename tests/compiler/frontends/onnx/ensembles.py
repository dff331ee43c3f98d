"""Ensembles of random trees in ONNX-ML's operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onnx import ModelProto

    Array = np.ndarray[Any, Any]

MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ")
MEMBER = 6
FEATURES, ROWS = 3, 40
DEPTH = 3


def rows(dtype: Any = np.float32, seed: int = 1) -> Array:
    """Halves between -2 and 2, so that many equal a threshold; infinities, and some missing."""
    random = np.random.default_rng(seed)
    found = random.integers(-4, 5, (ROWS, FEATURES)) / 2
    found[random.random(found.shape) < 0.1] = np.nan
    found[0, 0], found[1, 1] = np.inf, -np.inf
    if np.dtype(dtype).kind == "i":
        found = np.where(np.isfinite(found), found, 0)
    return found.astype(dtype)


def regressor(
    *,
    targets: int = 1,
    modes: Sequence[str] = MODES[:1],
    trees: int = 4,
    tracks: bool = False,
    dtype: Any = np.float32,
    as_tensors: bool = False,
    **attributes: Any,
) -> ModelProto:
    """A TreeEnsembleRegressor; a leaf tells of up to two targets."""
    nodes = _grown("target", targets, modes, trees, tracks, min(targets, 2), as_tensors)
    outputs = {"Y": (TensorProto.FLOAT, [ROWS, targets])}
    return _model(
        "TreeEnsembleRegressor", outputs, dtype, {**nodes, "n_targets": targets, **attributes}
    )


def classifier(
    *,
    labels: Sequence[int] = (0, 1),
    told: Sequence[int] | None = None,
    shares: bool = False,
    trees: int = 4,
    dtype: Any = np.float32,
    **attributes: Any,
) -> ModelProto:
    """A TreeEnsembleClassifier whose leaves tell of the classes ``told``, by their places."""
    nodes = _grown("class", told or range(len(labels)), MODES[:1], trees, False, None, False)
    if shares:
        nodes["class_weights"] = [abs(each) / trees for each in nodes["class_weights"]]
    outputs = {
        "label": (TensorProto.INT64, [ROWS]),
        "scores": (TensorProto.FLOAT, [ROWS, len(labels)]),
    }
    given = {**nodes, "classlabels_int64s": list(labels), **attributes}
    return _model("TreeEnsembleClassifier", outputs, dtype, given)


def _grown(
    role: str, outputs: Any, modes: Any, trees: int, tracks: bool, most: Any, as_tensors: bool
) -> dict[str, Any]:
    random = np.random.default_rng(7)
    places = list(range(outputs)) if isinstance(outputs, int) else list(outputs)
    inner = 2**DEPTH - 1
    made: dict[str, list[Any]] = {}

    def add(**row: Any) -> None:
        for name, value in row.items():
            made.setdefault(name, []).append(value)

    for tree in range(trees):
        for node in range(2 * inner + 1):
            is_leaf = node >= inner
            add(
                nodes_treeids=tree,
                nodes_nodeids=node,
                nodes_modes="LEAF" if is_leaf else str(random.choice(list(modes))),
                nodes_featureids=0 if is_leaf else int(random.integers(FEATURES)),
                nodes_values=0.0 if is_leaf else float(random.integers(-3, 4)) / 2,
                nodes_truenodeids=0 if is_leaf else 2 * node + 1,
                nodes_falsenodeids=0 if is_leaf else 2 * node + 2,
                nodes_missing_value_tracks_true=int(tracks and random.random() < 0.5),
            )
            if not is_leaf:
                continue
            count = len(places) if most is None else int(random.integers(1, most + 1))
            for place in random.permutation(places)[:count].tolist():
                add(**{
                    f"{role}_treeids": tree,
                    f"{role}_nodeids": node,
                    f"{role}_ids": place,
                    f"{role}_weights": float(np.float32(random.standard_normal())),
                })  # fmt: skip
    if as_tensors:
        for name in ("nodes_values", f"{role}_weights"):
            made[f"{name}_as_tensor"] = numpy_helper.from_array(np.array(made.pop(name)))  # type: ignore[assignment]
    return made


def ensemble(
    *, targets: int = 2, members: bool = True, dtype: Any = np.float32, **attributes: Any
) -> ModelProto:
    """A TreeEnsemble of version 5, whose nodes ask for members of sets where told so."""
    random = np.random.default_rng(3)
    inner, trees = 2**DEPTH - 1, 3
    made: dict[str, list[Any]] = {}
    modes, splits, sets = [], [], []
    for tree in range(trees):
        for node in range(inner):
            mode = int(random.integers(7 if members else 6))
            modes.append(mode)
            splits.append(float(random.integers(-3, 4)) / 2)
            if mode == MEMBER:
                sets += [*map(float, random.choice(4, 2, replace=False)), np.nan]
            is_last = 2 * node + 1 >= inner
            for side, offset in (("true", 1), ("false", 2)):
                child = 2 * node + offset
                place = tree * (inner + 1) + child - inner if is_last else tree * inner + child
                made.setdefault(f"nodes_{side}nodeids", []).append(place)
                made.setdefault(f"nodes_{side}leafs", []).append(int(is_last))
            made.setdefault("nodes_featureids", []).append(int(random.integers(FEATURES)))
            made.setdefault("nodes_missing_value_tracks_true", []).append(
                int(random.integers(2))
            )
    leaves = trees * (inner + 1)
    tensors = {
        "nodes_modes": np.array(modes, np.uint8),
        "nodes_splits": np.array(splits, dtype),
        "leaf_weights": random.standard_normal(leaves).astype(dtype),
        **({"membership_values": np.array(sets, dtype)} if sets else {}),
    }
    given = {
        **made,
        **{name: numpy_helper.from_array(array) for name, array in tensors.items()},
        "leaf_targetids": random.integers(targets, size=leaves).tolist(),
        "tree_roots": [tree * inner for tree in range(trees)],
        "n_targets": targets,
        **attributes,
    }
    code = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    return _model("TreeEnsemble", {"Y": (code, [ROWS, targets])}, dtype, given, version=5)


def _model(
    operator: str, outputs: Any, dtype: Any, attributes: dict[str, Any], version: int = 3
) -> ModelProto:
    node = helper.make_node(operator, ["X"], list(outputs), domain="ai.onnx.ml", **attributes)
    code = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    graph = helper.make_graph(
        [node],
        "trees",
        [helper.make_tensor_value_info("X", code, [ROWS, FEATURES])],
        [helper.make_tensor_value_info(name, *typed) for name, typed in outputs.items()],
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", version)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)
