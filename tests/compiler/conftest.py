"""Small models with random weights, compiled once for all tests that look at a package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper, save

from sagectl.compiler.api import compile_model
from sagectl.compiler.request import Platform, compile_request

if TYPE_CHECKING:
    from pathlib import Path

    from onnx import ModelProto

    from sagectl.compiler.packaging import Package


def small_model() -> ModelProto:
    """A convolution and a classifier over it: two inputs, two outputs, names with dots."""
    random = np.random.default_rng(7)

    def weight(name: str, *shape: int) -> object:
        values = random.standard_normal(shape).astype(np.float32) / 4
        return numpy_helper.from_array(values, name)

    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["image.0", "w", "b"], ["c"], pads=[1, 1, 1, 1]),
            helper.make_node("Relu", ["c"], ["features/relu"]),
            helper.make_node("GlobalAveragePool", ["features/relu"], ["p"]),
            helper.make_node("Flatten", ["p"], ["f"]),
            helper.make_node("Concat", ["f", "side"], ["j"], axis=1),
            helper.make_node("Gemm", ["j", "m", "n"], ["scores"], transB=1),
        ],
        "small",
        [
            helper.make_tensor_value_info("image.0", TensorProto.FLOAT, [1, 3, 12, 12]),
            helper.make_tensor_value_info("side", TensorProto.FLOAT, [1, 4]),
        ],
        [
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 5]),
            helper.make_tensor_value_info("features/relu", TensorProto.FLOAT, [1, 8, 12, 12]),
        ],
        [weight("w", 8, 3, 3, 3), weight("b", 8), weight("m", 5, 12), weight("n", 5)],
    )
    opset = helper.make_opsetid("", 17)
    return helper.make_model(graph, opset_imports=[opset], ir_version=9)


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "small.onnx"
    save(small_model(), path)
    return path


@pytest.fixture(scope="session")
def package(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Package:
    """The small model for any x86-64 or ARM64 machine of this kind, verified."""
    from sagectl.compiler.targets import host_platform

    here = host_platform()
    request = compile_request(
        model,
        output=tmp_path_factory.mktemp("package"),
        platform=Platform(here.os, here.arch),
        mcpu="native",
    )
    return compile_model(request)
