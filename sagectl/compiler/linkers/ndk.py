"""The clang of an installed Android NDK."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from sagectl.compiler.android import DEFAULT_LEVEL
from sagectl.compiler.linkers.driver import link_with

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sagectl.compiler.targets import Target


def available(target: Target) -> bool:
    return target.os == "ANDROID" and _driver(target) is not None


def link(objects: Sequence[Path], library: Path, target: Target) -> None:
    level = target.settings.get("ANDROID_PLATFORM", DEFAULT_LEVEL)
    arch = target.triple.partition("-")[0]
    system = "linux-androideabi" if arch == "armv7a" else "linux-android"
    clang = str(_driver(target) or "clang")
    link_with([clang, f"--target={arch}-{system}{level}"], objects, library)


def remedy(target: Target) -> str:
    return "export ANDROID_NDK_HOME=<the folder of an installed Android NDK>"


def _driver(target: Target) -> Path | None:
    home = os.environ.get("ANDROID_NDK_HOME")
    if not home:
        return None
    found = sorted(Path(home).glob("toolchains/llvm/prebuilt/*/bin/clang"))
    return found[0] if found else None
