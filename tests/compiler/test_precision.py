from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from sagectl.compiler.api import compile_model
from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends import frontend
from sagectl.compiler.passes.pipeline import optimized
from sagectl.compiler.request import compile_request
from sagectl.compiler.schedules import Decision, scheduled
from sagectl.compiler.targets import resolve
from sagectl.runtime import load

if TYPE_CHECKING:
    from pathlib import Path

COUNT = 4096


def elementary(path: Path) -> Path:
    """Every function of the table on the same input, an output each."""
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, COUNT])
    names = list(references())
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, COUNT]) for name in names
    ]
    nodes = [helper.make_node(name, ["x"], [name]) for name in names]
    graph = helper.make_graph(nodes, "elementary", [value], outputs)
    opset = helper.make_opsetid("", 20)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=9), path)
    return path


def references() -> dict[str, Any]:
    from math import erf

    return {
        "Exp": np.exp,
        "Tanh": np.tanh,
        "Erf": np.vectorize(erf),
        "Sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    }


def test_exact_functions_are_right_to_a_few_units_in_the_last_place(tmp_path: Path) -> None:
    model = elementary(tmp_path / "model.onnx")
    random = np.random.default_rng(0)
    # Small arguments too: there an absolute bound would prove nothing.
    sizes = 10.0 ** random.integers(-6, 2, COUNT)
    x = np.clip(random.standard_normal((1, COUNT)) * sizes, -80, 80).astype("f4")
    request = compile_request(model, output=tmp_path, precision="exact")

    found = load(compile_model(request).path).run({"x": x})

    for name, function in references().items():
        truth = function(x.astype("f8"))
        unit = np.spacing(np.abs(truth).astype("f4")).astype("f8")
        assert (np.abs(found[name] - truth) / unit).max() <= 3, name


def test_no_winograd_transform_is_exact(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    weights = random.standard_normal((64, 64, 3, 3)).astype("f4")
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 64, 28, 28])
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 64, 28, 28])
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1])],
        "conv",
        [image],
        [result],
        [onnx.numpy_helper.from_array(weights, "w")],
    )
    opset = helper.make_opsetid("", 17)
    path = tmp_path / "conv.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=9), path)
    rules = {}
    for precision in ("fast", "exact"):
        target = resolve(None, None, {"precision": precision})
        imported = frontend("ONNX").load(compile_request(path, output=tmp_path))
        decisions: list[Decision] = []
        scheduled(optimized(imported.module, target), target, note=decisions.append)
        rules[precision] = {each.function: each.rule for each in decisions}["conv2d"]

    assert rules == {"fast": "winograd", "exact": "convolution"}


@pytest.mark.parametrize("given", ["exakt", 1, None, ""])
def test_other_precisions_are_refused(given: Any, tmp_path: Path, model: Path) -> None:
    request = compile_request(model, output=tmp_path, compiler_options={"precision": given})

    with pytest.raises(RequestError, match="precision is") as caught:
        compile_model(request)

    assert caught.value.hint == "It is one of fast, exact."


def test_compiler_options_of_a_job_may_ask_for_it(tmp_path: Path, model: Path) -> None:
    request = compile_request(
        model, output=tmp_path, compiler_options='{"precision": "exact"}', verify=False
    )

    assert compile_model(request).meta["Sagectl"]["Precision"] == "exact"
