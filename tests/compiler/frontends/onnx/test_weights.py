"""Weights in few bits, unpacked while compiling."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.compiler.frontends.onnx.harness import assert_same

INNER, OUTER, BLOCK = 64, 8, 32


@pytest.mark.parametrize("has_zero", [True, False], ids=["zero_points", "symmetric"])
def test_weights_of_four_bits_match_onnxruntime(has_zero: bool) -> None:
    random = np.random.default_rng(2)
    blocks = INNER // BLOCK
    weights = {
        "w": random.integers(0, 256, (OUTER, blocks, BLOCK // 2)).astype(np.uint8),
        "s": random.random(OUTER * blocks).astype(np.float32),
    }
    if has_zero:
        weights["z"] = random.integers(0, 256, OUTER * blocks // 2).astype(np.uint8)
    node = helper.make_node(
        "MatMulNBits",
        ["x", *weights],
        ["y"],
        domain="com.microsoft",
        K=INNER,
        N=OUTER,
        bits=4,
        block_size=BLOCK,
    )
    graph = helper.make_graph(
        [node],
        "bits",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [3, INNER])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [3, OUTER])],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
    assert_same(helper.make_model(graph, ir_version=9, opset_imports=opsets), atol=1e-3)


def test_int4_weights_behind_a_dequantisation_fold() -> None:
    weight = helper.make_tensor("w", TensorProto.INT4, [4, 2], [-8, 7, 1, 2, -3, 4, 0, 5])
    scale = numpy_helper.from_array(np.float32([0.5, 0.25]), "s")
    graph = helper.make_graph(
        [
            helper.make_node("DequantizeLinear", ["w", "s"], ["f"], axis=1),
            helper.make_node("MatMul", ["x", "f"], ["y"]),
        ],
        "int4",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [3, 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [3, 2])],
        [weight, scale],
    )
    opsets = [helper.make_opsetid("", 21)]
    assert_same(helper.make_model(graph, ir_version=10, opset_imports=opsets))


def test_bfloat16_weights_are_computed_in_float32() -> None:
    weight = helper.make_tensor("w", TensorProto.BFLOAT16, [3, 2], [1.5, -2, 0.25, 3, 4, -0.5])
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["w"], ["f"], to=TensorProto.FLOAT),
            helper.make_node("MatMul", ["x", "f"], ["y"]),
        ],
        "bfloat16",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, 2])],
        [weight],
    )
    opsets = [helper.make_opsetid("", 18)]
    assert_same(helper.make_model(graph, ir_version=9, opset_imports=opsets))
