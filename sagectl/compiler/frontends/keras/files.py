"""What a Keras file is, told without Keras."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

from sagectl.compiler.errors import RequestError

if TYPE_CHECKING:
    from pathlib import Path

_HDF5 = b"\x89HDF\r\n\x1a\n"
_MAX_TEXT = 256 << 20
_SAVE = "Save the whole model with model.save('model.keras')."


def vetted(path: Path) -> None:
    """Raise RequestError (reason "format") for what is no whole Keras model."""
    with path.open("rb") as file:
        head = file.read(len(_HDF5))
    if head == _HDF5:
        return
    if not zipfile.is_zipfile(path):
        from sagectl.compiler.frontends.detection import looks_like

        raise _refused(path, f"is not a Keras model{looks_like(path, 'KERAS')}")
    try:
        with zipfile.ZipFile(path) as archive:
            _check_archive(path, archive)
    except (zipfile.BadZipFile, EOFError, RuntimeError, ValueError) as error:
        raise _refused(path, f"is a damaged archive: {error}") from error


def _check_archive(path: Path, archive: zipfile.ZipFile) -> None:
    names = archive.namelist()
    if "config.json" not in names:
        from sagectl.compiler.frontends.detection import looks_like

        raise _refused(path, f"is not a Keras model{looks_like(path, 'KERAS')}")
    if "model.weights.h5" not in names:
        raise _refused(path, "holds a model without its weights")
    if archive.getinfo("config.json").file_size > _MAX_TEXT:
        raise _refused(path, "describes itself in more than 256 MiB")
    json.loads(archive.read("config.json"))


def _refused(path: Path, why: str) -> RequestError:
    return RequestError(f"{path.name} {why}", stage="import", reason="format", hint=_SAVE)
