"""A compiler driver (gcc, clang, zig cc) called to link."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from sagectl.errors import CompileError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# No build id and no symbol table: both would carry paths and clocks into the package.
FLAGS = ("-shared", "-fPIC", "-s", "-Wl,--build-id=none")
_SHOWN_LINES = 8


def link_with(
    driver: Sequence[str],
    objects: Sequence[Path],
    library: Path,
    *,
    libraries: Sequence[str] = ("-lm",),
) -> None:
    """Link ``objects`` into ``library``; they and it lie in one folder.

    Raises CompileError with the driver's own words.
    """
    names = [path.name for path in objects]
    command = [*driver, *FLAGS, "-o", library.name, *names, *libraries]
    ended = subprocess.run(
        command,
        cwd=library.parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if ended.returncode:
        said = "\n".join(ended.stderr.strip().splitlines()[:_SHOWN_LINES])
        raise CompileError(
            f"{driver[0]} could not link (exit {ended.returncode}):\n{said}",
            stage="link",
            reason="linker",
            details={"command": command},
        )
