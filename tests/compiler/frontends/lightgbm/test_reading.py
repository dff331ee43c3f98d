"""LightGBM's text models, read without lightgbm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sagectl.compiler.api import compile_model
from sagectl.compiler.errors import RequestError
from sagectl.compiler.request import compile_request
from sagectl.runtime import load

if TYPE_CHECKING:
    from pathlib import Path

# One number, then a set: {1, 33} goes left. Missing is zero or NaN for the first.
TEXT = """tree
version=v4
num_class=1
num_tree_per_iteration=1
max_feature_idx=1
objective=regression
feature_names=a b

Tree=0
num_leaves=3
num_cat=1
split_feature=0 1
threshold=0.5 0
decision_type=4 1
left_child=-1 -2
right_child=1 -3
leaf_value=1 2 3
cat_boundaries=0 2
cat_threshold=2 2
is_linear=0
shrinkage=1

end of trees
"""


def built(text: bytes, folder: Path) -> Any:
    path = folder / "model.txt"
    path.write_bytes(text)
    request = compile_request(path, output=folder, framework="LIGHTGBM", verify=False)
    return load(compile_model(request).path, threads=1)


def test_zeros_sets_and_doubles_are_decided_as_lightgbm_does(tmp_path: Path) -> None:
    model = built(TEXT.encode(), tmp_path)

    nan, more = np.nan, np.nextafter(0.5, 1)
    rows = np.array(
        [[0.5, 1], [more, 1], [1, 33.9], [1, 2], [1, nan], [-1, 2], [0, 2], [nan, 1]]
    )
    expected = [1.0, 2.0, 2.0, 3.0, 3.0, 1.0, 3.0, 2.0]
    assert model.run({"data": rows})["prediction"].tolist() == expected
    many = np.tile(rows, (5, 1))
    assert model.run({"data": many})["prediction"].tolist() == expected * 5


def test_infinity_is_not_what_is_missing(tmp_path: Path) -> None:
    # The first split parts NaN, which goes right, from all numbers.
    parting = TEXT.replace("threshold=0.5 0", "threshold=inf 0")
    parting = parting.replace("decision_type=4 1", "decision_type=8 1")
    model = built(parting.encode(), tmp_path)

    rows = np.array([[np.inf, 1], [-np.inf, 1], [1e308, 1], [np.nan, 1], [np.nan, 2]])
    expected = [1.0, 1.0, 1.0, 2.0, 3.0]
    assert model.run({"data": rows})["prediction"].tolist() == expected
    many = np.tile(rows, (5, 1))
    assert model.run({"data": many})["prediction"].tolist() == expected * 5


def test_a_tree_that_never_split_is_its_leaf(tmp_path: Path) -> None:
    single = """num_leaves=1
num_cat=0
split_feature=
threshold=
decision_type=
left_child=
right_child=
leaf_value=7
shrinkage=1
"""
    head, _, _ = TEXT.partition("num_leaves")
    model = built(f"{head}{single}\nend of trees\n".encode(), tmp_path)

    for count in (1, 30):
        rows = np.full((count, 2), np.nan)
        assert model.run({"data": rows})["prediction"].tolist() == [7.0] * count


BAD = {
    "another text": (b"hello\n", "does not begin with 'tree'"),
    "no text": (b"\xff\xfe\x00", "is no text"),
    "cut off": (TEXT.encode()[:250], "is cut off"),
    "a list too short": (
        TEXT.replace("leaf_value=1 2 3", "leaf_value=1").encode(),
        "leaf_value",
    ),
    "words": (TEXT.replace("threshold=0.5 0", "threshold=a b").encode(), "could not convert"),
    "a set that is not there": (
        TEXT.replace("threshold=0.5 0", "threshold=0.5 7").encode(),
        "set 7 of 1",
    ),
    "a circle": (TEXT.replace("right_child=1", "right_child=0").encode(), "two parents"),
    "a feature beyond the last": (
        TEXT.replace("split_feature=0 1", "split_feature=0 5").encode(),
        "feature 5 of 2",
    ),
    "linear leaves": (TEXT.replace("is_linear=0", "is_linear=1").encode(), "linear functions"),
    "an unknown objective": (TEXT.replace("=regression", "=mine").encode(), "'mine'"),
    "no trees": (b"tree\nnum_tree_per_iteration=1\nend of trees\n", "it has no trees"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_sound_model_is_refused(name: str, tmp_path: Path) -> None:
    content, said = BAD[name]

    with pytest.raises(RequestError, match=said) as refused:
        built(content, tmp_path)

    assert refused.value.reason == "format"


CASES: dict[str, dict[str, Any]] = {
    "regression": {},
    "zero as missing": {"zero_as_missing": True},
    "no missing values": {"use_missing": False},
    "binary": {"objective": "binary", "sigmoid": 0.7},
    "multiclass": {"objective": "multiclass", "num_class": 3},
    "one against all": {"objective": "multiclassova", "num_class": 3},
    "poisson": {"objective": "poisson"},
    "square roots": {"reg_sqrt": True},
    "dart": {"boosting": "dart"},
    "random forest": {
        "boosting": "rf", "objective": "binary", "bagging_freq": 1, "bagging_fraction": 0.5,
    },
    "categories": {"max_cat_to_onehot": 2, "cat_smooth": 1, "min_data_per_group": 2},
    "many leaves": {"num_leaves": 300, "min_data_in_leaf": 1},
}  # fmt: skip


@pytest.mark.frameworks
@pytest.mark.parametrize("case", CASES)
def test_a_package_predicts_what_lightgbm_does(case: str, tmp_path: Path) -> None:
    lightgbm = pytest.importorskip("lightgbm", reason="the extra lightgbm brings it")
    random = np.random.default_rng(0)
    rows = random.standard_normal((500, 5))
    rows[random.random(rows.shape) < 0.1] = np.nan
    rows[random.random(rows.shape) < 0.1] = 0
    rows[:, 4] = random.integers(0, 60, 500)
    target = np.nan_to_num(rows[:, 0]) + np.sin(rows[:, 4])
    objective = CASES[case].get("objective", "regression")
    if objective.startswith("multi"):
        target = (target > 0).astype(int) + (rows[:, 2] > 0)
    elif objective != "regression":
        target = (target > 0).astype(int)
    parameters = {"num_leaves": 15, "verbose": -1, "min_data_in_leaf": 3, **CASES[case]}
    kinds = [4] if case == "categories" else "auto"
    table = lightgbm.Dataset(rows, target, categorical_feature=kinds, params=parameters)
    booster = lightgbm.train(parameters, table, 12)
    path = tmp_path / "model.txt"
    booster.save_model(path)

    is_proven = case in ("regression", "categories")
    package = compile_model(
        compile_request(path, output=tmp_path, framework="LIGHTGBM", verify=is_proven)
    )

    model = load(package.path, threads=1)
    expected = booster.predict(rows)
    several = model.run({"data": rows})["prediction"]
    single = [model.run({"data": rows[at : at + 1]})["prediction"][0] for at in range(20)]
    proof = package.meta["Sagectl"]["Verification"]
    assert proof["Result"] == ("passed" if is_proven else "skipped")
    np.testing.assert_allclose(several, expected, rtol=1e-14)
    np.testing.assert_allclose(np.array(single), expected[:20], rtol=1e-14)


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        (TEXT.replace("is_linear=0", "is_linear=1"), "linear functions in its leaves",
         "without linear_tree"),
        ('{"name": "tree", "version": "v4"}', "is a dump in JSON", "booster.save_model"),
    ],
    ids=["linear trees", "dump"],
)  # fmt: skip
def test_another_kind_of_model_is_called_what_it_is(
    text: str, said: str, hint: str, tmp_path: Path
) -> None:
    with pytest.raises(RequestError, match=said) as refused:
        built(text.encode(), tmp_path)

    assert hint in (refused.value.hint or "")
