"""The trees of an XGBoost document in the form that is compiled."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends.trees.forest import LEAF, Forest, Missing, Tree
from sagectl.compiler.frontends.xgboost.objectives import MARGINS, OBJECTIVES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagectl.compiler.frontends.trees.forest import Array

_MOST_CATEGORIES = 1 << 24  # kMaxCat, src/common/categorical.h


def refuse_what_is_unknown(learner: Mapping[str, Any], file: str) -> None:
    """Raise RequestError (reason "format") for a booster or an objective that is not known."""
    booster = learner.get("gradient_booster")
    name = booster.get("name") if isinstance(booster, dict) else None
    if name not in ("gbtree", "dart"):
        raise RequestError(
            f"{file} is a model of the booster {name!r}; gbtree and dart are compiled",
            stage="import",
            reason="format",
            hint="Compile a linear model from ONNX: its two arrays make a Gemm.",
        )
    given = learner.get("objective")
    objective = given.get("name") if isinstance(given, dict) else None
    if objective not in OBJECTIVES:
        raise RequestError(
            f"{file} has the objective {objective!r}, of which it is not known how predictions "
            "are made",
            stage="import",
            reason="format",
            hint=f"Known are {', '.join(sorted(OBJECTIVES))}.",
        )


def forest_of(learner: Mapping[str, Any]) -> Forest:
    """The trees of a learner, their sums beginning at its base score."""
    import numpy as np

    booster, parameters = learner["gradient_booster"], learner["learner_model_param"]
    inner = booster["gbtree"] if booster["name"] == "dart" else booster
    model = inner["model"]
    weights = booster["weight_drop"] if booster["name"] == "dart" else None
    outputs = max(1, int(parameters["num_class"]), int(parameters.get("num_target", 1)))
    documents, targets = model["trees"], model["tree_info"]
    if not documents:
        raise ValueError("it has no trees")
    if len(targets) != len(documents) or (
        weights is not None and len(weights) != len(documents)
    ):
        raise ValueError("the lists that tell of its trees differ in length")
    trees = [
        _tree(each, outputs, int(targets[at]), None if weights is None else weights[at])
        for at, each in enumerate(documents)
    ]
    if len({tree.values.shape[1] for tree in trees}) > 1:
        raise ValueError("some trees have several numbers in a leaf, some one")
    base = _base(learner, outputs)
    return Forest(int(parameters["num_feature"]), tuple(trees), np.ascontiguousarray(base))


def _base(learner: Mapping[str, Any], outputs: int) -> Array:
    """The margin that sums begin at: a number, or since 3.1 a list of them as text."""
    import numpy as np

    written = learner["learner_model_param"]["base_score"]
    given = json.loads(written) if isinstance(written, str) else written
    scores = np.atleast_1d(np.asarray(given, np.float32))
    if scores.ndim != 1 or len(scores) not in (1, outputs):
        raise ValueError(f"base_score has {len(scores)} numbers for {outputs} outputs")
    margin = MARGINS[OBJECTIVES[learner["objective"]["name"]].margin]
    return np.broadcast_to(margin(scores).astype(np.float32), (outputs,))


def _tree(document: Mapping[str, Any], outputs: int, target: int, weight: Any) -> Tree:
    import numpy as np

    left = np.asarray(document["left_children"], np.int64)
    right = np.asarray(document["right_children"], np.int64)
    conditions = np.asarray(document["split_conditions"], np.float32)
    features = np.asarray(document["split_indices"], np.int64)
    to_left = np.asarray(document["default_left"], np.int64)
    if not len(left) == len(right) == len(conditions) == len(features) == len(to_left):
        raise ValueError("the lists that tell of a tree's nodes differ in length")
    is_leaf = left == LEAF
    values = _leaves(document, outputs, is_leaf, right, conditions)
    if weight is not None:
        values = values * np.float32(weight)
    return Tree(
        feature=np.where(is_leaf, LEAF, features),
        threshold=conditions,
        left=left,
        right=right,
        missing=np.where(to_left != 0, Missing.LEFT, Missing.RIGHT),
        values=values,
        target=0 if values.shape[1] > 1 else target,
        categories=_categories(document, is_leaf),
    )


def _leaves(
    document: Mapping[str, Any], outputs: int, is_leaf: Array, right: Array, conditions: Array
) -> Array:
    """Each node's numbers: a leaf's condition, or its part of the list of vectors."""
    import numpy as np

    width = int(document.get("tree_param", {}).get("size_leaf_vector", 1))
    if width <= 1:
        return conditions[:, None]
    if width != outputs:
        raise ValueError(f"a leaf has {width} numbers for {outputs} outputs")
    if "leaf_weights" not in document:  # before 3.2 every node had its vector
        return np.asarray(document["base_weights"], np.float32).reshape(len(is_leaf), width)
    vectors = np.asarray(document["leaf_weights"], np.float32).reshape(-1, width)
    return vectors[np.where(is_leaf, right, 0)]


def _categories(document: Mapping[str, Any], is_leaf: Array) -> dict[int, tuple[int, ...]]:
    """The categories that go right, by node, as words of bits."""
    found = {}
    rows = zip(
        document.get("categories_nodes", ()),
        document.get("categories_segments", ()),
        document.get("categories_sizes", ()),
        strict=True,
    )
    for node, first, size in rows:
        members = [int(each) for each in document["categories"][first : first + size]]
        if not all(0 <= each < _MOST_CATEGORIES for each in members) or is_leaf[node]:
            raise ValueError(f"node {node} has categories that cannot be")
        found[int(node)] = words_of(members)
    return found


def words_of(members: list[int]) -> tuple[int, ...]:
    """A set as words of 32 bits, the lowest bit first."""
    words = [0] * (max(members, default=-1) // 32 + 1)
    for each in members:
        words[each // 32] |= 1 << (each % 32)
    return tuple(words)
