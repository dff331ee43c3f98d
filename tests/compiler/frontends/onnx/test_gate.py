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
