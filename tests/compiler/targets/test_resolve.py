from __future__ import annotations

from typing import Any

import pytest

from sagectl.compiler.errors import RequestError
from sagectl.compiler.request import Platform
from sagectl.compiler.targets import Target, resolve, rows, tvm_target
from sagectl.runtime.cpu import host_machine

X86_64 = Platform("LINUX", "X86_64")
SERVED = [row for row in rows() if row["Status"] == "served"]
REFUSED = [row for row in rows() if row["Status"] == "refused"]
needs_x86_64 = pytest.mark.skipif(
    host_machine() != "x86_64", reason="asks for this machine's own x86-64 processor"
)


def asked(row: dict[str, Any]) -> Target:
    if row["Device"]:
        return resolve(None, row["Device"], {})
    options = {"gpu-code": "sm_75"} if row["Accelerator"] == "NVIDIA" else {}
    return resolve(Platform(row["Os"], row["Arch"], row["Accelerator"]), None, options)


def name(row: dict[str, Any]) -> str:
    parts = (row["Os"], row["Arch"], row["Accelerator"])
    return row["Device"] or "-".join(part for part in parts if part)


@pytest.mark.parametrize("row", SERVED, ids=name)
def test_a_served_row_is_a_target_that_llvm_knows(row: dict[str, Any]) -> None:
    target = asked(row)

    assert target.vector_bytes >= 4
    described = tvm_target(target)
    assert (described.host or described).kind.name == "llvm"
    assert (described.kind.name != "llvm") == (row["Accelerator"] is not None)


@pytest.mark.parametrize("row", REFUSED, ids=name)
def test_a_refused_row_says_why_and_what_works(row: dict[str, Any]) -> None:
    with pytest.raises(RequestError) as caught:
        asked(row)

    assert row["Reason"] in caught.value.message
    assert row["Nearest"] in (caught.value.hint or "")
    assert caught.value.reason == "target"


@pytest.mark.parametrize(
    ("mcpu", "vector_bytes"),
    [
        ("x86-64", 16),
        ("ivybridge", 32),
        ("core-avx2", 32),
        ("znver2", 32),
        ("skylake-avx512", 64),
    ],
)
def test_vectors_follow_the_processor(mcpu: str, vector_bytes: int) -> None:
    assert resolve(X86_64, None, {"mcpu": mcpu}).vector_bytes == vector_bytes


def test_mattr_adds_and_removes_features() -> None:
    plain = resolve(X86_64, None, {"mcpu": "skylake-avx512"})
    added = resolve(X86_64, None, {"mcpu": "skylake-avx512", "mattr": ["+avx512vnni"]})
    removed = resolve(X86_64, None, {"mcpu": "skylake-avx512", "mattr": "-avx512f"})

    assert added.features - plain.features == {"avx512vnni"}
    assert removed.vector_bytes == 32


@needs_x86_64
def test_native_is_this_machine_and_runs_here() -> None:
    target = resolve(None, None, {})

    assert target == resolve(X86_64, None, {"mcpu": "native"})
    assert target.mcpu != "native"
    assert target.runs_here


def test_a_device_is_its_platform_with_its_options() -> None:
    target = resolve(None, "ml_c5", {})

    assert (target.suffix, target.mcpu, target.vector_bytes) == ("ml_c5", "skylake-avx512", 64)


def test_options_given_beat_those_of_the_device() -> None:
    assert resolve(None, "ml_c5", {"mcpu": "cascadelake"}).mcpu == "cascadelake"


def test_the_suffix_is_the_one_of_the_service() -> None:
    assert resolve(X86_64, None, {}).suffix == "LINUX_X86_64"


@pytest.mark.parametrize(
    ("options", "said", "hint"),
    [
        ({"mcpu": "skylake-avx51"}, "no processor that LLVM knows", "skylake-avx512"),
        ({"mcpu": "cortex-a72"}, "no processor that LLVM knows", "Known are"),
        ({"mcpu": 7}, "not a processor's name", None),
        ({"mattr": ["+avx512vnn"]}, "no feature that LLVM knows", "+avx512vnni"),
        ({"mattr": ["avx2"]}, "neither adds nor removes", "+avx2"),
        ({"mattr": ["+avx2 -keys=x"]}, "no feature that LLVM knows", "each feature with its"),
        ({"mattr": 3}, "not a list of features", "Write it as"),
        ({"ANDROID_PLATFORM": 28}, "not ANDROID", None),
        ({"dtype": "int4"}, "dtype is 'int4'", "It is one of"),
    ],
    ids=[
        "misspelt",
        "of-arm",
        "number",
        "feature",
        "unsigned",
        "many",
        "scalar",
        "android",
        "dtype",
    ],
)
def test_an_option_that_cannot_be_is_refused(
    options: dict[str, Any], said: str, hint: str | None
) -> None:
    with pytest.raises(RequestError, match=said) as caught:
        resolve(X86_64, None, options)

    assert hint is None or hint in (caught.value.hint or "")


ARM = [Platform("LINUX", "ARM_EABIHF"), Platform("LINUX", "ARM_EABI")]
LESS_THAN_64_BITS = ["i386", "pentium", "prescott", "yonah", "lakemont"]
MICROCONTROLLERS = ["cortex-m0", "cortex-m4", "cortex-m55", "sc000", "star-mc3", "cortex-r5"]


@pytest.mark.parametrize(
    ("platform", "mcpu", "nearest"),
    [
        *((X86_64, name, "--mcpu x86-64, or --arch X86") for name in LESS_THAN_64_BITS),
        *((arm, name, "--mcpu cortex-a7") for arm in ARM for name in MICROCONTROLLERS),
    ],
    ids=str,
)
def test_a_processor_that_runs_no_program_of_the_platform_is_refused_before_llvm_ends_all(
    platform: Platform, mcpu: str, nearest: str
) -> None:
    with pytest.raises(
        RequestError, match=f"mcpu '{mcpu}' .*no program of {platform}"
    ) as caught:
        resolve(platform, None, {"mcpu": mcpu})

    assert nearest in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("platform", "feature", "said"),
    [
        (X86_64, "-64bit", "lacks 64bit"),
        (X86_64, "-64bit-mode", "lacks 64bit-mode"),
        (X86_64, "-sse", "lacks sse2"),
        (X86_64, "-sse2", "lacks sse2"),
        (ARM[0], "-vfp2sp", "lacks vfp2sp"),
        (ARM[0], "+mve.fp", "has mve"),
        (ARM[1], "+mve", "has mve"),
        (ARM[1], "+noarm", "has noarm"),
    ],
    ids=str,
)
def test_features_without_which_nothing_runs_on_the_platform_stay(
    platform: Platform, feature: str, said: str
) -> None:
    with pytest.raises(RequestError, match=said) as caught:
        resolve(platform, None, {"mattr": ["+aes", feature]})

    assert caught.value.hint == f"Leave {feature} out."


def test_two_spellings_of_an_option_may_not_contradict_each_other() -> None:
    gpu = Platform("LINUX", "ARM64", "NVIDIA")

    assert resolve(gpu, None, {"gpu-code": "sm_72", "gpu_code": "sm_72"}).gpu
    with pytest.raises(RequestError, match="'sm_72' and 'sm_75'"):
        resolve(gpu, None, {"gpu-code": "sm_72", "gpu_code": "sm_75"})
    assert resolve(None, "jetson_tx2", {"gpu_code": "sm_53"}).settings["gpu-code"] == "sm_53"


def test_only_what_was_asked_for_is_remarked_on() -> None:
    assert resolve(None, "jetson_nano", {}).warnings == ()
    (warning,) = resolve(None, "jetson_nano", {"trt-ver": "6.0.1"}).warnings
    assert "TensorRT" in warning


@pytest.mark.parametrize("level", [20, 30, "x", True, None])
def test_an_android_level_out_of_range_is_refused(level: object) -> None:
    with pytest.raises(RequestError, match="ANDROID_PLATFORM"):
        resolve(Platform("ANDROID", "ARM64"), None, {"ANDROID_PLATFORM": level})


def test_an_android_level_is_recorded() -> None:
    target = resolve(Platform("ANDROID", "ARM64"), None, {"ANDROID_PLATFORM": "27"})

    assert target.settings == {"ANDROID_PLATFORM": 27}


def test_an_unknown_option_passes_with_a_warning() -> None:
    (warning,) = resolve(X86_64, None, {"mcppu": "haswell"}).warnings

    assert "mcppu" in warning
    assert "Did you mean mcpu?" in warning


@pytest.mark.parametrize(
    ("platform", "device", "meant"),
    [
        (Platform("linux", "X86_64"), None, "LINUX"),
        (Platform("LINUX", "x86-64"), None, "X86_64"),
        (Platform("LINUX", "ARM64", "NVIDEA"), None, "NVIDIA"),
        (None, "ml-c5", "ml_c5"),
    ],
    ids=["os", "arch", "accelerator", "device"],
)
def test_a_misspelt_name_is_answered_with_the_one_meant(
    platform: Platform | None, device: str | None, meant: str
) -> None:
    with pytest.raises(RequestError) as caught:
        resolve(platform, device, {})

    assert f"Did you mean {meant}?" == caught.value.hint


def test_native_is_refused_for_another_architecture() -> None:
    other = "ARM64" if host_machine() == "x86_64" else "X86_64"

    with pytest.raises(RequestError, match="'native' is this machine's"):
        resolve(Platform("LINUX", other), None, {"mcpu": "native"})


def test_a_target_of_another_machine_does_not_run_here() -> None:
    assert "ANDROID" in (resolve(Platform("ANDROID", "ARM64"), None, {}).reason_not_here or "")
    assert not resolve(Platform("LINUX", "ARM_EABIHF"), None, {}).runs_here


def test_the_hard_float_abi_is_said_outright() -> None:
    hard = tvm_target(resolve(Platform("LINUX", "ARM_EABIHF"), None, {}))
    soft = tvm_target(resolve(Platform("LINUX", "ARM_EABI"), None, {}))

    assert hard.attrs["mfloat-abi"] == "hard"
    assert soft.attrs["mfloat-abi"] == "soft"
