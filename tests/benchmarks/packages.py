"""Packages beside what they replace: sizes, time to the first answer, and a matrix of nine.

    python tests/benchmarks/packages.py [NET...]

Sizes are of files; onnxruntime's is that of its installed library. Loading is measured turn by
turn, in CPU time of the process, from a file to the outputs of one run.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

sys.path.insert(0, str(Path(__file__).parents[2]))

from sagectl.compiler.api import compile_model
from sagectl.compiler.inputs import DRAWS, drawn
from sagectl.compiler.packaging import described
from sagectl.compiler.request import compile_request
from sagectl.runtime import load
from tests.benchmarks.models import MODELS

if TYPE_CHECKING:
    from collections.abc import Callable

TURNS = 7
NETS = ("mobilenet", "residual")


def main(names: list[str]) -> None:
    library = Path(onnxruntime.__file__).parent / "capi"
    engine = sum(path.stat().st_size for path in library.glob("*.so*"))
    print(f"onnxruntime {onnxruntime.__version__}: {engine / 1e6:.1f} MB of libraries\n")
    print(
        "net              onnx MB  package MB  library MB  bundled MB  load ms  ORT ms  ratio"
    )
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            row(name, Path(folder))
        nine(names[0], Path(folder))


def row(name: str, folder: Path) -> None:
    model = made(name, folder)
    package = compile_model(compile_request(model, output=folder))
    bundle = compile_request(model, output=folder / "b", bundle_runtime=True, verify=False)
    bundled = compile_model(bundle).path.stat().st_size
    code = described(package.path)["Files"]["compiled.so"]["Size"]
    feeds = drawn(load(package.path).inputs, DRAWS[-1])

    def theirs() -> object:
        session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
        return session.run(None, feeds)

    ours, other = paired(lambda: load(package.path).run(feeds), theirs)
    sizes = (model.stat().st_size, package.path.stat().st_size, code, bundled)
    shown = "  ".join(f"{size / 1e6:9.2f}" for size in sizes)
    print(f"{name:<15}{shown}  {ours:9.1f}  {other:6.1f}  {ours / other:5.2f}")


def paired(*turns: Callable[[], object]) -> list[float]:
    spent: list[list[float]] = [[] for _ in turns]
    for _ in range(TURNS):
        for index, turn in enumerate(turns):
            began = time.process_time()
            turn()
            spent[index].append((time.process_time() - began) * 1e3)
    return [median(each) for each in spent]


def nine(name: str, folder: Path) -> None:
    """The processors of the table: one by one, as a matrix, and the matrix again."""
    from sagectl.compiler.cells import cells

    model = made(name, folder)
    home = folder / "home"
    sagectl = [sys.executable, "-m", "sagectl", "compile"]
    singles = [
        [*sagectl, "build", str(model), "--os", platform.os, "--arch", platform.arch]
        for platform in (cell.platform for cell in cells(["cpus"]))
        if platform is not None
    ]
    matrix = [*sagectl, "matrix", str(model), "--targets", "cpus"]
    environment = {"SAGECTL_HOME": str(home), "PATH": "/usr/bin:/bin"}
    for what, commands in (("one by one", singles), ("matrix", [matrix]), ("again", [matrix])):
        began = time.perf_counter()
        for command in commands:
            subprocess.run(
                [*command, "-o", str(folder / what)],
                check=True,
                capture_output=True,
                env=environment,
                cwd=Path(__file__).parents[2],
            )
        print(f"{what:<12}{time.perf_counter() - began:7.1f} s")


def made(name: str, folder: Path) -> Path:
    path = folder / f"{name}.onnx"
    if not path.exists():
        found: Any = MODELS[name]()
        path.write_bytes(found.SerializeToString())
    return path


if __name__ == "__main__":
    np.seterr(all="ignore")
    main(sys.argv[1:] or list(NETS))
