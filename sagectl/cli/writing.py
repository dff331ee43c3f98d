"""Files that commands write, and what is said where they cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path


def write_text(
    path: Path, text: str, *, is_new: bool = False, makes_folder: bool = False
) -> None:
    """Write ``text`` to the file ``path``; with ``is_new`` only where there is none yet.

    ``makes_folder`` makes the folders above it where they are missing. Raises InputError.
    """
    try:
        if makes_folder:
            path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x" if is_new else "w", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise InputError(f"{path} exists", hint="Name another file, or move it.") from error
    except OSError as error:
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> InputError:
    """What to raise where ``path`` cannot be written to."""
    return InputError(
        f"{path} cannot be written: {error.strerror or error}",
        hint="Name a file in a folder that can be written to.",
    )
