"""``sagectl compile check`` and ``init``: what a model holds, and the manifest of its job."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sagectl.compiler.check import checked, framework_of

if TYPE_CHECKING:
    from tests.conftest import Run

MODEL = str(Path(__file__).parents[2] / "examples/quickstart/digits.onnx")


def test_check_tells_what_a_model_holds(local: Run) -> None:
    done = local("compile", "check", MODEL, "--input", "image=1,64", "-o", "json")
    found = json.loads(done.out)

    assert done.code == 0
    assert (found["Framework"], found["Compiles"], found["Parameters"]) == ("ONNX", True, 17226)
    assert found["Inputs"] == [{"Name": "image", "Type": "float32", "Shape": ["N", 64]}]
    assert found["Flops"] > 2 * 17000
    assert {row["Status"] for row in found["Operators"]} == {"right"}
    assert "LINUX_X86_64" in found["Targets"]


def test_check_says_which_flag_is_missing_and_exits_1(local: Run) -> None:
    done = local("compile", "check", MODEL)

    assert done.code == 1
    assert "Say which shape to compile for: --input image=1,64" in done.out
    assert done.err == ""


def test_check_of_what_is_no_model_exits_2(local: Run, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("nothing")

    done = local("compile", "check", str(path))

    assert done.code == 2
    assert "tells its framework" in done.err


FILES = {
    "tflite": ({"net.tflite": b"\x1c\0\0\0TFL3"}, "TFLITE"),
    "xgboost_json": ({"model.json": b'{"learner": {}}'}, "XGBOOST"),
    "mxnet": ({"net-symbol.json": b'{"nodes": []}', "net-0000.params": b""}, "MXNET"),
    "darknet": ({"yolo.cfg": b"[net]", "yolo.weights": b""}, "DARKNET"),
    "sklearn": ({"model.joblib": b""}, "SKLEARN"),
    "saved_model": (
        {"export/saved_model.pb": b"", "export/variables/v.index": b""},
        "TENSORFLOW",
    ),
}


@pytest.mark.parametrize("is_archive", [False, True], ids=["folder", "archive"])
@pytest.mark.parametrize("name", FILES)
def test_check_tells_the_framework_by_layout(
    name: str, is_archive: bool, tmp_path: Path
) -> None:
    files, framework = FILES[name]
    folder = tmp_path / "model"
    for place, content in files.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    given = folder
    if is_archive:
        given = tmp_path / "model.tar.gz"
        with tarfile.open(given, "w:gz") as tar:
            tar.add(folder, arcname=".")
    elif len(files) == 1:
        given = folder / next(iter(files))
    assert framework_of(given, None) == framework


MXNET = Path(__file__).parents[1] / "compiler/frontends/mxnet/data"


def test_check_tells_the_operators_that_other_frameworks_become() -> None:
    found = checked(MXNET, shapes={"data": (1, 1, 8, 8)})

    assert (found["Framework"], found["Compiles"], found["Problems"]) == ("MXNET", True, [])
    assert {"Conv", "Gemm"} <= {row["Name"] for row in found["Operators"]}
    assert {row["Status"] for row in found["Operators"]} <= {"right", "unknown", "folded"}


def test_check_asks_for_the_shapes_that_a_framework_leaves_open(local: Run) -> None:
    done = local("compile", "check", str(MXNET))

    assert done.code == 1
    assert "--input data=1,3,224,224" in done.out


def test_init_writes_a_manifest_that_validates(local: Run, tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"

    written = local("compile", "init", MODEL, "--input", "image=8,64", "-o", str(path))
    again = local("compile", "init", MODEL, "-o", str(path))
    valid = local("validate", "-f", str(path))

    assert (written.code, valid.code, again.code) == (0, 0, 2), written.err + valid.err
    assert f"{path} exists" in again.err
    assert "- 8\n" in path.read_text()


def test_init_gives_one_batch_to_inputs_that_share_it(local: Run, tmp_path: Path) -> None:
    from tests.compiler.frontends.onnx.harness import model_of

    path = tmp_path / "net.onnx"
    text = "g (float[n,3] x, float[n,3] y) => (float[n,3] z) { z = Add(x, y) }"
    path.write_bytes(model_of(text).SerializeToString())

    done = local("compile", "init", str(path), "--input", "x=8,3")

    assert done.code == 0, done.err
    assert "      y:\n      - 8\n      - 3\n" in done.out


def test_init_fills_in_the_inputs_of_other_frameworks(local: Run, tmp_path: Path) -> None:
    from tests.compiler.frontends.test_declaring import functional, keras

    network = keras(tmp_path / "net.keras", functional("float32", batch_shape=[None, 8, 9, 3]))
    (tmp_path / "net.cfg").write_text("[net]\nwidth=9\nheight=8\nchannels=3\n[softmax]\n")

    done = local("compile", "init", str(network))
    wrong = local("compile", "init", str(network), "--input", "picture=1,3,8,9")
    drawn = local("compile", "init", str(tmp_path / "net.cfg"))

    assert (done.code, drawn.code) == (0, 0), done.err + drawn.err
    for found, name in ((done, "image"), (drawn, "data")):
        sizes = "".join(f"      - {size}\n" for size in (1, 3, 8, 9))
        assert f"    DataInputConfig:\n      {name}:\n{sizes}" in found.out
    assert wrong.code == 2
    assert "no input 'picture'" in wrong.err


def test_init_writes_a_job_for_each_of_many_targets(local: Run, tmp_path: Path) -> None:
    (boards := tmp_path / "boards.txt").write_text(
        "rasp4b\nLINUX_ARM64_NVIDIA "
        '{"gpu-code": "sm_72", "trt-ver": "7.1.3", "cuda-ver": "10.2"}\n'
    )
    path = tmp_path / "jobs.yaml"

    written = local("compile", "init", MODEL, "--targets", str(boards), "-o", str(path))
    planned = local("apply", "-f", str(path), "--dry-run", "-o", "json")

    assert written.code == 0, written.err
    assert planned.code == 0, planned.err
    assert "digits-rasp4b" in planned.out
    assert "digits-LINUX-ARM64-NVIDIA" in planned.out


def test_init_writes_jobs_for_all_targets(local: Run, tmp_path: Path) -> None:
    path = tmp_path / "jobs.yaml"

    written = local("compile", "init", MODEL, "--targets", "all,devices", "-o", str(path))
    validated = local("validate", "-f", str(path))

    assert (written.code, validated.code) == (0, 0), written.err + validated.err
    assert "does not take them: LINUX_X86" in written.err
    assert "LINUX_ARM64_NVIDIA" in path.read_text()


def test_init_refuses_a_target_that_was_named_and_the_service_does_not_take(
    local: Run,
) -> None:
    done = local("compile", "init", MODEL, "--targets", "LINUX_X86")
    assert (done.code, done.out) == (2, "")
    assert "LINUX on X86 is not compiled for" in done.err


def test_init_takes_targets_or_a_platform(local: Run) -> None:
    done = local("compile", "init", MODEL, "--targets", "cpus", "--os", "LINUX")
    assert (done.code, done.out) == (2, "")
    assert "both --targets and a platform" in done.err


def test_init_asks_for_sizes_that_it_cannot_know(local: Run, tmp_path: Path) -> None:
    from tests.compiler.frontends.onnx.harness import model_of

    path = tmp_path / "Größe v2.onnx"
    text = "g (float[n,3,h,w] x) => (float[n,3,h,w] y) { y = Relu(x) }"
    path.write_bytes(model_of(text).SerializeToString())

    refused = local("compile", "init", str(path))
    done = local("compile", "init", str(path), "--input", "x=1,3,8,8")

    assert refused.code == 2
    assert "--input x=1,3,H,W" in refused.err
    assert "name: Gr--e-v2\n" in done.out
