"""The ways from object files to a shared library: one module per linker."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from sagectl.compiler.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sagectl.compiler.targets import Target


class Linker(Protocol):
    """A module that links for some targets."""

    def available(self, target: Target) -> bool:
        """Whether it is installed here and serves the target."""

    def link(self, objects: Sequence[Path], library: Path, target: Target) -> None:
        """Write ``library``; raises CompileError with the linker's own words."""

    def remedy(self, target: Target) -> str:
        """The command that installs it."""


# Name -> module. A target's row names those that serve it, best first.
LINKERS = {
    "cc": "sagectl.compiler.linkers.cc",
    "cross": "sagectl.compiler.linkers.cross",
    "zig": "sagectl.compiler.linkers.zig",
    "ndk": "sagectl.compiler.linkers.ndk",
    "stubs": "sagectl.compiler.linkers.stubs",
}


def chosen_linker(target: Target) -> Linker:
    """The first linker of a target that is installed here.

    Raises RequestError naming the commands that would install one.
    """
    linkers = [cast("Linker", import_module(LINKERS[name])) for name in target.linkers]
    for linker in linkers:
        if linker.available(target):
            return linker
    raise RequestError(
        f"No linker for {target.triple} is installed",
        stage="link",
        reason="linker",
        hint=f"Run: {' or '.join(linker.remedy(target) for linker in linkers)}",
    )
