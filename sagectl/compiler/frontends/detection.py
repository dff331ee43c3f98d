"""Which framework a model is of, told by its name and its first bytes."""

from __future__ import annotations

import zipfile
from itertools import islice
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING

from sagectl.compiler.frontends.tarballs import BROKEN, members, opened

if TYPE_CHECKING:
    import tarfile
    from collections.abc import Iterable, Mapping

# How a file's name ends, where that tells.
_SUFFIXES: Mapping[str, str] = MappingProxyType(
    {
        ".onnx": "ONNX",
        ".pt2": "PYTORCH",
        ".pth": "PYTORCH",
        ".pt": "PYTORCH",
        ".keras": "KERAS",
        ".h5": "KERAS",
        ".hdf5": "KERAS",
        ".pb": "TENSORFLOW",
        ".pbtxt": "TENSORFLOW",
        ".tflite": "TFLITE",
        ".params": "MXNET",
        ".cfg": "DARKNET",
        ".weights": "DARKNET",
        ".ubj": "XGBOOST",
        ".joblib": "SKLEARN",
        ".pickle": "SKLEARN",
        ".pkl": "SKLEARN",
        ".skops": "SKLEARN",
    }
)
# What files begin with, whatever their names; and what is early in JSON.
_HEADS: tuple[tuple[bytes, str], ...] = (
    (b"\x89HDF\r\n\x1a\n", "KERAS"),
    (b"binf", "XGBOOST"),
    (b"tree\nversion=", "LIGHTGBM"),
)
_WORDS: tuple[tuple[bytes, str], ...] = (
    (b'"learner"', "XGBOOST"),
    (b'"nodes"', "MXNET"),
)
_READ = 1 << 16
_MOST_MEMBERS = 1000


def recognised(path: Path) -> str | None:
    """The framework of a file, a folder or an archive; None where nothing tells, or several do.

    Content beats a name. What is unreadable is not recognised.
    """
    try:
        if path.is_dir():
            return _only(_of_file(each) for each in islice(path.rglob("*"), _MOST_MEMBERS))
        if not path.is_file():
            return None
        return _of_file(path)
    except (*BROKEN, OSError, ValueError):
        return None


def looks_like(path: Path, asked: str) -> str:
    """What to say where a model is not of the framework asked for, or nothing.

    ``": it looks like TFLITE (--framework TFLITE)"``
    """
    found = recognised(path)
    if found is None or found == asked:
        return ""
    return f": it looks like {found} (--framework {found})"


def _of_file(path: Path) -> str | None:
    return (_of_content(path) if path.is_file() else None) or _of_name(path.name)


def _of_content(path: Path) -> str | None:
    with path.open("rb") as file:
        head = file.read(_READ)
    if head.startswith(b"PK"):
        return _of_zip(path)
    if head.startswith(b"\x1f\x8b"):
        with opened(path) as archive:
            found = islice(members(archive, path.stat().st_size), _MOST_MEMBERS)
            return _only(_of_member(archive, each) for each in found)
    return _of_head(path.name, head)


def _of_member(archive: tarfile.TarFile, member: tarfile.TarInfo) -> str | None:
    name = PurePosixPath(member.name).name
    content = archive.extractfile(member) if member.isreg() else None
    found = _of_head(name, content.read(_READ)) if content else None
    return found or _of_name(name)


def _of_head(name: str, head: bytes) -> str | None:
    """By how a file begins, for files that are neither archives nor folders."""
    if head[4:8] == b"TFL3":
        return "TFLITE"
    if name.lower().endswith(".json"):
        return next((found for word, found in _WORDS if word in head), None)
    return next((found for start, found in _HEADS if head.startswith(start)), None)


def _of_zip(path: Path) -> str | None:
    if not zipfile.is_zipfile(path):
        return None
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()[:_MOST_MEMBERS]
    if "model.weights.h5" in names:
        return "KERAS"
    if any(name.endswith(("data.pkl", "/archive_format")) for name in names):
        return "PYTORCH"
    return None


def _of_name(name: str) -> str | None:
    return None if name.startswith("._") else _SUFFIXES.get(Path(name).suffix.lower())


def _only(found: Iterable[str | None]) -> str | None:
    frameworks = {each for each in found if each is not None}
    return frameworks.pop() if len(frameworks) == 1 else None
