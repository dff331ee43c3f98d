"""The compiler behind ONNX's backend interface."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import helper, parser

from sagectl import onnx_backend
from sagectl.errors import CompileError

RESHAPE = """<ir_version: 9, opset_import: ["": 18]>
    g (float[2,3] x, int64[1] s) => (float[n] y) { y = Reshape(x, s) }"""


def test_run_model_computes_in_the_models_order() -> None:
    model = parser.parse_model("""<ir_version: 9, opset_import: ["": 18]>
        g (float[2] a, float[2] b) => (float[2] less, float[2] more)
        { less = Sub(a, b) more = Add(a, b) }""")
    results = onnx_backend.run_model(model, [np.float32([5, 7]), np.float32([1, 2])])
    np.testing.assert_array_equal(results.less, [4, 5])
    np.testing.assert_array_equal(results[1], [6, 9])


def test_an_input_that_decides_a_shape_becomes_a_constant() -> None:
    prepared = onnx_backend.prepare(parser.parse_model(RESHAPE))
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    (result,) = prepared.run([values, np.array([6], np.int64)])
    np.testing.assert_array_equal(result, np.arange(6))
    assert prepared.bound == {"s"}


def test_without_binding_such_a_model_is_refused() -> None:
    prepared = onnx_backend.prepare(parser.parse_model(RESHAPE), bind=False)
    with pytest.raises(CompileError, match="must be known at compile time"):
        prepared.run([np.zeros((2, 3), np.float32), np.array([6], np.int64)])


def test_run_node_runs_one_operator() -> None:
    node = helper.make_node("Mul", ["a", "b"], ["c"])
    (result,) = onnx_backend.run_node(
        node, [np.float32([2]), np.float32([3])], outputs_info=[(np.float32, (1,))]
    )
    assert result.tolist() == [6]


def test_only_the_cpu_is_supported() -> None:
    assert onnx_backend.supports_device("CPU")
    assert not onnx_backend.supports_device("CUDA:0")
