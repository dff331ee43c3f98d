"""The trees of scikit-learn's estimators in the form that is compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.trees.forest import LEAF, Forest, Missing, Tree, at_least

if TYPE_CHECKING:
    from sagectl.compiler.frontends.trees.forest import Array

# What decision trees compare: rows are cut to single precision, thresholds are not.
ROWS = "float32"


def averaged_forest(model: Any) -> Forest:
    """The sums of a forest's trees, or of a tree alone: their means are left to divide."""
    import numpy as np

    members = getattr(model, "estimators_", None)
    trees = [each.tree_ for each in members] if members is not None else [model.tree_]
    made = tuple(_tree(each, each.value.reshape(each.node_count, -1)) for each in trees)
    return Forest(int(model.n_features_in_), made, np.zeros(made[0].values.shape[1]))


def boosted_forest(model: Any) -> Forest:
    """The raw predictions of ``GradientBoosting*``."""
    import numpy as np

    start = model._raw_predict_init(np.zeros((1, model.n_features_in_), ROWS))[0]
    made = tuple(
        _tree(each.tree_, model.learning_rate * each.tree_.value.reshape(-1, 1), place)
        for stage in model.estimators_
        for place, each in enumerate(stage)
    )
    return Forest(int(model.n_features_in_), made, np.array(start, np.float64))


def histogram_forest(model: Any) -> Forest:
    """The raw predictions of ``HistGradientBoosting*``, which compares doubles."""
    import numpy as np

    made = tuple(
        _histogram_tree(each.nodes, place)
        for stage in model._predictors
        for place, each in enumerate(stage)
    )
    start = np.array(model._baseline_prediction, np.float64).reshape(-1)
    return Forest(int(model.n_features_in_), made, start)


def _tree(tree: Any, values: Array, target: int = 0) -> Tree:
    import numpy as np

    is_leaf = tree.children_left == LEAF
    return Tree(
        feature=np.where(is_leaf, LEAF, tree.feature),
        threshold=at_least(tree.threshold, ROWS),
        left=tree.children_left,
        right=tree.children_right,
        missing=np.where(tree.missing_go_to_left, Missing.LEFT, Missing.RIGHT),
        values=values,
        target=target,
    )


def _histogram_tree(nodes: Any, target: int) -> Tree:
    import numpy as np

    is_leaf = nodes["is_leaf"] != 0
    return Tree(
        feature=np.where(is_leaf, LEAF, nodes["feature_idx"].astype(np.int64)),
        threshold=at_least(nodes["num_threshold"], "float64"),
        left=nodes["left"].astype(np.int64),
        right=nodes["right"].astype(np.int64),
        missing=np.where(nodes["missing_go_to_left"] != 0, Missing.LEFT, Missing.RIGHT),
        values=nodes["value"].reshape(-1, 1),
        target=target,
    )
