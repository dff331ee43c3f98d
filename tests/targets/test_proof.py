"""Packages for other machines, run there or as near as this machine comes to it.

``tests/targets/install.sh`` brings what it takes. Each result is compared with onnxruntime's;
the largest differences are printed as a table at the end (``pytest -m targets -s``).
"""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper, save

from sagectl.compiler.api import compile_model
from sagectl.compiler.archive import packed
from sagectl.compiler.codegen import generated
from sagectl.compiler.comparison import difference
from sagectl.compiler.frontends import frontend
from sagectl.compiler.operators import work
from sagectl.compiler.packaging import described_model, write_folder
from sagectl.compiler.passes.pipeline import optimized
from sagectl.compiler.request import Platform, compile_request
from sagectl.compiler.schedules import scheduled
from sagectl.compiler.targets import resolve
from sagectl.runtime.package import LIBRARY
from tests.targets.machines import BUILD, MACHINES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.targets,
    pytest.mark.skipif(
        platform.machine() != "x86_64", reason="the machines here are stood in for on x86-64"
    ),
    pytest.mark.skipif(not BUILD.exists(), reason="nothing is installed: run install.sh"),
]
LINUX = tuple(MACHINES)
ANDROID = ("X86_64", "X86", "ARM64", "ARM_EABI")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Convolutions, a pool, a matrix product, a norm and what needs exp, tanh and erf."""
    random = np.random.default_rng(11)

    def weight(name: str, *shape: int) -> Any:
        return numpy_helper.from_array(random.standard_normal(shape, np.float32) / 3, name)

    node = helper.make_node
    graph = helper.make_graph(
        [
            node("Conv", ["image", "w", "b"], ["a"], pads=[1, 1, 1, 1]),
            node("Relu", ["a"], ["c"]),
            node("MaxPool", ["c"], ["d"], kernel_shape=[2, 2], strides=[2, 2]),
            node("Conv", ["d", "depth"], ["e"], group=16, pads=[1, 1, 1, 1]),
            node("Erf", ["e"], ["f"]),
            node("GlobalAveragePool", ["f"], ["g"]),
            node("Flatten", ["g"], ["h"]),
            node("Gemm", ["h", "m", "n"], ["i"], transB=1),
            node("LayerNormalization", ["i", "scale"], ["j"]),
            node("Tanh", ["j"], ["features"]),
            node("Softmax", ["features"], ["scores"]),
        ],
        "mixed",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 20, 20])],
        [
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 10]),
            helper.make_tensor_value_info("features", TensorProto.FLOAT, [1, 10]),
        ],
        [
            weight("w", 16, 3, 3, 3),
            weight("b", 16),
            weight("depth", 16, 1, 3, 3),
            weight("m", 10, 16),
            weight("n", 10),
            weight("scale", 10),
        ],
    )
    path = tmp_path_factory.mktemp("model") / "mixed.onnx"
    save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9),
        path,
    )
    return path


@pytest.fixture(scope="module")
def inputs() -> dict[str, Any]:
    return {"image": np.random.default_rng(3).standard_normal((1, 3, 20, 20), np.float32)}


@pytest.fixture(scope="module")
def expected(model: Path, inputs: dict[str, Any]) -> dict[str, Any]:
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs), strict=True))


@pytest.fixture(scope="module")
def table() -> Iterator[list[str]]:
    rows: list[str] = []
    yield rows
    heading = "platform            largest difference  package bytes  how"
    sys.stdout.write("\n".join(["", heading, *rows, ""]))


@pytest.mark.parametrize("arch", LINUX)
def test_a_package_for_linux_computes_what_its_model_does(
    arch: str,
    model: Path,
    inputs: dict[str, Any],
    expected: dict[str, Any],
    table: list[str],
    tmp_path: Path,
) -> None:
    skip_without(arch)
    package = compile_model(
        compile_request(model, output=tmp_path, platform=Platform("LINUX", arch), verify=False)
    ).path

    compare(f"LINUX_{arch}", arch, package, inputs, expected, table, tmp_path)


@pytest.mark.parametrize("arch", ANDROID)
def test_the_objects_of_a_package_for_android_compute_it_over_glibc(
    arch: str,
    model: Path,
    inputs: dict[str, Any],
    expected: dict[str, Any],
    table: list[str],
    tmp_path: Path,
) -> None:
    skip_without(arch)
    package = relinked(model, arch, tmp_path)

    compare(f"ANDROID_{arch}", arch, package, inputs, expected, table, tmp_path)


def skip_without(arch: str) -> None:
    machine = MACHINES[arch]
    if missing := machine.missing or (None if shutil.which(machine.gcc) else machine.gcc):
        pytest.skip(f"{missing} is not installed: run tests/targets/install.sh")


def relinked(model: Path, arch: str, folder: Path) -> Path:
    """A package of Android's objects, linked by the cross gcc as Linux would load them."""
    request = compile_request(model, output=folder, platform=Platform("ANDROID", arch))
    target = resolve(request.platform, None, {})
    imported = frontend("ONNX").load(request)
    (objects := folder / "objects").mkdir()
    (unpacked := folder / "package").mkdir()
    module = optimized(imported.module, target)
    files = generated(scheduled(module, target), target, objects)
    library = unpacked / LIBRARY
    subprocess.run([MACHINES[arch].gcc, "-shared", "-o", library, *files, "-lm"], check=True)
    seen = replace(target, os="LINUX")
    meta = described_model(imported, request, seen, unpacked, work(module))
    write_folder(unpacked, meta)
    return packed(unpacked, folder, "relinked.tar.gz")


def compare(
    name: str,
    arch: str,
    package: Path,
    inputs: dict[str, Any],
    expected: dict[str, Any],
    table: list[str],
    folder: Path,
) -> None:
    machine = MACHINES[arch]
    (place := folder / "run").mkdir()
    found = machine.run(package, arch, inputs, place)
    rows = [difference(key, found[key], value) for key, value in expected.items()]
    largest = max(row.largest for row in rows)
    size = package.stat().st_size
    table.append(f"{name:<20}{largest:<20.2g}{size:<15}{machine.proof}")
    assert all(row.passed for row in rows), rows
