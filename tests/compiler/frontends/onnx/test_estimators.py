"""Classifiers as exporters of scikit-learn write them: maps and names in their outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from sagectl import onnx_backend
from sagectl.compiler.api import compile_model
from sagectl.compiler.check import checked
from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends.onnx import load
from sagectl.compiler.request import Platform, compile_request
from sagectl.errors import CompileError
from sagectl.runtime import load as runner
from tests.compiler.frontends.onnx.ensembles import FEATURES, ROWS, classifier, rows
from tests.compiler.frontends.onnx.harness import reference_results

if TYPE_CHECKING:
    from pathlib import Path

    from onnx import ModelProto

ACCELERATORS = ("NVIDIA", "MALI", "GRAPHICS")
NAMES = ["low", "mid", "top"]


def exported(*, by_list: bool = False) -> ModelProto:
    """A classifier of three names, and a ZipMap behind it; or names picked from a list."""
    model = classifier(labels=(0, 1, 2))
    graph, (node,) = model.graph, model.graph.node
    if by_list:
        names = np.array([name.encode() for name in NAMES], object)
        graph.initializer.append(numpy_helper.from_array(names, "names"))
        graph.node.append(
            helper.make_node(
                "ArrayFeatureExtractor", ["names", "label"], ["row"], domain="ai.onnx.ml"
            )
        )
        graph.initializer.append(numpy_helper.from_array(np.array([-1]), "flat"))
        graph.node.append(helper.make_node("Reshape", ["row", "flat"], ["name"]))
    else:
        kept = [each for each in node.attribute if each.name != "classlabels_int64s"]
        del node.attribute[:]
        node.attribute.extend([*kept, helper.make_attribute("classlabels_strings", NAMES)])
        graph.node.append(helper.make_node("Identity", ["label"], ["name"]))
    graph.node.append(
        helper.make_node(
            "ZipMap", ["scores"], ["maps"], domain="ai.onnx.ml", classlabels_strings=NAMES
        )
    )
    values = helper.make_tensor_type_proto(TensorProto.FLOAT, [])
    maps = helper.make_sequence_type_proto(
        helper.make_map_type_proto(TensorProto.STRING, values)
    )
    del graph.output[:]
    graph.output.extend(
        [
            helper.make_tensor_value_info("name", TensorProto.STRING, [ROWS]),
            helper.make_value_info("maps", maps),
        ]
    )
    return model


@pytest.mark.parametrize("by_list", [False, True], ids=["names", "list of names"])
def test_names_become_places_and_maps_a_matrix(tmp_path: Path, by_list: bool) -> None:
    model = exported(by_list=by_list)
    onnx.save(model, path := tmp_path / "model.onnx")
    names, maps = reference_results(model, {"X": rows()})

    request = compile_request(path, output=tmp_path)
    package = compile_model(request)
    found = runner(package.path, threads=1).run({"X": rows()})

    assert [NAMES[place] for place in found["name"]] == list(names)
    for row, scores in zip(maps, found["maps"], strict=True):
        np.testing.assert_array_equal(scores, [row[name] for name in NAMES])
    assert package.meta["Sagectl"]["Verification"]["Result"] == "passed"
    said = " ".join(load(request).warnings)
    assert "tells classes by their places: 0 low, 1 mid, 2 top" in said
    assert "'maps' is a matrix in place of a list of maps" in said


def test_the_backend_hands_out_nothing_in_place_of_names() -> None:
    with pytest.raises(CompileError, match="output 'name' is string"):
        onnx_backend.run_model(exported(), [rows()])


def test_names_that_go_through_anything_else_are_refused(tmp_path: Path) -> None:
    model = exported()
    model.graph.node[1].op_type = "StringNormalizer"
    onnx.save(model, path := tmp_path / "model.onnx")

    with pytest.raises(CompileError, match="output 'name' is string"):
        load(compile_request(path, output=tmp_path))


def test_a_check_tells_the_matrix_that_a_map_becomes(tmp_path: Path) -> None:
    onnx.save(exported(), path := tmp_path / "model.onnx")

    outputs = {each["Name"]: (each["Type"], each["Shape"]) for each in checked(path)["Outputs"]}

    assert outputs == {"name": ("int64", [ROWS]), "maps": ("float32", ["?", 3])}


def test_a_map_of_no_classes_is_refused(tmp_path: Path) -> None:
    model = exported()
    del model.graph.node[2].attribute[:]
    onnx.save(model, path := tmp_path / "model.onnx")

    with pytest.raises(CompileError, match="output 'maps' is sequence"):
        load(compile_request(path, output=tmp_path))


def test_trees_are_told_of_and_built_for_processors_alone(tmp_path: Path) -> None:
    onnx.save(classifier(), path := tmp_path / "model.onnx")

    told = checked(path)

    assert told["Compiles"]
    assert told["Inputs"][0]["Shape"] == [ROWS, FEATURES]
    assert "LINUX_X86_64" in told["Targets"]
    assert not [each for each in told["Targets"] if each.endswith(ACCELERATORS)]
    gpu = Platform("LINUX", "X86_64", "NVIDIA")
    options = {"gpu-code": "sm_75", "trt-ver": "7.1.3", "cuda-ver": "10.2"}
    with pytest.raises(RequestError, match="for processors, not for graphics") as refused:
        load(compile_request(path, output=tmp_path, platform=gpu, compiler_options=options))
    assert refused.value.reason == "target"


@pytest.mark.parametrize("framework", ["LIGHTGBM", "SKLEARN", "XGBOOST"])
def test_a_check_of_other_trees_lists_processors_alone(tmp_path: Path, framework: str) -> None:
    path = tmp_path / "model"
    path.write_bytes(b"PK\x03\x04")

    told = checked(path, framework)

    assert "LINUX_ARM64" in told["Targets"]
    assert not [each for each in told["Targets"] if each.endswith(ACCELERATORS)]


def test_nothing_is_said_of_a_pickle(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(b"\x80\x04N.")

    with pytest.raises(RequestError, match="nothing can be said of it without running") as no:
        checked(path, "SKLEARN")

    assert no.value.exit_code == 2
    assert "skops" in (no.value.hint or "")
