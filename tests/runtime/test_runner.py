from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import threading
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sagectl.compiler.packaging import write_folder
from sagectl.runtime import LibraryError, PackageError, RunnerError, TensorError, load
from sagectl.runtime.package import meta, unpack

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sagectl.compiler.packaging import Package

F32 = np.float32
FORKS = """
import os, sys
import numpy as np
from sagectl.runtime import load
runner = load(sys.argv[1], threads=4)
feeds = {"image.0": np.ones((1, 3, 12, 12), "f4"), "side": np.ones((1, 4), "f4")}
before = runner.run(feeds)["scores"]
if os.fork() == 0:
    same = np.array_equal(runner.run(feeds)["scores"], before)
    print("same" if same else "other", flush=True)
    os._exit(0)  # as multiprocessing leaves its children; TVM joins lost threads otherwise
os.wait()
"""
MANY = """
import sys
import numpy as np
from sagectl.runtime import load
runner = load(sys.argv[1], threads=32)
runner.run({"image.0": np.ones((1, 3, 12, 12), "f4"), "side": np.ones((1, 4), "f4")})
"""
ALONE = """
import sys
import numpy as np
from sagectl.runtime import load
runner = load(sys.argv[1])
outputs = runner.run({"image.0": np.ones((1, 3, 12, 12), "f4"), "side": np.ones((1, 4), "f4")})
heavy = {"tvm", "onnx", "onnxruntime", "click", "rich", "boto3"} & set(sys.modules)
ours = {name for name in sys.modules if name.startswith("sagectl.")}
print(sorted(outputs), heavy, all(name.startswith("sagectl.runtime") for name in ours))
"""


def feeds(seed: int = 0) -> dict[str, np.ndarray[Any, Any]]:
    random = np.random.default_rng(seed)
    return {
        "image.0": random.standard_normal((1, 3, 12, 12)).astype(F32),
        "side": random.standard_normal((1, 4)).astype(F32),
    }


def in_a_process(package: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", ALONE, str(package)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_loader_needs_neither_the_compiler_nor_the_rest_of_sagectl(
    package: Package,
) -> None:
    done = in_a_process(package.path)

    assert done.stdout == "['features/relu', 'scores'] set() True\n", done.stderr


SORTS = """
import sys
import numpy as np
from sagectl.runtime import load
outputs = load(sys.argv[1]).run({"x": np.array([[3, 1, 2]], "f4")})
print(outputs["values"].tolist(), outputs["places"].tolist(), "tvm" in sys.modules)
"""


def test_a_model_that_sorts_runs_without_the_compiler(tmp_path: Path) -> None:
    from onnx import TensorProto, helper, numpy_helper, save

    from sagectl.compiler.api import compile_model
    from sagectl.compiler.request import compile_request

    k = numpy_helper.from_array(np.array([2], np.int64), "k")
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("TopK", ["x", "k"], ["values", "places"])],
        "largest",
        [info("x", TensorProto.FLOAT, [1, 3])],
        [info("values", TensorProto.FLOAT, [1, 2]), info("places", TensorProto.INT64, [1, 2])],
        [k],
    )
    opset = [helper.make_opsetid("", 17)]
    save(helper.make_model(graph, opset_imports=opset, ir_version=8), tmp_path / "top.onnx")
    made = compile_model(compile_request(tmp_path / "top.onnx", output=tmp_path))

    done = subprocess.run(
        [sys.executable, "-c", SORTS, str(made.path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == "[[3.0, 2.0]] [[0, 2]] False\n", done.stderr


def test_a_runtime_library_that_is_not_there_is_said(package: Package, tmp_path: Path) -> None:
    done = in_a_process(package.path, SAGECTL_TVM_RUNTIME=str(tmp_path / "nowhere.so"))

    assert LibraryError.__name__ in done.stderr
    assert "SAGECTL_TVM_RUNTIME names" in done.stderr


def test_a_runtime_library_that_is_none_is_said(package: Package, tmp_path: Path) -> None:
    (tmp_path / "text.so").write_text("no library")

    done = in_a_process(package.path, SAGECTL_TVM_RUNTIME=str(tmp_path / "text.so"))

    assert "text.so cannot be loaded" in done.stderr


def test_a_package_that_was_unpacked_runs_too(package: Package, tmp_path: Path) -> None:
    unpack(package.path, tmp_path)

    outputs = load(tmp_path).run(feeds())

    np.testing.assert_array_equal(outputs["scores"], load(package.path).run(feeds())["scores"])


def test_a_runner_tells_its_inputs_and_outputs(package: Package) -> None:
    runner = load(package.path, threads=1)

    assert [(port.name, str(port)) for port in runner.inputs] == [
        ("image.0", "float32[1, 3, 12, 12]"),
        ("side", "float32[1, 4]"),
    ]
    assert [port.name for port in runner.outputs] == ["scores", "features/relu"]
    assert runner.threads == 1


def misaligned(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    room = np.empty(array.nbytes + 4, np.uint8)
    start = 4 if room.ctypes.data % 64 == 0 else 0
    moved = room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    moved[...] = array
    return moved


def read_only(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    copy = array.copy()
    copy.flags.writeable = False
    return copy


@pytest.mark.parametrize(
    "arranged",
    [
        misaligned,
        read_only,
        np.asfortranarray,
        lambda array: np.flip(np.flip(array, 1).copy(), 1),
    ],
    ids=["misaligned", "read-only", "fortran-order", "negative-strides"],
)
def test_any_arrangement_in_memory_gives_the_same_result(
    package: Package, arranged: Any
) -> None:
    runner = load(package.path)
    plain = feeds()

    outputs = runner.run({name: arranged(array) for name, array in plain.items()})

    np.testing.assert_array_equal(outputs["scores"], runner.run(plain)["scores"])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"side": None}, "'side' is a NoneType, not a numpy array"),
        ({"side": [[1.0] * 4]}, "'side' is a list, not a numpy array"),
        ({"side": np.ones((1, 4))}, "'side' has type float64, not float32"),
        ({"side": np.ones((1, 4), ">f4")}, "'side' has type >f4, not float32"),
        ({"side": np.ones((4,), F32)}, r"'side' has shape \[4\], not float32\[1, 4\]"),
        ({"side": np.ones((1, 5), F32)}, r"'side' has shape \[1, 5\]"),
        ({"sides": np.ones((1, 4), F32)}, r"no input 'sides' \(did you mean 'side'\?\)"),
        ({7: np.ones((1, 4), F32)}, "no input 7"),
    ],
    ids=["none", "list", "type", "byte-order", "rank", "size", "unknown", "number-for-name"],
)
def test_an_input_that_does_not_fit_is_said(package: Package, changed: Any, said: str) -> None:
    with pytest.raises(TensorError, match=said) as caught:
        load(package.path).run({**feeds(), **changed})

    assert "'side': float32[1, 4]" in (caught.value.hint or "")


@pytest.mark.parametrize("path", [None, 5, b"x", ["x"]], ids=["none", "int", "bytes", "list"])
def test_what_is_no_path_is_no_package(path: Any) -> None:
    with pytest.raises(PackageError, match="not a path"):
        load(path)


def port(**changed: Any) -> dict[str, Any]:
    return {"name": "side", "dtype": "float32", "shape": [1, 4], **changed}


@pytest.mark.parametrize(
    ("member", "value", "said"),
    [
        ("Model", None, "does not describe the model's inputs"),
        ("Model", {"Inputs": 5}, "does not describe the model's inputs"),
        ("Model", {"Inputs": [port(dtype="float33")]}, "does not describe the model's inputs"),
        ("Model", {"Inputs": [port(dtype="O")]}, "does not describe the model's inputs"),
        ("Model", {"Inputs": [port(dtype="S5")]}, "does not describe the model's inputs"),
        (
            "Model",
            {"Inputs": [port(dtype="complex64")]},
            "does not describe the model's inputs",
        ),
        ("Model", {"Inputs": [port(shape=[1] * 70)]}, "impossible sizes of 'side'"),
        ("Model", {"Inputs": [port(shape=["4"])]}, "does not describe the model's inputs"),
        ("Model", {"Inputs": [port(shape=None)]}, "does not describe the model's inputs"),
        ("Model", {"Inputs": [port(shape=[1 << 40])]}, "impossible sizes of 'side'"),
        ("Model", {"Inputs": []}, "does not describe the model's outputs"),
        ("Sagectl", None, "does not describe the package's target"),
        ("Sagectl", {"Target": 5}, "does not describe the package's target"),
        ("Sagectl", {"Target": {"Features": 5}}, "does not describe the package's target"),
    ],
    ids=[
        "no-model",
        "number-of-inputs",
        "unknown-type",
        "objects",
        "bytes",
        "complex",
        "seventy-dimensions",
        "text-for-size",
        "no-shape",
        "a-terabyte",
        "no-outputs",
        "no-facts",
        "number-for-target",
        "number-for-features",
    ],
)
def test_a_package_that_says_nonsense_of_itself_is_refused(
    package: Package, tmp_path: Path, member: str, value: Any, said: str
) -> None:
    unpack(package.path, tmp_path)
    write_folder(tmp_path, {**meta(tmp_path), member: value})

    with pytest.raises(PackageError, match=said):
        load(tmp_path)


def test_a_package_that_says_other_inputs_than_it_takes_fails_but_does_not_crash(
    package: Package, tmp_path: Path
) -> None:
    unpack(package.path, tmp_path)
    said = meta(tmp_path)
    said["Model"]["Inputs"] = [port()]
    write_folder(tmp_path, said)

    with pytest.raises(RunnerError, match="failed while running"):
        load(tmp_path).run({"side": np.ones((1, 4), F32)})


def test_a_package_that_lists_fewer_outputs_than_it_has_fails_but_does_not_crash(
    package: Package, tmp_path: Path
) -> None:
    unpack(package.path, tmp_path)
    said = meta(tmp_path)
    del said["Model"]["Outputs"][1]
    write_folder(tmp_path, said)

    with pytest.raises(RunnerError, match=r"has 2 outputs, compiled.meta lists 1"):
        load(tmp_path).run(feeds())


def test_all_wrong_inputs_are_said_at_once(package: Package) -> None:
    with pytest.raises(TensorError, match=r"image\.0.* is missing; .*side.* is missing"):
        load(package.path).run({})


class Lying(dict[str, Any]):
    """A mapping that lists what it does not hold."""

    def __iter__(self) -> Iterator[str]:
        return iter(["image.0", "side"])


def test_a_mapping_that_does_not_hold_what_it_lists_is_said(package: Package) -> None:
    with pytest.raises(TensorError, match="Lying that does not hold what it lists"):
        load(package.path).run(Lying())


def test_a_masked_array_is_refused_for_its_mask_would_be_lost(package: Package) -> None:
    masked = np.ma.masked_array(np.ones((1, 4), F32), mask=[[0, 1, 0, 0]])

    with pytest.raises(TensorError, match="'side' is a masked array"):
        load(package.path).run({**feeds(), "side": masked})


def test_inputs_that_are_no_mapping_are_said(package: Package) -> None:
    wrong: Any = [np.ones((1, 4), F32)]
    with pytest.raises(TensorError, match="Inputs are a list"):
        load(package.path).run(wrong)


def test_outputs_are_the_callers_own(package: Package) -> None:
    runner = load(package.path)
    first = runner.run(feeds(1))
    kept = first["scores"].copy()

    runner.run(feeds(2))

    np.testing.assert_array_equal(first["scores"], kept)
    first["scores"][...] = 0
    np.testing.assert_array_equal(runner.run(feeds(1))["scores"], kept)


def test_threads_may_share_a_runner(package: Package) -> None:
    runner = load(package.path, threads=2)
    expected = [runner.run(feeds(seed))["scores"] for seed in range(4)]
    wrong: list[int] = []

    def work(seed: int) -> None:
        for _ in range(20):
            if not np.array_equal(runner.run(feeds(seed))["scores"], expected[seed]):
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


@pytest.mark.parametrize(
    "threads",
    [0, -1, 1.5, True, "2", 10**6, 2**63],
    ids=["none", "negative", "half", "bool", "text", "a-million", "beyond-64-bits"],
)
def test_a_number_of_threads_that_is_none_is_refused(package: Package, threads: Any) -> None:
    with pytest.raises(RunnerError, match="threads is"):
        load(package.path, threads=threads)


def test_a_variable_that_is_no_number_is_refused(
    package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TVM_NUM_THREADS", "many")

    with pytest.raises(RunnerError, match="TVM_NUM_THREADS is 'many'"):
        load(package.path)


def test_a_variable_that_would_bring_the_machine_down_is_refused_whatever_is_asked(
    package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TVM_NUM_THREADS", "100000")

    with pytest.raises(RunnerError, match="TVM_NUM_THREADS is '100000'"):
        load(package.path, threads=2)


def test_a_forked_process_runs_what_its_parent_has_loaded(
    package: Package, tmp_path: Path
) -> None:
    (tmp_path / "forks.py").write_text(FORKS)

    done = subprocess.run(
        [sys.executable, str(tmp_path / "forks.py"), str(package.path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("same\n", "")


def test_threads_do_not_keep_processors_busy_when_a_run_is_over(package: Package) -> None:
    began = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", MANY, str(package.path)], timeout=60, check=True)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)

    assert ended.ru_stime - began.ru_stime < 2.0


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "\udcff"], ids=["long", "nul", "half"])
def test_a_path_that_none_can_have_does_not_exist(name: str) -> None:
    with pytest.raises(PackageError, match="does not exist"):
        load(name)


def test_a_missing_package_is_said(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="does not exist"):
        load(tmp_path / "nothing.tar.gz")


def test_a_folder_that_is_no_package_is_said(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match=r"holds no manifest\.json"):
        load(tmp_path)


def test_a_damaged_folder_is_refused(package: Package, tmp_path: Path) -> None:
    unpack(package.path, tmp_path)
    shutil.copy(tmp_path / "compiled.meta", tmp_path / "compiled.so")

    with pytest.raises(PackageError, match=r"'compiled\.so' is damaged"):
        load(tmp_path)


class Marked(np.ndarray[Any, Any]):
    """An array by another name."""


def test_what_was_refused_leaves_nothing_behind(package: Package) -> None:
    runner, plain = load(package.path), feeds()
    expected = runner.run(plain)["scores"]
    with pytest.raises(TensorError):
        runner.run({"image.0": 2 * plain["image.0"], "side": plain["side"].astype("f8")})

    np.testing.assert_array_equal(runner.run(plain)["scores"], expected)


def test_arrays_and_mappings_of_other_kinds_are_taken_too(package: Package) -> None:
    runner, plain = load(package.path), feeds()
    marked = {name: array.view(Marked) for name, array in plain.items()}

    outputs = runner.run(MappingProxyType(marked))

    assert type(outputs["scores"]) is np.ndarray
    np.testing.assert_array_equal(outputs["scores"], runner.run(plain)["scores"])
