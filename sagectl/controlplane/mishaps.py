"""What SQLite and the system say of a state directory that cannot be used, in our words."""

from __future__ import annotations

import os
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING

from sagectl.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

# SQLite's primary error -> what it means here, what to do about it.
_CORRUPT = (
    "is damaged",
    "It was left as it is. Restore a backup, or start afresh with `sagectl local reset`.",
)
DENIED = ("cannot be written to", "Make the state directory writable, or set SAGECTL_HOME.")
PROBLEMS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "SQLITE_FULL": ("cannot grow: the disk is full", "Free some space and try again."),
        "SQLITE_CORRUPT": _CORRUPT,
        "SQLITE_NOTADB": _CORRUPT,
        "SQLITE_READONLY": DENIED,
        "SQLITE_PERM": DENIED,
        "SQLITE_CANTOPEN": ("cannot be opened", "Check the rights of the state directory."),
        "SQLITE_IOERR": ("cannot be read or written", "Check the disk it is on."),
        "SQLITE_BUSY": (
            "is held by another process",
            "Try again; `sagectl local status` shows who works on it.",
        ),
    }
)


@contextmanager
def explained(database: Path) -> Iterator[None]:
    """Have SQLite's failures at ``database`` leave as StateErrors."""
    import sqlite3

    try:
        yield
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", "") or _named(error)
        problem = _problem(database, name)
        if problem is None:
            raise
        raise problem from error
    except UnicodeDecodeError as error:
        # What SQLite says of a damaged file quotes it.
        raise StateError(f"{database} {_CORRUPT[0]}", hint=_CORRUPT[1]) from error


@contextmanager
def reached(state: Path) -> Iterator[None]:
    """Have the system's failures in the directory ``state`` leave as StateErrors."""
    try:
        yield
    except OSError as error:
        raise unreachable(error, state) from error


def unreachable(error: OSError, place: Path) -> StateError:
    """What to raise where the system does not let us at ``place``."""
    return StateError(
        f"{error.filename or place}: {error.strerror}",
        hint="The local plane is kept there; SAGECTL_HOME names another place.",
    )


def _problem(database: Path, name: str) -> StateError | None:
    primary = "_".join(name.split("_")[:2])
    if primary in ("SQLITE_IOERR", "SQLITE_CANTOPEN") and _is_full(database.parent):
        primary = "SQLITE_FULL"
    if primary not in PROBLEMS:
        return None
    what, hint = PROBLEMS[primary]
    return StateError(f"{database} {what}", hint=hint)


def _named(error: Exception) -> str:
    """The name of what Python itself finds wrong with what SQLite read, and gives none."""
    return "SQLITE_CORRUPT" if str(error).startswith("Could not decode") else ""


def _is_full(directory: Path) -> bool:
    try:
        return os.statvfs(directory).f_bavail == 0
    except OSError:
        return False
