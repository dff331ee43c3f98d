"""What `check` says of a model without compiling it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from onnx import numpy_helper

from sagectl.compiler.frontends.onnx.importer import tvm_operators
from sagectl.compiler.frontends.onnx.inspection import inspected
from sagectl.compiler.frontends.onnx.support import IMPORTED
from tests.compiler.frontends.onnx.harness import model_of

if TYPE_CHECKING:
    from onnx import ModelProto


def net() -> ModelProto:
    model = model_of("""g (float[n,3,8,8] x, float[4,3,3,3] w, float[4] b) => (float[n,4,6,6] y)
        { c = Conv(x, w, b) y = Relu(c) }""")
    for name, shape in (("w", (4, 3, 3, 3)), ("b", (4,))):
        model.graph.initializer.append(
            numpy_helper.from_array(np.ones(shape, np.float32), name)
        )
    return model


def test_parameters_and_operations_are_counted() -> None:
    report = inspected(net(), {"x": (2, 3, 8, 8)})
    assert report.compiles
    assert report.parameters == 4 * 27 + 4
    assert report.parameter_bytes == 4 * report.parameters
    assert report.flops == 2 * (2 * 4 * 36) * 27 + 2 * 4 * 36


def test_open_shapes_are_a_problem_with_the_flag_that_fixes_them() -> None:
    report = inspected(net(), {})
    assert not report.compiles
    assert report.flops is None
    assert report.inputs[0].shape == ("n", 3, 8, 8)
    assert "--input x=1,3,8,8" in (report.hint or "")


def test_each_operator_has_a_status() -> None:
    model = model_of(
        "g (float[2] x) => (float[2] y) { a = Relu(x) b = acme.Spin(a) y = Relu(b) }",
        domains='"acme": 1',
    )
    uses = {use.name: (use.count, use.status) for use in inspected(model, {}).operators}
    assert uses == {"Relu": (2, "right"), "acme.Spin": (1, "unsupported")}


def test_a_form_that_no_test_covers_is_unknown_and_says_why() -> None:
    model = model_of("g (double[2,3] x) => (double[2,3] y) { y = Softmax(x) }")
    (use,) = inspected(model, {}).operators
    assert (use.status, use.reason) == ("unknown", "no test covers float64")


def test_memory_is_what_lives_at_one_time() -> None:
    model = model_of("g (float[256] x) => (float[256] y) { a = Exp(x) b = Exp(a) y = Exp(b) }")
    assert inspected(model, {}).memory_bytes == 2 * 1024


def test_the_list_of_imported_operators_is_that_of_tvm() -> None:
    assert tvm_operators().keys() == IMPORTED
