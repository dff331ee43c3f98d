from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from sagectl.compiler.api import compile_model
from sagectl.compiler.errors import RequestError
from sagectl.compiler.request import compile_request
from sagectl.runtime import load

if TYPE_CHECKING:
    from pathlib import Path

COUNT = 4096


def unary(operator: str, path: Path) -> Path:
    names = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, COUNT]) for name in "xy"
    ]
    graph = helper.make_graph(
        [helper.make_node(operator, ["x"], ["y"])], operator, names[:1], names[1:]
    )
    opset = helper.make_opsetid("", 20)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=9), path)
    return path


def results(model: Path, folder: Path, precision: str, feeds: Any) -> Any:
    request = compile_request(model, output=folder / precision, precision=precision)
    return load(compile_model(request).path).run(feeds)["y"].astype("f8")


def references() -> dict[str, Any]:
    from math import erf

    return {
        "Exp": np.exp,
        "Tanh": np.tanh,
        "Erf": np.vectorize(erf),
        "Sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    }


@pytest.mark.parametrize("operator", ["Exp", "Tanh", "Erf", "Sigmoid"])
def test_exact_functions_are_right_to_a_few_units_in_the_last_place(
    operator: str, tmp_path: Path
) -> None:
    model = unary(operator, tmp_path / "model.onnx")
    random = np.random.default_rng(0)
    # Small arguments too: there an absolute bound would prove nothing.
    x = (random.standard_normal((1, COUNT)) * 10.0 ** random.integers(-6, 2, COUNT)).astype(
        "f4"
    )
    x = np.clip(x, -80, 80)
    truth = references()[operator](x.astype("f8"))

    exact = results(model, tmp_path, "exact", {"x": x})

    ulps = np.abs(exact - truth) / np.spacing(np.abs(truth).astype("f4")).astype("f8")
    assert ulps.max() <= 3


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
    dumps = {}
    for precision in ("fast", "exact"):
        dumps[precision] = tmp_path / f"dump-{precision}"
        compile_model(
            compile_request(path, output=tmp_path, precision=precision, dump=dumps[precision])
        )

    told = {name: next(dump.glob("*rules.txt")).read_text() for name, dump in dumps.items()}
    assert "conv2d: winograd" in told["fast"]
    assert "conv2d: convolution" in told["exact"]


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
