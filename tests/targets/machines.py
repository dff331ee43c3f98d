"""The machines that foreign packages are run on: what each needs, and how it runs one."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sagectl.compiler.packaging import described, open_package
from sagectl.runtime.package import LIBRARY

if TYPE_CHECKING:
    from collections.abc import Mapping

    Arrays = Mapping[str, np.ndarray[Any, Any]]

REPOSITORY = Path(__file__).parents[2]
BUILD = REPOSITORY / "build/targets"
LONGEST_SECONDS = 180
_LOAD = """
import sys, numpy
from sagectl.runtime import load
outputs = load(sys.argv[1]).run(dict(numpy.load(sys.argv[2])))
numpy.savez(sys.argv[3], **outputs)
"""


@dataclass(frozen=True)
class Machine:
    """``command`` runs a program there; the loader of packages is Python's or our own program.

    ``gcc`` links for it, ``proof`` is how the reference page calls it.
    """

    command: tuple[str, ...]
    gcc: str
    proof: str
    has_python: bool = False

    def run(self, package: Path, arch: str, inputs: Arrays, folder: Path) -> Arrays:
        """The outputs of a package there."""
        if self.has_python:
            return self._loaded(package, inputs, folder)
        return self._played(package, arch, inputs, folder)

    def _loaded(self, package: Path, inputs: Arrays, folder: Path) -> Arrays:
        np.savez(folder / "inputs.npz", **inputs)
        places = [str(package), str(folder / "inputs.npz"), str(folder / "outputs.npz")]
        environment = {**os.environ, "TVM_NUM_THREADS": "1"}
        if self.command != (sys.executable,):
            site = BUILD / "arm64-site"
            environment["PYTHONPATH"] = f"{site}:{REPOSITORY}"
            environment["SAGECTL_TVM_RUNTIME"] = str(site / "tvm/lib/libtvm_runtime.so")
        _run([*self.command, "-c", _LOAD, *places], environment)
        return dict(np.load(folder / "outputs.npz"))

    def _played(self, package: Path, arch: str, inputs: Arrays, folder: Path) -> Arrays:
        model = described(package)["Model"]
        words = []
        for port in model["Inputs"]:
            path = folder / f"{len(words)}.in"
            inputs[port["name"]].tofile(path)
            words.append(f"{port['dtype']}:{','.join(map(str, port['shape']))}:{path}")
        with open_package(package) as unpacked:
            program = [str(BUILD / f"run-{arch}"), str(unpacked / LIBRARY), str(folder)]
            _run([*self.command, *program, *words], {**os.environ, "TVM_NUM_THREADS": "1"})
        return {
            port["name"]: np.fromfile(folder / f"{index}.bin", port["dtype"]).reshape(
                port["shape"]
            )
            for index, port in enumerate(model["Outputs"])
        }

    @property
    def missing(self) -> str | None:
        """What is not installed of it."""
        wanted = [Path(word) for word in self.command if word.startswith("/")]
        return next((str(path) for path in wanted if not path.exists()), None)


def _run(command: list[str], environment: Mapping[str, str]) -> None:
    ended = subprocess.run(
        command,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]


def _emulated(name: str, root: str | Path) -> tuple[str, ...]:
    return (f"/usr/bin/qemu-{name}", "-L", str(root))


_X86 = "/usr/i686-linux-gnu/lib"
MACHINES = {
    "X86_64": Machine((sys.executable,), "gcc", "run here", has_python=True),
    # A 64-bit kernel runs 32-bit programs; only their libraries have to be brought along.
    "X86": Machine(
        (f"{_X86}/ld-linux.so.2", "--library-path", _X86),
        "i686-linux-gnu-gcc",
        "run here, as a 32-bit program",
    ),
    "ARM64": Machine(
        (*_emulated("aarch64", BUILD / "arm64"), str(BUILD / "arm64/usr/bin/python3")),
        "aarch64-linux-gnu-gcc",
        "run under qemu-aarch64 with the real wheels",
        has_python=True,
    ),
    "ARM_EABIHF": Machine(
        _emulated("arm", "/usr/arm-linux-gnueabihf"),
        "arm-linux-gnueabihf-gcc",
        "run under qemu-arm",
    ),
    "ARM_EABI": Machine(
        _emulated("arm", "/usr/arm-linux-gnueabi"),
        "arm-linux-gnueabi-gcc",
        "run under qemu-arm",
    ),
}
