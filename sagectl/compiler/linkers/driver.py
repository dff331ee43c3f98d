"""A compiler driver (gcc, clang, zig cc) called to link."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from typing import TYPE_CHECKING

from sagectl.compiler.workplace import workplace
from sagectl.errors import CompileError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# No build id and no symbol table: both would carry paths and clocks into the package.
FLAGS = ("-shared", "-fPIC", "-s", "-Wl,--build-id=none")
_CACHE_PLACES = ("ZIG_GLOBAL_CACHE_DIR", "XDG_CACHE_HOME", "HOME")
_SHOWN_LINES = 8
_ROOM = 1 << 18  # bytes; more than the smallest library takes


def links(driver: str) -> bool:
    """Whether a driver is installed and can link a library that needs libm.

    A cross gcc without its libc is installed, and cannot.
    """
    path = shutil.which(driver)
    return path is not None and _links(path)


@cache
def _links(path: str) -> bool:
    with workplace("link") as folder:
        if not _has_room(folder):
            return True  # linking will say what is wrong here, and it is not the driver
        ended = subprocess.run(
            [path, *FLAGS, "-x", "c", "-", "-o", "x.so", "-lm"],
            cwd=folder,
            input="double pow(double, double); double f(double x) { return pow(x, x); }",
            capture_output=True,
            text=True,
            check=False,
        )
    return ended.returncode == 0


def _has_room(folder: Path) -> bool:
    try:
        (folder / "room").write_bytes(bytes(_ROOM))
    except OSError:
        return False
    return True


def _environment(folder: Path) -> dict[str, str]:
    """This process's, with a place for Zig's cache where there is no HOME, as in services."""
    has_place = any(os.environ.get(name) for name in _CACHE_PLACES)
    return {**os.environ} if has_place else {**os.environ, "ZIG_GLOBAL_CACHE_DIR": str(folder)}


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
        env=_environment(library.parent),
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
