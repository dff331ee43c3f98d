"""OpenCL kernels built for a device by a real implementation, pocl.

They are not executed: the host's half of a package calls TVM's OpenCL runtime, which TVM's
wheels do not have. ``apt-get install pocl-opencl-icd`` and ``pip install pyopencl`` bring what
this needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sagectl.compiler.api import compile_model
from sagectl.compiler.elf import symbol_bytes
from sagectl.compiler.kernels import LIBRARY_SYMBOL, gpu_code
from sagectl.compiler.packaging import open_package
from sagectl.compiler.request import Platform, compile_request
from sagectl.runtime.package import LIBRARY
from tests.compiler.conftest import model

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["model"]
pytestmark = pytest.mark.targets
PLATFORMS = (
    Platform("LINUX", "X86_64", "INTEL_GRAPHICS"),
    Platform("LINUX", "ARM64", "MALI"),
    Platform("ANDROID", "ARM64", "MALI"),
)


@pytest.mark.parametrize("platform", PLATFORMS, ids=str)
def test_kernels_are_built_for_a_device(
    platform: Platform, model: Path, tmp_path: Path
) -> None:
    cl = pytest.importorskip("pyopencl", reason="pip install pyopencl")
    if not cl.get_platforms():
        pytest.skip("no OpenCL is installed: apt-get install pocl-opencl-icd")
    package = compile_model(compile_request(model, output=tmp_path, platform=platform)).path
    with open_package(package) as folder:
        (code,) = gpu_code(symbol_bytes(folder / LIBRARY, LIBRARY_SYMBOL))

    context = cl.create_some_context(interactive=False)
    program = cl.Program(context, code.code.decode()).build(options=["-cl-std=CL1.2"])

    built = {kernel.function_name for kernel in program.all_kernels()}
    assert built == set(code.functions)
