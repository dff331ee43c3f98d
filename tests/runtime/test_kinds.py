"""Models of every kind of input and output run as onnxruntime runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
import pytest
from onnx import helper, numpy_helper, save

from sagectl.compiler.api import compile_model
from sagectl.compiler.request import compile_request
from sagectl.runtime import load

if TYPE_CHECKING:
    from pathlib import Path

DTYPES = ("float32", "float64", "float16", "int8", "uint8", "int16", "int32", "int64", "bool")


def info(name: str, dtype: str, shape: list[int]) -> Any:
    return helper.make_tensor_value_info(
        name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape
    )


def saved(
    path: Path, nodes: list[Any], inputs: list[Any], outputs: list[Any], *held: Any
) -> Path:
    graph = helper.make_graph(nodes, "g", inputs, outputs, list(held))
    opset = helper.make_opsetid("", 17)
    save(helper.make_model(graph, opset_imports=[opset], ir_version=9), path)
    return path


def of_every_dtype(path: Path) -> Path:
    nodes = [
        helper.make_node("Concat", [f"{dtype}.in"] * 2, [f"{dtype}.out"], axis=0)
        for dtype in DTYPES
    ]
    inputs = [info(f"{dtype}.in", dtype, [3, 5]) for dtype in DTYPES]
    return saved(path, nodes, inputs, [info(f"{d}.out", d, [6, 5]) for d in DTYPES])


def handed_through(path: Path) -> Path:
    nodes = [helper.make_node("Identity", ["x"], ["y"]), helper.make_node("Neg", ["x"], ["z"])]
    outputs = [info("y", "float32", [4]), info("z", "float32", [4])]
    return saved(path, nodes, [info("x", "float32", [4])], outputs)


def nothing_but_identity(path: Path) -> Path:
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    return saved(path, nodes, [info("x", "float32", [4])], [info("y", "float32", [4])])


def reshaped(path: Path) -> Path:
    held = numpy_helper.from_array(np.array([2, 2]), "shape")
    nodes = [helper.make_node("Reshape", ["x", "shape"], ["y"])]
    return saved(path, nodes, [info("x", "float32", [4])], [info("y", "float32", [2, 2])], held)


def constant(path: Path) -> Path:
    held = numpy_helper.from_array(np.arange(4, dtype=np.float32), "c")
    nodes = [helper.make_node("Identity", ["c"], ["k"]), helper.make_node("Abs", ["x"], ["y"])]
    outputs = [info("k", "float32", [4]), info("y", "float32", [4])]
    return saved(path, nodes, [info("x", "float32", [4])], outputs, held)


def without_inputs(path: Path) -> Path:
    held = numpy_helper.from_array(np.arange(4, dtype=np.float32), "c")
    nodes = [helper.make_node("Neg", ["c"], ["y"])]
    return saved(path, nodes, [], [info("y", "float32", [4])], held)


def scalar(path: Path) -> Path:
    nodes = [helper.make_node("Neg", ["x"], ["y"])]
    return saved(path, nodes, [info("x", "float32", [])], [info("y", "float32", [])])


@pytest.mark.parametrize(
    "made",
    [
        of_every_dtype,
        handed_through,
        nothing_but_identity,
        reshaped,
        constant,
        without_inputs,
        scalar,
    ],
    ids=lambda made: made.__name__.replace("_", "-"),
)
def test_a_model_runs_as_onnxruntime_runs_it(made: Any, tmp_path: Path) -> None:
    model = made(tmp_path / "m.onnx")
    session = onnxruntime.InferenceSession(str(model))
    random = np.random.default_rng(1)
    package = compile_model(compile_request(model, output=tmp_path / "out", verify=False))
    runner = load(package.path)
    feeds = {
        port.name: np.asarray(random.integers(0, 2, port.shape)).astype(port.dtype)
        for port in runner.inputs
    }

    outputs = runner.run(feeds)

    assert list(outputs) == [each.name for each in session.get_outputs()]
    for ours, theirs in zip(outputs.values(), session.run(None, feeds), strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)
        ours[...] = 0  # an output is the caller's own, whatever it was made of
    for ours, theirs in zip(runner.run(feeds).values(), session.run(None, feeds), strict=True):
        np.testing.assert_array_equal(ours, theirs)
