"""XGBoost's objectives and boosters, trained and compared with xgboost's own predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sagectl.compiler.api import compile_model
from sagectl.compiler.request import compile_request
from sagectl.runtime import load

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.frameworks

CASES: dict[str, dict[str, Any]] = {
    "squared error": {"objective": "reg:squarederror"},
    "logistic": {"objective": "binary:logistic"},
    "raw logistic": {"objective": "binary:logitraw"},
    "hinge": {"objective": "binary:hinge"},
    "poisson": {"objective": "count:poisson"},
    "gamma": {"objective": "reg:gamma"},
    "tweedie": {"objective": "reg:tweedie"},
    "quantiles": {"objective": "reg:quantileerror", "quantile_alpha": [0.2, 0.8]},
    "probabilities": {"objective": "multi:softprob", "num_class": 3},
    "classes": {"objective": "multi:softmax", "num_class": 3},
    "cox": {"objective": "survival:cox"},
    "ranks": {"objective": "rank:ndcg"},
    "dart": {"booster": "dart", "rate_drop": 0.5},
    "a forest": {"num_parallel_tree": 4, "subsample": 0.5, "eta": 1},
    "deep trees": {"max_depth": 14, "min_child_weight": 0},
    "leaves of vectors": {"multi_strategy": "multi_output_tree", "tree_method": "hist"},
    "categories": {"max_cat_to_onehot": 2},
}


def data(case: str, parameters: dict[str, Any]) -> tuple[Any, np.ndarray[Any, Any]]:
    """A matrix to train on, and its rows as the package takes them."""
    import xgboost

    random = np.random.default_rng(3)
    rows = random.standard_normal((300, 4)).astype(np.float32)
    rows[random.random(rows.shape) < 0.1] = np.nan
    first = np.nan_to_num(rows[:, 0])
    objective = parameters.get("objective", "reg:squarederror")
    target = np.abs(first) + 0.01
    if objective.startswith(("binary", "rank")):
        target = (first > 0).astype(float)
    elif objective.startswith("multi"):
        target = (first > 0).astype(int) + (rows[:, 1] > 0)
    if case == "leaves of vectors":
        target = np.stack([first, first**2], axis=1)
    if case == "categories":
        rows[:, 1] = random.integers(0, 70, 300)
        rows[::9, 1] = np.nan
        kinds = ["q", "c", "q", "q"]
        target = np.sin(np.nan_to_num(rows[:, 1])) + first
        return xgboost.DMatrix(rows, target, feature_types=kinds, enable_categorical=True), rows
    matrix = xgboost.DMatrix(rows, target)
    if objective.startswith("rank"):
        matrix.set_group([100, 200])
    return matrix, rows


@pytest.mark.parametrize("case", CASES)
def test_a_package_predicts_what_xgboost_does(case: str, tmp_path: Path) -> None:
    xgboost = pytest.importorskip("xgboost", reason="the extra xgboost brings it")
    parameters = {"max_depth": 4, **CASES[case]}
    matrix, rows = data(case, parameters)
    booster = xgboost.train(parameters, matrix, 12)
    path = tmp_path / "model.ubj"
    booster.save_model(path)

    is_proven = case in ("squared error", "categories")
    package = compile_model(
        compile_request(path, output=tmp_path, framework="XGBOOST", verify=is_proven)
    )

    model = load(package.path, threads=1)
    expected = booster.predict(matrix)
    several = model.run({"data": rows})["prediction"]
    single = np.concatenate(
        [model.run({"data": rows[at : at + 1]})["prediction"] for at in range(20)]
    )
    proof = package.meta["Sagectl"]["Verification"]
    assert proof.get("Reference") == (f"xgboost {xgboost.__version__}" if is_proven else None)
    assert several.shape == expected.shape
    assert several.dtype == expected.dtype
    # Sums are equal to the bit; sigmoids, exponentials and softmax are our own polynomials.
    np.testing.assert_allclose(several, expected, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(single, expected[:20], rtol=1e-6, atol=1e-7)
    if case in ("squared error", "a forest", "deep trees", "dart", "categories"):
        np.testing.assert_array_equal(several, expected)
