"""Packages of several sets of shapes: made, proven, measured, run by the shapes given."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import numpy_helper, save

from sagectl.compiler.api import compile_model
from sagectl.compiler.bench import bench
from sagectl.compiler.errors import RequestError
from sagectl.compiler.packaging import described
from sagectl.compiler.request import compile_request
from sagectl.compiler.verify import compared
from sagectl.errors import InputError
from sagectl.runtime import PackageError, TensorError, load
from sagectl.runtime.package import META, unpack
from tests.compiler.frontends.onnx.harness import model_of

if TYPE_CHECKING:
    from pathlib import Path

    from sagectl.compiler.packaging import Package

F32 = np.float32
TEXT = """g (float[N,8] x, float[8,64] w) => (float[N,64] y, float[N,64] z)
    { y = MatMul(x, w)  z = Relu(y) }"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    model = model_of(TEXT)
    weights = np.random.default_rng(3).standard_normal((8, 64)).astype(F32)
    model.graph.initializer.append(numpy_helper.from_array(weights, "w"))
    path = tmp_path_factory.mktemp("source") / "open.onnx"
    save(model, path)
    return path


@pytest.fixture(scope="module")
def several(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Package:
    output = tmp_path_factory.mktemp("several")
    return compile_model(
        compile_request(source, output=output, inputs={"x": ["1..3", 8]}, params="beside")
    )


def test_a_runner_picks_by_the_shapes_given(several: Package) -> None:
    runner = load(several.path)
    values = np.random.default_rng(5).standard_normal((3, 8)).astype(F32)

    whole = runner.run({"x": values})

    for count in (1, 2):
        part = runner.run({"x": values[:count]})
        assert part["y"].shape == (count, 64)
        np.testing.assert_allclose(part["z"], whole["z"][:count], rtol=1e-5, atol=1e-5)
    assert [str(port) for port in (*runner.inputs, *runner.outputs)] == [
        "float32[?, 8]",
        "float32[?, 64]",
        "float32[?, 64]",
    ]


def test_shapes_without_code_are_refused_with_those_that_have_some(several: Package) -> None:
    with pytest.raises(TensorError, match=r"shapes x=\[4, 8\]") as caught:
        load(several.path).run({"x": np.zeros((4, 8), F32)})

    assert caught.value.hint == "It was compiled for x=[1, 8]; x=[2, 8]; x=[3, 8]."
    with pytest.raises(TensorError, match="'x' has shape"):
        load(several.path).run({"x": np.zeros((2, 9), F32)})


def test_every_set_of_shapes_is_verified_and_listed(several: Package, source: Path) -> None:
    rows = several.meta["Sagectl"]["Buckets"]

    assert several.meta["Sagectl"]["Verification"]["Result"] == "passed"
    assert [row["Model"]["Inputs"][0]["shape"] for row in rows] == [[1, 8], [2, 8], [3, 8]]
    assert [row["Library"] for row in rows] == ["compiled-1.so", "compiled-2.so", "compiled.so"]
    comparison = compared(several.path, source)
    assert comparison.passed
    assert [row.shape for row in comparison.rows if "y" in row.output] == [
        (1, 64),
        (2, 64),
        (3, 64),
    ]
    assert described(several.path)["Sagectl"]["Buckets"] == rows


def test_weights_that_are_the_same_are_held_once(several: Package) -> None:
    rows = several.meta["Sagectl"]["Buckets"]
    files = described(several.path)["Files"]

    held = {row["Parameters"] for row in rows}
    assert held == {name for name in files if name.endswith(".params")}
    assert len({files[name]["Sha256"] for name in held}) == len(held) < len(rows)


def test_given_data_picks_what_is_compared_and_measured(several: Package, source: Path) -> None:
    given = {"x": np.ones((2, 8), F32)}

    (first, _) = compared(several.path, source, given).rows
    assert first.shape == (2, 64)
    assert bench(several.path, source, runs=2, data=given).rows[0].engine == "sagectl"
    assert bench(several.path, source, runs=2).inputs.endswith("x=[3, 8]")
    with pytest.raises(InputError, match="no code for inputs of the shapes given") as caught:
        compared(several.path, source, {"x": np.ones((7, 8), F32)})
    assert "x=[1, 8]; x=[2, 8]; x=[3, 8]" in (caught.value.hint or "")


def test_the_same_request_gives_the_same_bytes(
    several: Package, source: Path, tmp_path: Path
) -> None:
    again = compile_model(
        compile_request(
            source,
            output=tmp_path,
            inputs={"x": {"shape": [[3, 8], [2, 8], [1, 8]]}},
            params="beside",
        )
    )

    assert again.digest == several.digest


def test_shapes_that_the_model_does_not_take_are_named(tmp_path: Path) -> None:
    save(model_of("g (float[2,3] x) => (float[2,3] y) { y = Abs(x) }"), tmp_path / "m.onnx")
    request = compile_request(
        tmp_path / "m.onnx", output=tmp_path, inputs={"x": ["2..3", 3]}, verify=False
    )

    with pytest.raises(RequestError, match=r"With x=\[3, 3\]: Input 'x' has size 2"):
        compile_model(request)


def test_outputs_of_another_rank_cannot_share_a_package(tmp_path: Path) -> None:
    text = "g (float[N,3] x) => (float[M] y) { y = Squeeze(x) }"
    save(model_of(text), tmp_path / "m.onnx")
    request = compile_request(
        tmp_path / "m.onnx", output=tmp_path, inputs={"x": ["1..2", 3]}, verify=False
    )

    with pytest.raises(RequestError, match="'y' is not of the same kind for all shapes"):
        compile_model(request)


def test_a_package_that_lies_about_its_code_is_refused(
    several: Package, tmp_path: Path
) -> None:
    from sagectl.compiler.packaging import write_folder

    unpack(several.path, tmp_path)
    meta = json.loads((tmp_path / META).read_text())
    meta["Sagectl"]["Buckets"][0]["Library"] = "/etc/passwd"
    write_folder(tmp_path, meta)

    with pytest.raises(PackageError, match="names files that the package lacks"):
        load(tmp_path)
