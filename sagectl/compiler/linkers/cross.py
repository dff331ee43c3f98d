"""A distribution's cross gcc, named after the triple it serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.compiler.linkers.driver import link_with, links

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sagectl.compiler.targets import Target


# Prefix -> Debian's package of the C library; gcc alone can only compile.
LIBRARIES = {
    "x86_64-linux-gnu": "libc6-dev-amd64-cross",
    "i686-linux-gnu": "libc6-dev-i386-cross",
    "aarch64-linux-gnu": "libc6-dev-arm64-cross",
    "arm-linux-gnueabihf": "libc6-dev-armhf-cross",
    "arm-linux-gnueabi": "libc6-dev-armel-cross",
}


def available(target: Target) -> bool:
    return bool(target.gnu_prefix) and links(_driver(target))


def link(objects: Sequence[Path], library: Path, target: Target) -> None:
    link_with([_driver(target)], objects, library)


def remedy(target: Target) -> str:
    packages = f"gcc-{target.gnu_prefix.replace('_', '-')} {LIBRARIES[target.gnu_prefix]}"
    return f"apt-get install {packages}"


def _driver(target: Target) -> str:
    return f"{target.gnu_prefix}-gcc"
