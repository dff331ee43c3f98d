"""Functions of a model's own, each by the operator set that it imports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper

from sagectl import onnx_backend
from sagectl.compiler.frontends.onnx import import_model

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

GIVEN = np.random.default_rng(4).standard_normal((2, 3, 4)).astype("float32")


def _applied(version: int, *nodes: NodeProto, domain: str = "own") -> ModelProto:
    """A model of operator set 21 that applies a function of another."""
    sets = [helper.make_opsetid("", version)]
    function = helper.make_function(domain, "F", ["X"], ["Y"], nodes, sets)
    return helper.make_model(
        helper.make_graph(
            [helper.make_node("F", ["x"], ["y"], domain=domain)],
            "g",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, GIVEN.shape)],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["a", "b", "c"])],
        ),
        functions=[function],
        opset_imports=[helper.make_opsetid("", 21), helper.make_opsetid(domain, 1)],
        ir_version=10,
    )


def _node(operator: str, **attributes: object) -> NodeProto:
    return helper.make_node(operator, ["X"], ["Y"], **attributes)


MODELS = {
    "axes_as_attribute": _applied(12, _node("ReduceSum", axes=[1])),
    "bounds_as_attributes": _applied(10, _node("Clip", min=-0.5, max=0.5)),
    "softmax_of_the_rest": _applied(12, _node("Softmax", axis=1)),
    "starts_as_attributes": _applied(9, _node("Slice", axes=[1], starts=[0], ends=[2])),
    "newer_than_the_model": _applied(22, _node("Elu", alpha=0.5)),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_function_is_of_the_operator_set_that_it_imports(name: str) -> None:
    model = MODELS[name]

    (result,) = onnx_backend.run_model(model, [GIVEN])

    # What the package is compared with: onnxruntime alone goes by the model's operator set.
    reference = import_model(model, {}).reference
    assert isinstance(reference, bytes)
    wanted = onnxruntime.InferenceSession(reference).run(None, {"x": GIVEN})[0]
    assert result.shape == wanted.shape
    np.testing.assert_allclose(result, wanted, rtol=1e-5, atol=1e-6)


def test_softmax_before_its_change_takes_all_axes_from_the_given_one() -> None:
    (result,) = onnx_backend.run_model(MODELS["softmax_of_the_rest"], [GIVEN])
    np.testing.assert_allclose(result.sum(axis=(1, 2)), [1, 1], rtol=1e-5)
