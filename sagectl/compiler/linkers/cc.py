"""This machine's own C compiler, for targets of this machine's architecture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.compiler.linkers.driver import link_with, links
from sagectl.compiler.targets.target import NATIVE_MACHINES
from sagectl.runtime.cpu import host_machine

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sagectl.compiler.targets import Target

DRIVERS = ("cc", "gcc", "clang")


def available(target: Target) -> bool:
    is_native = NATIVE_MACHINES.get(target.arch) == host_machine()
    return target.os == "LINUX" and is_native and _driver() is not None


def link(objects: Sequence[Path], library: Path, target: Target) -> None:
    link_with([_driver() or DRIVERS[0]], objects, library)


def remedy(target: Target) -> str:
    return "apt-get install gcc libc6-dev"


def _driver() -> str | None:
    return next((name for name in DRIVERS if links(name)), None)
