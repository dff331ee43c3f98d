"""Model archives as the service takes them, unpacked without trusting them."""

from __future__ import annotations

import errno
import hashlib
import tarfile
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends.detection import looks_like, recognised
from sagectl.compiler.frontends.tarballs import BROKEN, UnsafeError, members, opened
from sagectl.compiler.workplace import workplace

if TYPE_CHECKING:
    from collections.abc import Iterator

# No honest model has more files.
MAX_MEMBERS = 10_000
_CHUNK = 1 << 20
_GZIP_MAGIC = b"\x1f\x8b"

# Framework -> how the names of its model files end.
MODEL_SUFFIXES = {
    "ONNX": (".onnx",),
    "PYTORCH": (".pt2", ".pth", ".pt"),
    "TENSORFLOW": (".pb", ".pbtxt"),
    "KERAS": (".keras", ".h5", ".hdf5"),
    "TFLITE": (".tflite",),
    "LIGHTGBM": (".txt", ".lgb", ".lightgbm", ".model"),
    "DARKNET": (".cfg",),
    "MXNET": ("-symbol.json",),
    "SKLEARN": (".skops", ".pkl", ".pickle", ".joblib"),
    # The last is what SageMaker's own container calls it.
    "XGBOOST": (".model", ".json", ".ubj", ".bin", ".deprecated", "xgboost-model"),
}

# Beside the graph of a SavedModel lie files that are named like one.
_COMPANIONS = frozenset(("fingerprint.pb", "keras_metadata.pb"))
SAVED_MODEL = frozenset(("saved_model.pb", "saved_model.pbtxt"))


@contextmanager
def model_file(given: Path, framework: str) -> Iterator[Path]:
    """The one model file in ``given``: the file itself, or unpacked from its tar.gz.

    What was unpacked lies beside it (external data), and goes when the context is left.
    Raises RequestError with the reasons archive, no-model, several-models.
    """
    if not given.exists():
        raise _refused(f"{given} does not exist", "no-model", "Check the path.")
    if given.is_dir():
        yield _only(given, framework, str(given))
        return
    # A pipe would be waited for, and /dev/zero read, without an end.
    if not given.is_file():
        raise _refused(f"{given} is no plain file", "no-model", "Name the model's file.")
    if not is_archive(given):
        yield given
        return
    with workplace("model") as folder:
        unpack(given, folder)
        yield _only(folder, framework, given.name)


def model_digest(given: Path) -> str:
    """The SHA-256, in hexadecimal, of all that a model consists of: one file, or a folder's.

    Raises OSError for what cannot be read.
    """
    folder = given.parent if given.name in SAVED_MODEL else given
    if not folder.is_dir():
        return _file_digest(given)
    whole = hashlib.sha256()
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        whole.update(f"{path.relative_to(folder)}\0{_file_digest(path)}\0".encode())
    return whole.hexdigest()


def _file_digest(path: Path) -> str:
    if path.exists() and not path.is_file():
        raise OSError("it is no plain file")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_archive(path: Path) -> bool:
    """Whether a file is an archive, by its name or by how its content begins."""
    if path.name.lower().endswith((".tar.gz", ".tgz", ".tar")):
        return True
    with path.open("rb") as file:
        return file.read(2) == _GZIP_MAGIC


def unpack(archive: Path, folder: Path) -> None:
    """Unpack regular files below ``folder``; raises RequestError for anything unsafe."""
    if not archive.stat().st_size:
        raise _refused(f"{archive.name} is empty", "archive", _AS_TAR)
    try:
        with opened(archive) as tar:
            for count, member in enumerate(members(tar, archive.stat().st_size)):
                if count >= MAX_MEMBERS:
                    raise UnsafeError(f"more than {MAX_MEMBERS} members")
                _unpack_member(tar, member, folder)
    except UnsafeError as error:
        raise _refused(f"{archive.name} is refused: {error}", "archive", _AS_TAR) from error
    except BROKEN as error:
        # After its first line tarfile tells of each kind of archive that this is not.
        reason = str(error).partition("\n")[0].rstrip(":")
        raise _refused(
            f"{archive.name} is not a tar.gz archive, or a damaged one ({reason})",
            "archive",
            _AS_TAR,
        ) from error


_AS_TAR = "Pack the model with: tar -czf model.tar.gz model.onnx"


def _unpack_member(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts or "\\" in member.name or "\0" in member.name:
        raise UnsafeError(f"{member.name!r} would leave its folder")
    if member.isdir():
        return
    if not member.isreg():
        raise UnsafeError(f"{member.name!r} is a link or a device")
    # tarfile keeps bytes that are no UTF-8 as surrogates.
    if any("\ud800" <= each <= "\udfff" for each in member.name):
        raise UnsafeError(f"the name {member.name!r} is not UTF-8")
    target = folder / name
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file, _content(tar, member) as content:
            while chunk := content.read(_CHUNK):
                file.write(chunk)
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise UnsafeError(f"{member.name!r} is there twice") from error
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        raise UnsafeError(f"'{member.name[:60]}...' is too long a name") from error


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> tarfile.ExFileObject:
    content = tar.extractfile(member)
    if not isinstance(content, tarfile.ExFileObject):
        raise tarfile.ReadError(f"{member.name} has no content")
    return content


def _only(folder: Path, framework: str, name: str) -> Path:
    suffixes = MODEL_SUFFIXES.get(framework, ())
    # macOS packs a "._" file of attributes beside every file.
    found = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and path.name.lower().endswith(suffixes)
        and not path.name.startswith("._")
        and path.name not in _COMPANIONS
    )
    wanted = " or ".join(suffixes)
    if not found:
        raise _refused(
            f"{name} holds no {wanted} file{looks_like(folder, framework)}",
            "no-model",
            f"Pack exactly one {wanted} file; check that the framework is {framework}.",
        )
    if len(found) > 1:
        # Names such as requirements.txt and metadata.json say less than what the files hold.
        told = [path for path in found if recognised(path) == framework]
        found = told if len(told) == 1 else found
    if len(found) > 1:
        listed = ", ".join(str(path.relative_to(folder)) for path in found[:5])
        raise _refused(
            f"{name} holds {len(found)} {wanted} files: {listed}",
            "several-models",
            f"Pack exactly one {wanted} file.",
        )
    return found[0]


def _refused(message: str, reason: str, hint: str) -> RequestError:
    return RequestError(message, stage="import", reason=reason, hint=hint)


def weights_beside(graph: Path, suffix: str, hint: str) -> Path:
    """The file of weights that belongs to a graph: of its name, or the only one beside it.

    Raises RequestError with the reasons no-model, several-models.
    """
    if (named := graph.with_suffix(suffix)).is_file():
        return named
    found = sorted(
        each
        for each in graph.parent.glob(f"*{suffix}")
        if each.is_file() and not each.name.startswith("._")
    )
    if len(found) == 1:
        return found[0]
    listed = ", ".join(each.name for each in found[:5])
    raise _refused(
        f"Beside {graph.name} lie {len(found)} {suffix} files: {listed}"
        if found
        else f"Beside {graph.name} lies no {suffix} file",
        "several-models" if found else "no-model",
        hint,
    )
