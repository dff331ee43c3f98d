"""scikit-learn's models, compared with scikit-learn's own predictions."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sagectl.compiler.api import compile_model
from sagectl.compiler.errors import RequestError
from sagectl.compiler.request import compile_request
from sagectl.errors import CompileError
from sagectl.runtime import load

if TYPE_CHECKING:
    from pathlib import Path

    from sagectl.compiler.packaging import Package

sklearn = pytest.importorskip("sklearn", reason="the extra sklearn brings it")
skops = pytest.importorskip("skops.io", reason="the extra sklearn brings it")

RANDOM = np.random.default_rng(0)
ROWS = RANDOM.standard_normal((300, 4))
GAPS = np.where(RANDOM.random(ROWS.shape) < 0.1, np.nan, ROWS)
NUMBER = ROWS[:, 0] * ROWS[:, 1] + ROWS[:, 2]
TWO = (NUMBER > 0).astype(int)
THREE = TWO + (ROWS[:, 3] > 0)

NAMES = (
    "linear", "scalers", "imputer and logistic", "three classes", "support vectors",
    "tree of words", "forest", "forest of odd classes", "extra trees", "boosting",
    "boosted classes", "exponential loss", "histograms", "histograms of counts",
    "histograms of classes", "projections", "norms", "counts", "descended", "descended classes",
)  # fmt: skip


def models() -> dict[str, tuple[Any, Any, Any]]:
    """Name -> model, rows, target."""
    from sklearn import decomposition, ensemble, linear_model, preprocessing, svm, tree
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline

    scaled = make_pipeline(
        preprocessing.StandardScaler(), preprocessing.MinMaxScaler(clip=True),
        preprocessing.RobustScaler(), preprocessing.MaxAbsScaler(), linear_model.Ridge(),
    )  # fmt: skip
    filled = make_pipeline(SimpleImputer(), linear_model.LogisticRegression())
    both = np.stack([NUMBER, 2 * NUMBER], axis=1)
    few = {"n_estimators": 20}
    projected = make_pipeline(
        decomposition.PCA(3, whiten=True), decomposition.TruncatedSVD(2), linear_model.Ridge()
    )
    normed = make_pipeline(
        preprocessing.Normalizer(), preprocessing.Normalizer("l1"),
        preprocessing.Normalizer("max"), preprocessing.Binarizer(threshold=0.1),
        linear_model.SGDClassifier(random_state=0),
    )  # fmt: skip
    logistic = linear_model.SGDClassifier(loss="log_loss", random_state=0)
    return {
        "linear": (linear_model.LinearRegression(), ROWS, both),
        "scalers": (scaled, ROWS, NUMBER),
        "imputer and logistic": (filled, GAPS, TWO),
        "three classes": (linear_model.LogisticRegression(), ROWS, THREE),
        "support vectors": (svm.LinearSVC(), ROWS, TWO),
        "tree of words": (
            tree.DecisionTreeClassifier(), ROWS, np.array(["low", "mid", "top"])[THREE],
        ),
        "forest": (ensemble.RandomForestRegressor(20), ROWS, NUMBER),
        "forest of odd classes": (ensemble.RandomForestClassifier(20), GAPS, 2 * THREE + 5),
        "extra trees": (ensemble.ExtraTreesRegressor(10), ROWS, both),
        "boosting": (ensemble.GradientBoostingRegressor(**few), ROWS, NUMBER),
        "boosted classes": (ensemble.GradientBoostingClassifier(**few), ROWS, TWO),
        "exponential loss": (
            ensemble.GradientBoostingClassifier(loss="exponential", **few), ROWS, TWO,
        ),
        "histograms": (ensemble.HistGradientBoostingRegressor(max_iter=20), GAPS, NUMBER),
        "histograms of counts": (
            ensemble.HistGradientBoostingRegressor(max_iter=20, loss="poisson"), GAPS,
            np.abs(NUMBER),
        ),
        "histograms of classes": (
            ensemble.HistGradientBoostingClassifier(max_iter=10), GAPS, THREE,
        ),
        "projections": (projected, ROWS, NUMBER),
        "norms": (normed, np.where(ROWS[:, :1] > 1, 0, ROWS), TWO),
        "counts": (linear_model.PoissonRegressor(), ROWS, np.abs(NUMBER)),
        "descended": (logistic, ROWS, TWO),
        "descended classes": (logistic, ROWS, THREE),
    }  # fmt: skip


def built(path: Path, **given: Any) -> Package:
    return compile_model(
        compile_request(path, output=path.parent, framework="SKLEARN", **given)
    )


def expected(model: Any, rows: Any, name: str) -> Any:
    """What scikit-learn itself says, asked in its own words."""
    if name == "probabilities":
        return model.predict_proba(rows)
    if name == "scores":
        return model.decision_function(rows)
    found = model.predict(rows)
    return np.searchsorted(model.classes_, found) if found.dtype.kind == "U" else found


@pytest.mark.frameworks
@pytest.mark.parametrize("name", NAMES)
def test_a_package_predicts_what_scikit_learn_does(name: str, tmp_path: Path) -> None:
    model, rows, target = models()[name]
    model.fit(rows, target)
    path = tmp_path / "model.skops"
    skops.dump(model, path)

    is_proven = name in ("scalers", "forest of odd classes")
    package = built(path, verify=is_proven)

    proof = package.meta["Sagectl"]["Verification"]
    reference = f"scikit-learn {sklearn.__version__}" if is_proven else None
    assert proof.get("Reference") == reference
    runner = load(package.path, threads=1)
    for output, values in runner.run({"data": rows}).items():
        np.testing.assert_allclose(
            values, expected(model, rows, output), rtol=1e-13, atol=1e-15
        )
    for output, values in runner.run({"data": rows[3:4]}).items():
        wanted = expected(model, rows[3:4], output)
        np.testing.assert_allclose(values, wanted, rtol=1e-13, atol=1e-15)


def test_a_pickle_is_read_only_when_it_is_trusted(tmp_path: Path) -> None:
    from sklearn.linear_model import LinearRegression

    model = LinearRegression().fit(ROWS, NUMBER)
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(model))

    with pytest.raises(RequestError, match="runs whatever code is in it") as refused:
        built(path)
    assert "--trust" in (refused.value.hint or "")

    package = built(path, trust=True)
    found = load(package.path, threads=1).run({"data": ROWS})["prediction"]
    np.testing.assert_allclose(found, model.predict(ROWS), rtol=1e-13, atol=1e-15)
    assert package.meta["Sagectl"]["Verification"]["Result"] == "passed"


def test_all_steps_that_are_not_compiled_are_named(tmp_path: Path) -> None:
    from sklearn.decomposition import FastICA
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline

    path = tmp_path / "model.skops"
    skops.dump(make_pipeline(FastICA(2), KNeighborsClassifier()).fit(ROWS, TWO), path)

    with pytest.raises(CompileError, match="FastICA, KNeighborsClassifier are not") as refused:
        built(path, trust=True)

    assert refused.value.details["operators"] == ["FastICA", "KNeighborsClassifier"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04 nothing more", "cannot be read"),
        (b"\x80\x04N.", "NoneType is no estimator"),
    ],
    ids=["damaged archive", "pickle of nothing"],
)
def test_what_is_no_estimator_is_refused(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(content)

    with pytest.raises(CompileError, match=said):
        built(path, trust=True)


def test_a_transformer_alone_is_called_one(tmp_path: Path) -> None:
    from sklearn.preprocessing import StandardScaler

    skops.dump(StandardScaler().fit(ROWS), tmp_path / "model.skops")

    with pytest.raises(CompileError, match="StandardScaler is a transformer, and no estimator"):
        built(tmp_path / "model.skops")
