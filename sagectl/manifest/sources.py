"""The files that a set of manifests is read from."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from sagectl.diagnostics import Diagnostic, SourceSpan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SUFFIXES = (".yaml", ".yml")
STDIN = "-"
STDIN_NAME = "<stdin>"


class Source(NamedTuple):
    """The text of one file, named as its user did; ``base`` is what its paths start from."""

    name: str
    text: str
    base: Path


def sources(
    paths: Iterable[str | os.PathLike[str]],
    *,
    recursive: bool = False,
    stdin: IO[str] | IO[bytes] | None = None,
) -> Iterator[Source | Diagnostic]:
    """The files named by ``paths``, each once, in order; folders give their YAML files, sorted.

    ``-`` is ``stdin``. What cannot be read is a finding, and the rest goes on.
    """
    met: set[str] = set()
    for path in paths:
        given = os.fspath(path)
        if not given:  # as from an unset variable: it must not mean the current folder
            yield _unreadable("an empty path names no file or folder")
            continue
        for name in _files(given, recursive) if _is_folder(given) else (given,):
            if isinstance(name, Diagnostic):
                yield name
            elif (place := os.path.realpath(name) if name != STDIN else STDIN) not in met:
                met.add(place)
                yield _read(name, stdin)


def source(path: str, *, stdin: IO[str] | IO[bytes] | None = None) -> Source | Diagnostic:
    """The one file at ``path``, ``-`` being ``stdin``; a folder is none."""
    if _is_folder(path):
        return _unreadable(f"{path} is a folder", "Name one file.")
    return next(sources([path], stdin=stdin))


def _is_folder(path: str) -> bool:
    try:
        return Path(path).is_dir()
    except OSError:  # a name too long, say: reading it tells
        return False


def _files(folder: str, recursive: bool) -> Iterator[str | Diagnostic]:
    is_empty = True
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if recursive and not name.startswith("."))
        for name in sorted(names):
            path = f"{place.rstrip('/')}/{name}"
            if name.endswith(SUFFIXES) and not name.startswith(".") and not _blocks(path):
                is_empty = False
                yield path
    if is_empty:
        hint = None if recursive else "Folders inside it are read with -R."
        yield _unreadable(f"{folder} holds no *.yaml or *.yml file", hint)


def _blocks(path: str) -> bool:
    """Whether reading ``path`` could wait for ever, as a pipe that nobody writes to."""
    return Path(path).is_fifo() or Path(path).is_char_device()


def _read(name: str, stdin: IO[str] | IO[bytes] | None) -> Source | Diagnostic:
    if name == STDIN:
        stream: Any = stdin or getattr(sys.stdin, "buffer", sys.stdin)
        if stream is None:
            return _unreadable("standard input is closed")
        return _decoded(STDIN_NAME, stream.read(), Path())
    path = Path(name)
    try:
        return _decoded(name, path.read_bytes(), path.parent)
    except FileNotFoundError:
        return _unreadable(f"there is no file or folder {name}")
    except OSError as error:
        return _unreadable(f"{name} cannot be read: {error.strerror}")


def _decoded(name: str, data: str | bytes, base: Path) -> Source | Diagnostic:
    if isinstance(data, str):
        return Source(name, data, base)
    is_wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        return Source(name, data.decode("utf-16" if is_wide else "utf-8-sig"), base)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace").split("\n")
        span = SourceSpan(name, len(before), len(before[-1]) + 1)
        said = f"is not UTF-8 text (byte 0x{data[error.start]:02x})"
        return Diagnostic(said, "", span, "Save the file as UTF-8.", "manifest.encoding")


def _unreadable(summary: str, hint: str | None = None) -> Diagnostic:
    return Diagnostic(summary, "", None, hint, "manifest.file")
