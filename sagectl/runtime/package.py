"""Packages on disk: what they hold, unpacked and checked without trusting them."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tarfile
import zlib
from contextlib import contextmanager
from pathlib import Path
from shutil import disk_usage
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from sagectl.runtime.errors import PackageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LIBRARY = "compiled.so"
RUNTIME = "libtvm_runtime.so"
RUNTIME_MORE = "libtvm_runtime_extra.so"  # sorting and the like, which few models ask for
PARAMETERS = "compiled.params"
META = "compiled.meta"
MANIFEST = "manifest.json"

_CHUNK = 1 << 20
_READ = 1 << 16  # of an archive: a thousandfold at most when decompressed
_LARGEST_DOCUMENT = 16 << 20
_BROKEN = (tarfile.TarError, EOFError, OSError, zlib.error)
REMAKE = "Make the package again with: sagectl compile build"


@contextmanager
def opened(path: Path) -> Iterator[Path]:
    """A folder with the checked members of a package; an archive's goes when it is left."""
    # Unlike pathlib's, these take a name that is too long for one that is not there.
    if os.path.isdir(path):  # noqa: PTH112
        _check_folder(path)
        yield path
        return
    if not os.path.exists(path):  # noqa: PTH110
        raise PackageError(f"{path} does not exist", hint="Check the path.")
    # A pipe would be waited for, without an end.
    if stat.S_ISFIFO(os.stat(path).st_mode):  # noqa: PTH116
        raise PackageError(f"{path} is a pipe, not a package", hint="Name a file.")
    with TemporaryDirectory(prefix="sagectl-package-") as folder:
        unpack(path, Path(folder))
        yield Path(folder)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack into ``folder``, each member held to the size and digest of the manifest.

    The manifest comes first in the archive, so that no byte is written unannounced. Raises
    PackageError for links, folders, unknown or missing members, wrong sizes and digests.
    """
    try:
        with _stream(archive) as tar:
            listing = _manifest_of(tar, archive)
            expected = _files(listing, archive.name)
            _check_room(expected, folder, archive.name)
            while member := tar.next():
                _unpack_member(tar, member, expected, folder)
    except _BROKEN as error:
        # After its first line tarfile tells of each kind of archive that this is not.
        reason = str(error).partition("\n")[0].rstrip(":")
        raise PackageError(
            f"{archive.name} is not a package, or a damaged one ({reason})", hint=REMAKE
        ) from error
    if missing := sorted(name for name in expected if not (folder / name).is_file()):
        raise PackageError(f"{archive.name} lacks {', '.join(missing)}", hint=REMAKE)
    (folder / MANIFEST).write_bytes(listing)


def _stream(archive: Path) -> tarfile.TarFile:
    """Read as a stream, no member is looked for twice, and more than 8 KiB at once."""
    try:
        return tarfile.open(archive, "r|*", bufsize=_READ)
    except TypeError as error:  # tarfile's own, at the end of a file within gzip's header
        raise EOFError("it ends within its header") from error


def meta(folder: Path) -> dict[str, Any]:
    """The ``compiled.meta`` of an unpacked package."""
    return _document((folder / META).read_bytes(), META)


def buckets(described: Mapping[str, Any], folder: Path) -> list[dict[str, Any]]:
    """The rows of a meta on code for several sets of shapes; none where there is one.

    Raises PackageError for rows that name files that ``folder`` lacks, or none at all.
    """
    listed = _document((folder / MANIFEST).read_bytes(), MANIFEST)["Files"]
    try:
        rows = described["Sagectl"].get("Buckets") or []
        named = [(row["Library"], row["Parameters"], row["Model"]) for row in rows]
        is_sound = all(
            library in listed and (held is None or held in listed) for library, held, _ in named
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise PackageError(f"{META} does not describe the package's buckets") from error
    if not is_sound:
        raise PackageError(f"{META} names files that the package lacks", hint=REMAKE)
    return list(rows)


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _manifest_of(tar: tarfile.TarFile, archive: Path) -> bytes:
    first = tar.next()
    if first is None or first.name != MANIFEST or not first.isreg():
        raise PackageError(
            f"{archive.name} is an archive, but no package of sagectl: it does not begin "
            f"with {MANIFEST}",
            hint="Archives of SageMaker Neo itself run under the DLR.",
        )
    if first.size > _LARGEST_DOCUMENT:
        raise PackageError(f"{archive.name}: {MANIFEST} is too large to be one")
    content = tar.extractfile(first)
    return content.read() if content else b""


def _files(content: bytes, origin: str) -> Mapping[str, Any]:
    files = _document(content, MANIFEST).get("Files")
    if not isinstance(files, dict) or not {LIBRARY, META} <= files.keys():
        raise PackageError(f"{origin}: {MANIFEST} does not list a package's files", hint=REMAKE)
    for name, row in files.items():
        is_sound = isinstance(row, dict) and isinstance(row.get("Size"), int)
        if not is_sound or row["Size"] < 0 or not isinstance(row.get("Sha256"), str):
            raise PackageError(
                f"{origin}: {MANIFEST} lacks size or digest of {name!r}", hint=REMAKE
            )
    return files


def _check_room(expected: Mapping[str, Any], folder: Path, origin: str) -> None:
    """A few bytes of archive can announce, and then unpack to, more than a disk holds."""
    needed, free = sum(row["Size"] for row in expected.values()), disk_usage(folder).free
    if needed > free:
        raise PackageError(
            f"{origin} unpacks to {needed} bytes, {folder.parent} has {free} free",
            hint="TMPDIR names another place.",
        )


def _document(content: bytes, name: str) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise PackageError(f"{name} is not JSON ({error})", hint=REMAKE) from error
    if not isinstance(value, dict):
        raise PackageError(f"{name} is not a JSON object", hint=REMAKE)
    return value


def _unpack_member(
    tar: tarfile.TarFile, member: tarfile.TarInfo, expected: Mapping[str, Any], folder: Path
) -> None:
    name = member.name
    if "/" in name or "\\" in name or name in ("", ".", ".."):
        raise PackageError(f"Member {name!r} would leave its folder", hint=REMAKE)
    if not member.isreg():
        raise PackageError(f"Member {name!r} is no plain file", hint=REMAKE)
    if name not in expected or (folder / name).exists():
        raise PackageError(f"Member {name!r} is not in the manifest once", hint=REMAKE)
    if member.size != expected[name]["Size"]:
        raise PackageError(
            f"Member {name!r} has {member.size} bytes, its manifest says "
            f"{expected[name]['Size']}",
            hint=REMAKE,
        )
    content = tar.extractfile(member)
    if content is None:
        raise PackageError(f"Member {name!r} has no content", hint=REMAKE)
    hasher = hashlib.sha256()
    with (folder / name).open("wb") as file:
        while chunk := content.read(_CHUNK):
            hasher.update(chunk)
            file.write(chunk)
    _check_digest(name, hasher.hexdigest(), expected)


def _check_folder(folder: Path) -> None:
    if not (folder / MANIFEST).is_file():
        raise PackageError(
            f"{folder} holds no {MANIFEST}", hint="Name a package, or its unpacked folder."
        )
    expected = _files((folder / MANIFEST).read_bytes(), str(folder))
    for name in expected:
        if "/" in name or "\\" in name or not (folder / name).is_file():
            raise PackageError(f"{folder} lacks {name}", hint=REMAKE)
        _check_digest(name, digest(folder / name), expected)


def _check_digest(name: str, found: str, expected: Mapping[str, Any]) -> None:
    if found != expected[name]["Sha256"]:
        raise PackageError(
            f"Member {name!r} is damaged: its SHA-256 is not the manifest's", hint=REMAKE
        )
