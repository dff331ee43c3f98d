"""What a Keras file is, told without Keras."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

from sagectl.compiler.errors import RequestError

if TYPE_CHECKING:
    from pathlib import Path

_HDF5 = b"\x89HDF\r\n\x1a\n"
_SUPERBLOCK = 56
_ADDRESS = 8
_ZIP = b"PK\x03\x04"
_MAX_TEXT = 256 << 20
_SAVE = "Save the whole model with model.save('model.keras')."


def vetted(path: Path) -> None:
    """Raise RequestError (reason "format") for what is no whole Keras model."""
    with path.open("rb") as file:
        head = file.read(_SUPERBLOCK)
    if head.startswith(_HDF5):
        if path.stat().st_size < _hdf5_size(head):
            raise _refused(path, "is cut short")
        return
    if not zipfile.is_zipfile(path):
        if head.startswith(_ZIP):
            raise _refused(path, "is a damaged archive: its end is missing")
        from sagectl.compiler.frontends.detection import looks_like

        raise _refused(path, f"is not a Keras model{looks_like(path, 'KERAS')}")
    try:
        with zipfile.ZipFile(path) as archive:
            _check_archive(path, archive)
    except (zipfile.BadZipFile, EOFError, RuntimeError, ValueError) as error:
        raise _refused(path, f"is a damaged archive: {error}") from error


def _hdf5_size(head: bytes) -> int:
    """How long an HDF5 file says it is; HDF5's "Superblock" versions 0 to 3.

    As long as what tells it, where its addresses are not of 64 bits, as in no model.
    """
    version = head[len(_HDF5)] if len(head) == _SUPERBLOCK else -1
    place, width = {0: (40, 13), 1: (44, 13), 2: (28, 9), 3: (28, 9)}.get(version, (0, 0))
    if not place or head[width] != _ADDRESS:
        return _SUPERBLOCK
    return int.from_bytes(head[place : place + _ADDRESS], "little")


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


def weights_alone(path: Path) -> RequestError:
    """What a file that holds no model is refused with."""
    return _refused(path, "holds weights alone, without the model")


def _refused(path: Path, why: str) -> RequestError:
    return RequestError(f"{path.name} {why}", stage="import", reason="format", hint=_SAVE)
