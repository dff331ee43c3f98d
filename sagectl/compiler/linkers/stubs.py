"""Zig's linker over generated stand-ins for Android's libraries, where no NDK is installed.

A shared library records which libraries it needs and which of their symbols; of the libraries
themselves the linker reads no more than those names. Stand-ins with the right names do.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

from sagectl.compiler.android import SYMBOLS
from sagectl.compiler.elf import read_elf
from sagectl.compiler.linkers.driver import link_with

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sagectl.compiler.targets import Target

# Android's newest devices have pages of 16 KB.
_PAGES = "-Wl,-z,max-page-size=16384"
_ARM = ("-mcpu=generic+v7a",)
# What is neither the libraries' nor the compiler's own (integer division of old ARM
# processors, say) fails here instead of on the device.
_COMPLETE = ("-rtlib=compiler-rt", "-Wl,-z,defs")


def available(target: Target) -> bool:
    return target.os == "ANDROID" and find_spec("ziglang") is not None


def link(objects: Sequence[Path], library: Path, target: Target) -> None:
    driver = _driver(target)
    stubs = [
        _stub(driver, name, symbols, library.parent)
        for name, symbols in _homes(objects).items()
    ]
    named = (f"-Wl,-soname,{library.name}", _PAGES, *_COMPLETE)
    link_with([*driver, *named], objects, library, libraries=[path.name for path in stubs])


def remedy(target: Target) -> str:
    return "pip install 'sagectl[cross]'"


def _driver(target: Target) -> list[str]:
    zig = [sys.executable, "-m", "ziglang", "cc", "-target", f"{target.zig_target}-linux-none"]
    only_what_is_here = ["-nostdlib", "-fno-builtin", "-fno-sanitize=all", "-g0"]
    return [*zig, *only_what_is_here, *(_ARM if target.zig_target == "arm" else ())]


def _homes(objects: Sequence[Path]) -> dict[str, list[str]]:
    """Library -> the symbols that the objects want of it."""
    wanted = sorted({name for path in objects for name in read_elf(path).imports})
    homes = {
        library: [name for name in wanted if pattern.fullmatch(name)]
        for library, pattern in SYMBOLS.items()
    }
    return {library: names for library, names in homes.items() if names}


def _stub(driver: Sequence[str], name: str, symbols: Sequence[str], folder: Path) -> Path:
    source = folder / f"{name}.c"
    lines = [f"void {symbol}(void) {{}}" for symbol in symbols]
    source.write_text("\n".join(lines) + "\n", encoding="ascii")
    stub = folder / name
    link_with([*driver, f"-Wl,-soname,{name}"], [source], stub, libraries=())
    return stub
