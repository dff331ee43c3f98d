"""Kernels for graphics processors: what a package holds, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sagectl.compiler import nvrtc, opencl
from sagectl.compiler.api import compile_model
from sagectl.compiler.errors import RequestError
from sagectl.compiler.packaging import described
from sagectl.compiler.request import Platform, compile_request
from sagectl.compiler.targets import resolve
from sagectl.errors import CompileError
from sagectl.runtime import PackageError, load

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sagectl.compiler.packaging import Package

HERE = ("LINUX", "X86_64")
needs_nvrtc = pytest.mark.skipif(
    not nvrtc.available(), reason=f"NVRTC is not installed: {nvrtc.REMEDY}"
)
needs_clang = pytest.mark.skipif(
    not opencl.available(), reason=f"clang is not installed: {opencl.REMEDY}"
)


def built(
    model: Path, folder: Path, accelerator: str, options: Mapping[str, Any] | None = None
) -> Package:
    request = compile_request(
        model,
        output=folder,
        platform=Platform(*HERE, accelerator),
        compiler_options=options,
    )
    return compile_model(request)


@needs_nvrtc
@pytest.mark.parametrize("code", ["sm_53", "sm_75", "sm_120"])
def test_a_package_for_nvidia_holds_machine_code_of_the_gpu_asked_for(
    model: Path, tmp_path: Path, code: str
) -> None:
    package = built(model, tmp_path, "NVIDIA", {"gpu-code": code})

    (found,) = described(package.path)["GpuCode"]

    assert (found["Form"], found["Architecture"]) == ("cubin", code)
    assert "fused_conv2d_add_relu_kernel" in found["Functions"]


@needs_nvrtc
def test_the_same_request_gives_the_same_machine_code(model: Path, tmp_path: Path) -> None:
    options = {"gpu-code": "sm_72"}
    digests = {built(model, tmp_path, "NVIDIA", options).digest for _ in range(2)}
    assert len(digests) == 1


@needs_nvrtc
def test_source_that_is_no_cuda_is_refused_in_the_compilers_words() -> None:
    with pytest.raises(CompileError, match="NVRTC refuses"):
        nvrtc.cubin("this is no CUDA", "sm_72")


@needs_clang
def test_opencl_that_is_none_is_refused_in_the_compilers_words() -> None:
    with pytest.raises(CompileError, match="clang refuses"):
        opencl.check("__kernel void f(__global float* x) { x[0] = y; }")


def test_a_package_for_intel_graphics_holds_opencl_that_clang_accepts(
    model: Path, tmp_path: Path
) -> None:
    package = built(model, tmp_path, "INTEL_GRAPHICS")

    (found,) = described(package.path)["GpuCode"]

    assert (found["Kind"], found["Form"], found["Architecture"]) == ("opencl", "cl", None)
    assert package.meta["Requirements"]["TargetDeviceType"] == "gpu"
    accepted = "accepted by clang" if opencl.available() else "not compiled"
    assert package.meta["Sagectl"]["Verification"]["Kernels"] == accepted


def test_a_package_for_an_accelerator_is_not_run_on_the_processor(
    model: Path, tmp_path: Path
) -> None:
    package = built(model, tmp_path, "INTEL_GRAPHICS")
    with pytest.raises(PackageError, match="INTEL_GRAPHICS"):
        load(package.path)


@pytest.mark.parametrize(
    ("options", "said", "hint"),
    [
        ({}, "need the compiler option gpu-code", "sm_72"),
        ({"gpu-code": "sm_71"}, "no code can be made", "Did you mean sm_70?"),
        ({"gpu-code": "sm_73"}, "no code can be made", "Did you mean sm_72?"),
        ({"gpu-code": "sm_90a"}, "no code can be made", "Did you mean sm_90?"),
        ({"gpu-code": "turing"}, "no code can be made", "Known are sm_50, "),
        ({"gpu-code": "sm_87", "cuda-ver": "10.0"}, "needs CUDA 11.4", "the device has"),
        ({"gpu-code": "sm_72", "cuda-ver": "ten"}, "cuda-ver is 'ten'", "10.2"),
        ({"gpu-code": "sm_72", "trt-ver": "x"}, "trt-ver is 'x'", "7.1.3"),
    ],
    ids=[
        "missing",
        "unknown",
        "between",
        "suffix",
        "word",
        "too-new-for-cuda",
        "cuda-version",
        "tensorrt-version",
    ],
)
def test_options_that_no_nvidia_gpu_has_are_refused(
    options: dict[str, str], said: str, hint: str
) -> None:
    with pytest.raises(RequestError, match=said) as caught:
        resolve(Platform("LINUX", "ARM64", "NVIDIA"), None, options)
    assert hint in (caught.value.hint or "")


def test_versions_are_recorded_and_what_they_are_not_used_for_is_said() -> None:
    named = resolve(None, "jetson_xavier", {"trt-ver": "5.1.6", "cuda-ver": "10.0"})
    alone = resolve(None, "jetson_xavier", {})

    for target in (named, alone):
        assert target.gpu is not None
        assert target.gpu.code == "sm_72"
        assert target.settings["trt-ver"] == "5.1.6"
    assert [text.split()[0] for text in named.warnings] == ["trt-ver", "The"]
    # What the row says, and nobody asked for, is nothing to warn of.
    assert not alone.warnings


def test_options_of_nvidia_are_remarked_on_elsewhere() -> None:
    target = resolve(Platform("LINUX", "ARM64", "MALI"), None, {"cuda-ver": "10.0"})
    assert "'cuda-ver' is NVIDIA's" in target.warnings[0]
