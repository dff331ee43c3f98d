from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING

import pytest

from sagectl.compiler.api import compile_model
from sagectl.compiler.blob import MACHINES, write_blob
from sagectl.compiler.elf import read_elf
from sagectl.compiler.errors import RequestError
from sagectl.compiler.linkers import LINKERS, chosen_linker, cross, ndk
from sagectl.compiler.linkers.driver import link_with
from sagectl.compiler.packaging import open_package
from sagectl.compiler.request import Platform, compile_request
from sagectl.compiler.targets import resolve
from sagectl.compiler.targets.table import CPUS, CpuRow
from sagectl.errors import CompileError

if TYPE_CHECKING:
    from sagectl.compiler.targets import Target

PLATFORMS = [Platform(*pair) for pair, row in CPUS.items() if isinstance(row, CpuRow)]
MACHINE_NUMBERS = {"X86_64": 62, "X86": 3, "ARM64": 183, "ARM_EABIHF": 40, "ARM_EABI": 40}
needs_zig = pytest.mark.skipif(
    find_spec("ziglang") is None,
    reason="links for other machines: pip install 'sagectl[cross]'",
)


def target_of(platform: Platform) -> Target:
    return resolve(platform, None, {})


@pytest.mark.parametrize("platform", PLATFORMS, ids=str)
def test_every_platform_names_linkers_that_exist(platform: Platform) -> None:
    assert set(target_of(platform).linkers) <= set(LINKERS)


def test_a_missing_linker_is_answered_with_the_commands_that_get_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("ANDROID_NDK_HOME", raising=False)
    target = replace(target_of(Platform("ANDROID", "ARM64")), linkers=("ndk",))

    with pytest.raises(RequestError, match="No linker for aarch64-linux-android") as caught:
        chosen_linker(target)

    assert caught.value.reason == "linker"
    assert "ANDROID_NDK_HOME" in (caught.value.hint or "")


def test_a_cross_gcc_is_named_as_the_distribution_names_it() -> None:
    target = target_of(Platform("LINUX", "ARM_EABIHF"))

    assert cross.remedy(target) == (
        "apt-get install gcc-arm-linux-gnueabihf libc6-dev-armhf-cross"
    )


def test_a_cross_gcc_without_its_library_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = resolve(Platform("LINUX", "ARM64"), None, {})
    gcc = tmp_path / "aarch64-linux-gnu-gcc"
    gcc.write_text("#!/bin/sh\necho cannot find crti.o >&2; exit 1\n")
    gcc.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert not cross.available(target)
    assert "libc6-dev-arm64-cross" in cross.remedy(target)


def test_an_ndk_is_used_where_the_variable_names_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clang = tmp_path / "toolchains/llvm/prebuilt/linux-x86_64/bin/clang"
    clang.parent.mkdir(parents=True)
    clang.write_text("#!/bin/sh\n")
    monkeypatch.setenv("ANDROID_NDK_HOME", str(tmp_path))

    assert chosen_linker(target_of(Platform("ANDROID", "ARM64"))) is ndk


@pytest.mark.skipif(find_spec("ziglang") is None, reason="ziglang is not installed")
def test_zig_links_where_a_service_has_no_home(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "XDG_CACHE_HOME", "ZIG_GLOBAL_CACHE_DIR", "ANDROID_NDK_HOME"):
        monkeypatch.delenv(name, raising=False)
    asked = compile_request(model, output=tmp_path, platform=Platform("ANDROID", "X86_64"))

    assert compile_model(asked).path.exists()


def test_a_linker_that_fails_is_quoted(tmp_path: Path) -> None:
    (tmp_path / "a.o").write_text("no object")

    with pytest.raises(CompileError, match=r"cc could not link \(exit \d+\)") as caught:
        link_with(["cc"], [tmp_path / "a.o"], tmp_path / "a.so")

    assert caught.value.reason == "linker"


@pytest.mark.parametrize("arch", MACHINES)
def test_a_blob_is_an_object_with_one_symbol(arch: str, tmp_path: Path) -> None:
    path = tmp_path / "blob.o"

    write_blob(path, "weights", memoryview(b"some bytes"), arch)

    data = path.read_bytes()
    assert int.from_bytes(data[18:20], "little") == MACHINE_NUMBERS[arch]
    assert read_elf(path).sections[".rodata"] == len(b"some bytes")
    assert b"some bytes" in data


@needs_zig
@pytest.mark.parametrize("platform", PLATFORMS, ids=str)
def test_a_model_is_linked_for_a_machine_that_is_not_here(
    platform: Platform, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Zig builds stand-ins of the C library once per target, for ten seconds each.
    monkeypatch.setenv("ZIG_GLOBAL_CACHE_DIR", str(Path(gettempdir(), "sagectl-zig-cache")))
    request = compile_request(model, output=tmp_path / "out", platform=platform, verify=False)

    package = compile_model(request)

    with open_package(package.path) as folder:
        library = (folder / "compiled.so").read_bytes()
        elf = read_elf(folder / "compiled.so")
    assert int.from_bytes(library[18:20], "little") == MACHINE_NUMBERS[platform.arch]
    assert "TVMFFIErrorSetRaisedFromCStrParts" in elf.imports
    assert elf.functions
    if platform.os == "ANDROID":
        assert "libtvm_ffi.so" in elf.needed
        assert not elf.versions
