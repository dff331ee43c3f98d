"""Which forms of operators ONNX's tests vouch for."""

from __future__ import annotations

import pytest

from sagectl.compiler.frontends.onnx import import_model
from sagectl.compiler.frontends.onnx.gate import Form, table, verdict
from tests.compiler.frontends.onnx.harness import model_of


@pytest.mark.parametrize(
    ("form", "status"),
    [
        pytest.param(Form("Relu", 14, "float32", ()), "right", id="tested"),
        pytest.param(Form("Relu", 13, "float32", ()), "right", id="version_of_more_types_only"),
        pytest.param(Form("AveragePool", 7, "float32", ("kernel_shape",)), "right", id="grown"),
        pytest.param(Form("Squeeze", 11, "float32", ("axes",)), "unknown", id="moved"),
        pytest.param(Form("Hardmax", 11, "float32", ("axis",)), "unknown", id="new_default"),
        pytest.param(Form("GroupNormalization", 18, "float32", ()), "unknown", id="redefined"),
        pytest.param(Form("Relu", 14, "float64", ()), "unknown", id="type"),
        pytest.param(Form("TopK", 1, "float32", ("axis", "k")), "unknown", id="version"),
        pytest.param(Form("Resize", 19, "float32", ("mode=fancy",)), "unknown", id="attribute"),
        pytest.param(Form("com.acme.Spin", 1, "float32", ()), "unknown", id="operator"),
        pytest.param(Form("StringSplit", 20, "object", ()), "unsupported", id="refused"),
    ],
)
def test_a_form_is_known_by_its_tests(form: Form, status: str) -> None:
    assert verdict(form).status == status


def test_no_form_in_the_table_is_known_wrong() -> None:
    assert [row.form for rows in table().values() for row in rows if row.failed] == []


def test_an_import_names_the_forms_that_no_test_covers() -> None:
    model = model_of(
        "g (double[2,3] x) => (double[2,3] y) { a = Softmax(x) b = Abs(a) y = Cos(b) }"
    )
    unproven = import_model(model, {}).facts["unproven"]
    assert "Softmax (float64)" in unproven


def test_what_is_given_as_it_is_by_default_is_as_if_left_out() -> None:
    model = model_of("""g (float[1,2,4,4] x, float[3,2,1,1] w) => (float[1,3,1,1] y) {
        a = Conv <auto_pad = "NOTSET", dilations = [1, 1], group = 1> (x, w)
        axes = Constant <value_ints = [2, 3]> ()
        y = ReduceMean <keepdims = 1, noop_with_empty_axes = 0> (a, axes)
    }""")
    assert import_model(model, {}).facts["unproven"] == []


def test_what_is_given_otherwise_counts() -> None:
    model = model_of("g (double[2,3] x) => (double[2,3] y) { y = Selu <gamma = 2.0> (x) }")
    assert import_model(model, {}).facts["unproven"] == ["Selu (float64, gamma)"]
