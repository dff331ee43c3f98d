"""The ``zig cc`` of the ziglang wheel, which links for every Linux with an old glibc."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

from sagectl.compiler.linkers.driver import link_with

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sagectl.compiler.targets import Target


def available(target: Target) -> bool:
    return target.os == "LINUX" and find_spec("ziglang") is not None


def link(objects: Sequence[Path], library: Path, target: Target) -> None:
    driver = [sys.executable, "-m", "ziglang", "cc", "-target", target.zig_target]
    link_with(driver, objects, library)


def remedy(target: Target) -> str:
    return "pip install 'sagectl[cross]'"
