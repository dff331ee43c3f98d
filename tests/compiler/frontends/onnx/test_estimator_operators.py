"""ONNX-ML's operators around models compute what onnxruntime computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from sagectl.compiler.frontends.onnx import import_model
from sagectl.errors import CompileError
from tests.compiler.frontends.onnx.harness import assert_same

NAN = float("nan")
FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
X = np.array([[1, -2, 0.5], [0, 0, 0], [-1, 3, 2], [2, 0.25, -1]], np.float32)
GAPS = np.array([[NAN, 1, 2], [3, NAN, 5], [0, -1, NAN]], np.float32)
KEYS = np.array([[1, 2], [7, 9], [2, 3]], np.int64)
ONE = [(FLOAT, [4, 1])]
TWO = [(FLOAT, [4, 2])]
SAME = [(FLOAT, [4, 3])]
CLASSES = [(INT64, [4]), (FLOAT, [4, 3])]
PAIR = [(INT64, [4]), (FLOAT, [4, 2])]
NINE = [round(0.3 * place - 1.1, 2) for place in range(9)]
VECTORS: dict[str, Any] = {
    "support_vectors": [*NINE, *NINE[::-1], 0.5, -1.0, 2.0],
    "kernel_params": [0.4, 0.3, 3.0],
}
MACHINE: dict[str, Any] = {
    **VECTORS, "vectors_per_class": [2, 3, 2], "coefficients": [*NINE, *NINE[:5]],
    "rho": [0.1, -0.2, 0.05], "classlabels_ints": [2, 5, 9],
}  # fmt: skip
BOTH = {
    **MACHINE, "vectors_per_class": [4, 3], "coefficients": NINE[:7], "rho": [0.1],
    "classlabels_ints": [3, 8],
}  # fmt: skip
# Operator, rows, outputs, attributes.
CASES: dict[str, tuple[str, Any, Any, dict[str, Any]]] = {
    "regressor": ("LinearRegressor", X, TWO,
        {"coefficients": NINE[:6], "intercepts": [0.5, -1.0], "targets": 2}),
    "regressor without intercepts": ("LinearRegressor", X, ONE, {"coefficients": NINE[:3]}),
    "classifier": ("LinearClassifier", X, CLASSES,
        {"coefficients": NINE, "intercepts": [0.1, 0.2, 0.3], "classlabels_ints": [4, 2, 7],
         "post_transform": "SOFTMAX"}),
    "classifier of one score": ("LinearClassifier", X, PAIR,
        {"coefficients": NINE[:3], "intercepts": [0.1], "classlabels_ints": [4, 2]}),
    "logistic of one score": ("LinearClassifier", X, PAIR,
        {"coefficients": NINE[:3], "intercepts": [0.1], "classlabels_ints": [4, 2],
         "post_transform": "LOGISTIC"}),
    "integers": ("LinearClassifier", X.astype(np.int64), CLASSES,
        {"coefficients": NINE, "intercepts": [0.1, 0.2, 0.3], "classlabels_ints": [4, 2, 7],
         "post_transform": "LOGISTIC"}),
    **{norm: ("Normalizer", X, SAME, {"norm": norm}) for norm in ("MAX", "L1", "L2")},
    "imputer": ("Imputer", GAPS, [(FLOAT, [3, 3])],
        {"imputed_value_floats": [7.0, 8.0, 9.0], "replaced_value_float": NAN}),
    "imputer of one value": ("Imputer", GAPS, [(FLOAT, [3, 3])],
        {"imputed_value_floats": [7.0], "replaced_value_float": 1.0}),
    "imputer of integers": ("Imputer", KEYS, [(INT64, [3, 2])],
        {"imputed_value_int64s": [-1, -2], "replaced_value_int64": 2}),
    "one hot": ("OneHotEncoder", KEYS, [(FLOAT, [3, 2, 3])],
        {"cats_int64s": [2, 9, 1], "zeros": 1}),
    "label encoder": ("LabelEncoder", KEYS, [(FLOAT, [3, 2])],
        {"keys_int64s": [2, 9, 1], "values_floats": [0.5, 1.5, 2.5], "default_float": -7.0}),
    "label encoder of missing": ("LabelEncoder", GAPS, [(INT64, [3, 3])],
        {"keys_floats": [1.0, NAN, -1.0], "values_int64s": [10, 20, 30]}),
    "support vectors": ("SVMRegressor", X, ONE,
        {**VECTORS, "n_supports": 7, "coefficients": NINE[:7], "rho": [0.2],
         "kernel_type": "RBF"}),
    "one class": ("SVMRegressor", X, ONE,
        {**VECTORS, "n_supports": 7, "coefficients": NINE[:7], "rho": [0.2], "one_class": 1}),
    **{
        f"machine {kernel}": ("SVMClassifier", X, CLASSES, {**MACHINE, "kernel_type": kernel})
        for kernel in ("LINEAR", "POLY", "RBF", "SIGMOID")
    },
    "machine of two": ("SVMClassifier", X, PAIR, {**BOTH, "kernel_type": "RBF"}),
    "machine of two logistic": ("SVMClassifier", X, PAIR,
        {**BOTH, "kernel_type": "RBF", "post_transform": "LOGISTIC"}),
}  # fmt: skip


def model_of(
    operator: str, x: Any, outputs: Any, attributes: dict[str, Any], version: int = 2
) -> Any:
    names = [f"y{place}" for place, _ in enumerate(outputs)]
    node = helper.make_node(operator, ["X"], names, domain="ai.onnx.ml", **attributes)
    code = helper.np_dtype_to_tensor_dtype(x.dtype)
    graph = helper.make_graph(
        [node],
        "estimator",
        [helper.make_tensor_value_info("X", code, x.shape)],
        [
            helper.make_tensor_value_info(name, *each)
            for name, each in zip(names, outputs, strict=True)
        ],
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", version)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9)


@pytest.mark.parametrize("name", CASES)
def test_it_is_what_onnxruntime_computes(name: str) -> None:
    operator, x, outputs, attributes = CASES[name]

    assert_same(model_of(operator, x, outputs, attributes), {"X": x})


def test_what_is_missing_has_a_label_as_of_version_four() -> None:
    operator, x, outputs, attributes = CASES["label encoder of missing"]

    assert_same(model_of(operator, x, outputs, attributes, version=4), {"X": x})


REFUSED: dict[str, tuple[str, Any, Any, dict[str, Any], str]] = {
    "text": ("LabelEncoder", KEYS, [(TensorProto.STRING, [3, 2])],
        {"keys_int64s": [1], "values_strings": ["a"]}, "string"),
    "unknown category": ("OneHotEncoder", KEYS, [(FLOAT, [3, 2, 1])],
        {"cats_int64s": [1], "zeros": 0}, "handle_unknown='ignore'"),
    "probabilities": ("SVMClassifier", X, CLASSES,
        {**MACHINE, "prob_a": [1.0] * 3, "prob_b": [1.0] * 3}, "export the scores instead"),
    "norm": ("Normalizer", X, SAME, {"norm": "L3"}, "norm 'L3'"),
    "coefficients": ("LinearRegressor", X, ONE, {"coefficients": [1.0]}, "for 3 features"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_other_forms_are_refused_with_their_reason(name: str) -> None:
    operator, x, outputs, attributes, said = REFUSED[name]

    with pytest.raises(CompileError, match=said) as refused:
        import_model(model_of(operator, x, outputs, attributes), {})

    assert refused.value.reason == "operator"
