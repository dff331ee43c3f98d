"""Weights beside the library, and a runtime beside both: what the loader makes of them."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import save

from sagectl.compiler.api import compile_model
from sagectl.compiler.errors import RequestError
from sagectl.compiler.packaging import described, write_folder
from sagectl.compiler.request import Platform, compile_request
from sagectl.runtime import PackageError, load
from sagectl.runtime.package import meta, unpack
from tests.compiler.schedules.workbench import drawn, node
from tests.compiler.schedules.workbench import model as onnx_model

if TYPE_CHECKING:
    from onnx import ModelProto

    from sagectl.compiler.packaging import Package

# All that a machine must have installed which only runs packages.
DEPLOYED = ("numpy", "tvm_ffi", "typing_extensions")
RUN = """
import sys
from sagectl.runtime import load
model = load(sys.argv[1])
import numpy
outputs = model.run({port.name: numpy.ones(port.shape, port.dtype) for port in model.inputs})
numpy.savez(sys.argv[2], **{str(index): each for index, each in enumerate(outputs.values())})
unwelcome = {"tvm", "onnx", "onnxruntime", "click", "rich", "yaml", "botocore"} & {*sys.modules}
assert not unwelcome, unwelcome
ours = [name for name in sys.modules if name.startswith("sagectl.")]
assert all(name.startswith("sagectl.runtime") for name in ours), ours
"""


@pytest.fixture(scope="module")
def beside(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Package:
    folder = tmp_path_factory.mktemp("beside")
    return compile_model(compile_request(model, output=folder, bundle_runtime=True))


def made(model: ModelProto, place: Path, **asked: Any) -> Package:
    """A package of a model that is compared with onnxruntime on the way."""
    save(model, place / "model.onnx")
    return compile_model(compile_request(place / "model.onnx", output=place, **asked))


def test_weights_lie_in_a_file_beside_the_library(beside: Package) -> None:
    files = described(beside.path)["Files"]
    weights = (8 * 3 * 3 * 3 + 8 + 5 * 12 + 5) * 4

    assert beside.meta["Sagectl"]["Parameters"] == "beside"
    assert beside.meta["Sagectl"]["Verification"]["Result"] == "passed"
    assert files["compiled.params"]["Size"] >= weights


def test_weights_lie_in_the_library_when_asked(model: Path, tmp_path: Path) -> None:
    inside = compile_model(compile_request(model, output=tmp_path, params="inside"))

    assert inside.meta["Sagectl"]["Parameters"] == "inside"
    assert inside.meta["Sagectl"]["Verification"]["Result"] == "passed"
    assert "compiled.params" not in described(inside.path)["Files"]


def test_weights_used_twice_lie_there_once(tmp_path: Path) -> None:
    nodes = [node("MatMul", ["x", "w"], "a"), node("MatMul", ["a", "w"])]
    matrix = {"w": drawn(256, 256)}
    package = made(onnx_model(nodes, {"x": (1, 256)}, matrix), tmp_path)

    size = described(package.path)["Files"]["compiled.params"]["Size"]
    assert 256 * 256 * 4 <= size < 1.1 * 256 * 256 * 4


def test_a_model_without_weights_has_no_file_of_them(tmp_path: Path) -> None:
    package = made(onnx_model([node("Relu", ["x"])], {"x": (4, 4)}), tmp_path)

    assert set(described(package.path)["Files"]) == {"compiled.meta", "compiled.so"}


def test_the_same_weights_beside_are_the_same_bytes(
    model: Path, beside: Package, tmp_path: Path
) -> None:
    asked = compile_request(model, output=tmp_path, params="beside", bundle_runtime=True)

    assert compile_model(asked).digest == beside.digest


def test_a_place_for_weights_that_does_not_exist_is_refused(model: Path) -> None:
    with pytest.raises(RequestError, match="params is 'outside'"):
        compile_request(model, output=model.parent, params="outside")


def test_weights_that_are_none_are_refused(beside: Package, tmp_path: Path) -> None:
    unpack(beside.path, tmp_path)
    (tmp_path / "compiled.params").write_bytes(b"no weights" * 100)
    write_folder(tmp_path, meta(tmp_path))

    with pytest.raises(PackageError, match=r"compiled\.params is no file of weights"):
        load(tmp_path)


def test_a_bundled_package_runs_where_only_numpy_and_tvm_ffi_are(
    beside: Package, package: Package, tmp_path: Path
) -> None:
    (site := tmp_path / "site").mkdir()
    for name in DEPLOYED:
        spec = importlib.util.find_spec(name)
        assert spec
        assert spec.origin
        origin = Path(spec.origin)
        place = origin.parent if origin.name == "__init__.py" else origin
        (site / place.name).symlink_to(place)
    if (libraries := Path(np.__file__).parents[1] / "numpy.libs").exists():
        (site / "numpy.libs").symlink_to(libraries)
    (site / "sagectl").symlink_to(Path(sys.modules["sagectl"].__file__ or "").parent)

    ended = subprocess.run(
        [sys.executable, "-S", "-c", RUN, str(beside.path), str(tmp_path / "outputs.npz")],
        env={"PYTHONPATH": str(site), "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    runner = load(package.path)
    ones = {port.name: np.ones(port.shape, port.dtype) for port in runner.inputs}
    with np.load(tmp_path / "outputs.npz") as found:
        for index, expected in enumerate(runner.run(ones).values()):
            np.testing.assert_allclose(found[str(index)], expected, rtol=1e-4, atol=1e-5)


def test_a_bundle_holds_the_licences_and_raises_the_minimum_glibc(beside: Package) -> None:
    with tarfile.open(beside.path) as archive:
        names = set(archive.getnames())

    assert {"libtvm_runtime.so", "libtvm_runtime_extra.so", "libtvm_ffi.so"} <= names
    assert {"apache-tvm.LICENSE", "apache-tvm.NOTICE", "apache-tvm-ffi.LICENSE"} <= names
    assert beside.meta["Sagectl"]["System"]["MinimumGlibc"] >= "2.2"


@pytest.mark.parametrize(
    ("platform", "said"),
    [
        (Platform("ANDROID", "ARM64"), "no wheel of TVM's runtime exists for ANDROID ARM64"),
        (Platform("LINUX", "ARM_EABIHF"), "no wheel of TVM's runtime exists for LINUX"),
        (Platform("LINUX", "X86_64", "INTEL_GRAPHICS"), "does not serve INTEL_GRAPHICS"),
    ],
    ids=["android", "32-bit", "graphics"],
)
def test_a_runtime_that_nobody_publishes_cannot_be_bundled(
    model: Path, tmp_path: Path, platform: Platform, said: str
) -> None:
    asked = compile_request(model, output=tmp_path, platform=platform, bundle_runtime=True)

    with pytest.raises(RequestError, match=said):
        compile_model(asked)


def test_what_a_package_holds_more_is_checked_like_the_rest(
    beside: Package, tmp_path: Path
) -> None:
    unpack(beside.path, tmp_path)
    shutil.copyfile(tmp_path / "libtvm_ffi.so", tmp_path / "libtvm_runtime.so")

    with pytest.raises(PackageError, match=r"libtvm_runtime\.so.* is damaged"):
        load(tmp_path)
