"""ONNX-ML's tree ensembles compute what onnxruntime computes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import numpy_helper

from sagectl.compiler.frontends.onnx import import_model
from sagectl.errors import CompileError
from tests.compiler.frontends.onnx.ensembles import (
    MODES,
    ROWS,
    classifier,
    ensemble,
    regressor,
    rows,
)
from tests.compiler.frontends.onnx.harness import compiled_results, reference_results

if TYPE_CHECKING:
    from onnx import ModelProto

TENSORS = {"modes": MODES, "tracks": True, "dtype": np.float64, "as_tensors": True}
REGRESSORS: dict[str, dict[str, Any]] = {
    **{mode: {"modes": [mode], "tracks": True} for mode in MODES},
    "untracked": {"modes": MODES},
    "doubles as tensors": TENSORS,
    "mean of three": {"targets": 3, "aggregate_function": "AVERAGE"},
    "mean of one": {"aggregate_function": "AVERAGE", "base_values": [0.5]},
    "least": {"targets": 3, "aggregate_function": "MIN", "base_values": [0.5, 0.1, 2.0]},
    "greatest": {"aggregate_function": "MAX"},
    "base values that no leaf tells of": {"targets": 3, "base_values": [0.5, 0.1, 2.0]},
    "transform of one output": {"post_transform": "LOGISTIC"},
}
CLASSIFIERS: dict[str, dict[str, Any]] = {
    "shares of the second class": {"told": (0,), "shares": True, "labels": (3, 7)},
    "for and against": {"told": (0,), "base_values": [0.3], "labels": (3, 7)},
    "second class alone": {"told": (1,), "base_values": [0.1, 0.2]},
    "both of two classes": {"shares": True, "base_values": [0.1, 0.2]},
    "three classes": {"labels": (2, 5, 9), "base_values": [0.1, 0.2, 0.3]},
    "a class without a leaf": {"labels": (0, 1, 2), "told": (0, 2)},
    "doubles": {"dtype": np.float64, "told": (0,)},
    "integers": {"dtype": np.int64, "told": (0,)},
}
# Exponentials are of another library.
ROUNDED = ("LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO", "PROBIT")


def assert_equal(
    model: ModelProto,
    dtype: Any = np.float32,
    rtol: float = 0.0,
    counts: tuple[int, ...] = (ROWS,),
) -> None:
    """Every number is onnxruntime's, for the first ``counts`` of the rows."""
    x = rows(dtype)
    for count in counts:
        model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = count
        for output in model.graph.output:
            output.type.tensor_type.shape.dim[0].dim_value = count
        feeds = {"X": x[:count]}
        wanted = reference_results(model, feeds)
        for result, reference in zip(compiled_results(model, feeds), wanted, strict=True):
            assert result.dtype == reference.dtype
            np.testing.assert_allclose(result, reference, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("case", REGRESSORS)
def test_a_regressor_is_exact(case: str) -> None:
    given = REGRESSORS[case]

    assert_equal(regressor(**given), given.get("dtype", np.float32))


@pytest.mark.parametrize("case", CLASSIFIERS)
def test_a_classifier_is_exact(case: str) -> None:
    given = CLASSIFIERS[case]

    assert_equal(classifier(**given), given.get("dtype", np.float32))


def test_one_row_is_as_exact_as_many() -> None:
    assert_equal(regressor(targets=3, modes=MODES, tracks=True), counts=(1, 2, ROWS))


@pytest.mark.parametrize("transform", ROUNDED)
def test_a_transform_is_that_of_onnxruntime(transform: str) -> None:
    assert_equal(regressor(targets=3, post_transform=transform), rtol=2e-5)
    assert_equal(classifier(labels=(4, 2, 6), post_transform=transform), rtol=2e-5)


@pytest.mark.parametrize("shares", [True, False])
def test_two_classes_of_one_logistic_score_are_two_shares(shares: bool) -> None:
    assert_equal(classifier(told=(0,), shares=shares, post_transform="LOGISTIC"), rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_ensemble_of_version_five_asks_for_members_of_sets(dtype: Any) -> None:
    whole = ensemble(dtype=dtype, aggregate_function=0)
    x = np.round(rows(dtype))
    wanted = reference_results(whole, {"X": x})

    np.testing.assert_array_equal(compiled_results(whole, {"X": x}), wanted)
    assert_equal(ensemble(dtype=dtype, members=False), dtype)


def test_a_threshold_of_infinity_parts_what_is_missing_from_the_rest() -> None:
    for mode in ("BRANCH_LEQ", "BRANCH_GT"):
        model = regressor(modes=[mode])
        (values,) = (
            each for each in model.graph.node[0].attribute if each.name == "nodes_values"
        )
        values.floats[:3] = [np.inf] * 3
        assert_equal(model)


def refusal(model: ModelProto) -> str:
    with pytest.raises(CompileError) as caught:
        import_model(model, {})
    assert caught.value.reason == "operator"
    return caught.value.message


def changed(model: ModelProto, name: str, **fields: Any) -> ModelProto:
    (attribute,) = (each for each in model.graph.node[0].attribute if each.name == name)
    for field, value in fields.items():
        if field == "t":
            attribute.t.CopyFrom(value)
        else:
            getattr(attribute, field)[:] = value
    return model


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (ensemble(post_transform=1), "means another one to onnxruntime"),
        (
            changed(
                ensemble(),
                "membership_values",
                t=numpy_helper.from_array(np.full(40, 31.0, np.float32)),
            ),
            "members beyond 0 to 30",
        ),
        (classifier(labels=(1,)), "fewer than two classes"),
        (regressor(targets=3, base_values=[1.0]), "1 base values for 3 outputs"),
        (changed(regressor(), "nodes_truenodeids", ints=[0] * 60), "has a broken tree"),
        (changed(regressor(), "nodes_values", floats=[1.0]), "differ in length"),
        (changed(regressor(), "target_nodeids", ints=[99] * 32), "which is none"),
        (changed(regressor(), "nodes_values", floats=[np.nan] * 60), "compares with NaN"),
    ],
    ids=[
        "disputed transform", "members", "one class", "base values", "endless", "lengths",
        "leaf of no node", "threshold of nothing",
    ],
)  # fmt: skip
def test_what_is_no_such_ensemble_is_refused(model: ModelProto, said: str) -> None:
    assert said in refusal(model)
