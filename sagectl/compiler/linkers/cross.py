"""A distribution's cross gcc, named after the triple it serves."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from sagectl.compiler.linkers.driver import link_with

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sagectl.compiler.targets import Target


def available(target: Target) -> bool:
    return bool(target.gnu_prefix) and shutil.which(_driver(target)) is not None


def link(objects: Sequence[Path], library: Path, target: Target) -> None:
    link_with([_driver(target)], objects, library)


def remedy(target: Target) -> str:
    return f"apt-get install gcc-{target.gnu_prefix.replace('_', '-')}"


def _driver(target: Target) -> str:
    return f"{target.gnu_prefix}-gcc"
