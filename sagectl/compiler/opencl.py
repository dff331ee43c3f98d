"""OpenCL C held against a real compiler, where one is installed."""

from __future__ import annotations

import shutil
import subprocess

from sagectl.errors import CompileError

REMEDY = "apt-get install clang"
_FLAGS = ("-x", "cl", "-cl-std=CL1.2", "-Xclang", "-finclude-default-header", "-w")
_TARGET = ("-target", "spir64", "-fsyntax-only", "-")
_SHOWN_LINES = 8


def available() -> bool:
    """Whether clang is here to check kernels."""
    return shutil.which("clang") is not None


def check(source: str) -> None:
    """Compile kernels with clang, if it is here. Raises CompileError where it refuses them."""
    clang = shutil.which("clang")
    if clang is None:
        return
    ended = subprocess.run(
        [clang, *_FLAGS, *_TARGET], input=source, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        said = "\n".join(ended.stderr.strip().splitlines()[:_SHOWN_LINES])
        raise CompileError(
            f"clang refuses the OpenCL kernels:\n{said}", stage="generate", reason="internal"
        )
