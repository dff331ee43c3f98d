from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, save

from sagectl.compiler.api import compile_model
from sagectl.compiler.observer import STAGES
from sagectl.compiler.request import compile_request
from sagectl.errors import CompileError, InputError
from sagectl.runtime import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sagectl.compiler.packaging import Package

ONCE = """
import sys
from pathlib import Path
from sagectl.compiler.api import compile_model
from sagectl.compiler.request import Platform, compile_request
request = compile_request(Path(sys.argv[1]), output=Path(sys.argv[2]),
                          platform=Platform("LINUX", "X86_64"))
print(compile_model(request).digest)
"""


class Recorder:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.warnings: list[str] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self.stages.append(name)
        yield

    def warn(self, message: str) -> None:
        self.warnings.append(message)


def identity_model(path: Path, shape: list[int | str]) -> Path:
    graph = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
    )
    opset = helper.make_opsetid("", 17)
    save(helper.make_model(graph, opset_imports=[opset], ir_version=9), path)
    return path


def test_the_package_computes_what_onnxruntime_computes(package: Package, model: Path) -> None:
    random = np.random.default_rng(3)
    feeds = {
        "image.0": random.standard_normal((1, 3, 12, 12)).astype(np.float32),
        "side": random.standard_normal((1, 4)).astype(np.float32),
    }

    outputs = load(package.path).run(feeds)

    expected = onnxruntime.InferenceSession(str(model)).run(None, feeds)
    assert list(outputs) == ["scores", "features/relu"]
    for ours, theirs in zip(outputs.values(), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_the_package_was_verified_and_says_so(package: Package) -> None:
    assert package.comparison is not None
    assert package.comparison.passed
    assert package.meta["Sagectl"]["Verification"]["Result"] == "passed"
    assert package.meta["Sagectl"]["Verification"]["Reference"].startswith("onnxruntime ")


def test_the_archive_is_flat_and_carries_no_clock_or_owner(package: Package) -> None:
    with tarfile.open(package.path) as tar:
        members = tar.getmembers()

    assert [member.name for member in members] == [
        "manifest.json",
        "compiled.meta",
        "compiled.params",
        "compiled.so",
    ]
    assert {(member.mtime, member.uid, member.gid, member.uname) for member in members} == {
        (0, 0, 0, "")
    }


def test_the_same_request_gives_the_same_bytes(model: Path, tmp_path: Path) -> None:
    digests = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        environ = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(
            [sys.executable, "-c", ONCE, str(model), str(folder / "out")],
            cwd=folder,
            env=environ,
            capture_output=True,
            text=True,
            check=True,
        )
        digests.append(done.stdout)

    assert digests[0].startswith("sha256:")
    assert digests[0] == digests[1]


def test_nothing_is_left_beside_the_package(package: Package) -> None:
    assert [path.name for path in package.path.parent.iterdir()] == [package.path.name]


def test_stages_are_told_in_order_with_warnings(tmp_path: Path) -> None:
    recorder = Recorder()
    request = compile_request(
        identity_model(tmp_path / "m.onnx", [2, 3]),
        output=tmp_path / "out",
        compiler_options={"unheard-of": 1},
    )

    package = compile_model(request, recorder)

    assert tuple(recorder.stages) == STAGES
    assert list(package.seconds) == list(STAGES)
    assert any("unheard-of" in warning for warning in recorder.warnings)


def test_an_archive_compiles_like_the_model_in_it(tmp_path: Path) -> None:
    path = identity_model(tmp_path / "m.onnx", [2, 3])
    with tarfile.open(tmp_path / "net.tar.gz", "w:gz") as tar:
        tar.add(path, "m.onnx")

    package = compile_model(compile_request(tmp_path / "net.tar.gz", output=tmp_path / "out"))

    assert package.path.name == "net-LINUX_X86_64.tar.gz"


def test_a_free_size_is_fixed_by_the_request(tmp_path: Path) -> None:
    path = identity_model(tmp_path / "m.onnx", ["N", 3])
    request = compile_request(path, output=tmp_path / "out", inputs={"x": (4, 3)})

    package = compile_model(request)

    assert package.meta["Model"]["Inputs"] == [
        {"name": "x", "dtype": "float32", "shape": [4, 3]}
    ]


def test_verification_that_was_not_asked_for_is_recorded(tmp_path: Path) -> None:
    path = identity_model(tmp_path / "m.onnx", [2])

    package = compile_model(compile_request(path, output=tmp_path / "out", verify=False))

    assert package.meta["Sagectl"]["Verification"] == {
        "Result": "skipped",
        "Reason": "not asked for",
    }


def test_an_unknown_framework_is_refused(tmp_path: Path) -> None:
    request = compile_request(tmp_path / "m", output=tmp_path, framework="caffe")

    with pytest.raises(InputError, match="Models of CAFFE cannot be read"):
        compile_model(request)


def test_what_is_no_onnx_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(b"\x00\x01 nothing of the kind")

    with pytest.raises(CompileError) as caught:
        compile_model(compile_request(path, output=tmp_path / "out"))

    assert (caught.value.stage, caught.value.reason) == ("import", "format")


def test_an_operator_that_is_lacking_is_named_with_its_node(tmp_path: Path) -> None:
    graph = helper.make_graph(
        [helper.make_node("Flabbergast", ["x"], ["y"], name="head/odd", domain="made.up")],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("made.up", 1)]
    save(helper.make_model(graph, opset_imports=opsets, ir_version=9), tmp_path / "m.onnx")

    with pytest.raises(CompileError, match="Flabbergast") as caught:
        compile_model(compile_request(tmp_path / "m.onnx", output=tmp_path / "out"))

    assert caught.value.reason == "operator"
    assert "head/odd" in caught.value.message


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file, where a folder should be")
    path = identity_model(tmp_path / "m.onnx", [1])

    with pytest.raises(CompileError, match="cannot be used: File exists") as caught:
        compile_model(compile_request(path, output=tmp_path / "out", verify=False))

    assert caught.value.stage == "package"
    assert caught.value.exit_code == 2


CRAMPED = """
import resource, sys
from pathlib import Path
from sagectl.compiler.api import compile_model
from sagectl.compiler.request import compile_request
from sagectl.errors import CompileError
request = compile_request(Path(sys.argv[1]), output=Path(sys.argv[2]), verify=False)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    compile_model(request)
except CompileError as error:
    print(error.stage, error.reason, error.message)
"""


def test_a_disk_without_room_is_said_with_the_stage(model: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CRAMPED, str(model), str(tmp_path / "out")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.startswith("generate internal"), done.stdout + done.stderr
    assert "cannot be used: File too large" in done.stdout
    assert not list((tmp_path / "out").glob("*"))


def test_a_folder_with_a_model_compiles_like_the_model(model: Path, tmp_path: Path) -> None:
    package = compile_model(compile_request(model.parent, output=tmp_path, stem="net"))

    assert package.path.name == "net-LINUX_X86_64.tar.gz"
