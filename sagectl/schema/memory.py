"""What manifests were found to hold before, so that an unchanged file is not read again.

A set that is applied twice is the same text both times, and reading it costs more than all
that comes after. What is kept is a function of the text, of the installed service model and
of the code that read it, and is named by a digest of these: it is right or it is not found.
"""

from __future__ import annotations

import marshal
import os
import sys
from contextlib import suppress
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Protocol

from sagectl.catalog.kinds import KINDS
from sagectl.manifest.document import Document
from sagectl.manifest.spans import Layout, Places

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from sagectl.manifest.sources import Source

FEWEST = 50  # documents; a smaller set is read in no time
_SETS = 8  # the sets that were read last, kept
_DIGEST = 32
_FIELDS = tuple(each.name for each in fields(Document) if each.name not in ("span", "spans"))
_READERS = ("catalog", "manifest", "schema", "schema/rules")  # the code that reads manifests


class Memory(Protocol):
    """Knows the documents of texts that were read before."""

    def recalled(self, source: Source, /) -> tuple[Document, ...] | None:
        """The documents of ``source``, sound to the last, or None where that is not known."""
        ...

    def keep(self, source: Source, documents: Sequence[Document], /) -> None:
        """Note that ``documents`` are all that ``source`` holds, and that nothing is wrong."""
        ...


class Forgetful:
    """A memory that keeps nothing."""

    def recalled(self, _: Source, /) -> None:
        """Nothing was read before."""

    def keep(self, _: Source, __: Sequence[Document], /) -> None:
        """It is gone at once."""


class SetMemory:
    """The memory of one set of paths: a file in ``cache``, written by ``close``.

    A cache that is missing, damaged or cannot be written only costs time.
    """

    def __init__(self, cache: Path, paths: Iterable[str], *, lenient: bool) -> None:
        places = "\0".join(os.path.realpath(path) for path in paths)
        self._file = cache / f"documents-{_digest(f'{lenient}|{places}'.encode()).hex()[:32]}"
        self._reader = _reader()
        self._before = _kept(self._file)
        self._now: dict[bytes, bytes] = {}
        self._count = 0
        self._is_new = False

    def recalled(self, source: Source) -> tuple[Document, ...] | None:
        name = self._name(source)
        body = self._before.pop(name, None)
        if body is None:
            return None
        self._now[name] = body
        documents = tuple(_documents(marshal.loads(body), source.name))
        self._count += len(documents)
        return documents

    def keep(self, source: Source, documents: Sequence[Document]) -> None:
        if not all(_is_plain(document.kind) for document in documents):
            return
        # What marshal cannot write is a form (an upload, a reference), or people.
        with suppress(ValueError):
            self._now[self._name(source)] = marshal.dumps(_rows(documents))
            self._is_new = True
            self._count += len(documents)

    def close(self) -> None:
        """Keep what this set holds now, and no more, if it is many documents."""
        if self._is_new and self._count >= FEWEST:
            with suppress(OSError):
                _write(self._file, self._now)
                _prune(self._file.parent)

    def _name(self, source: Source) -> bytes:
        return _digest(self._reader + source.text.encode("utf-8", "surrogatepass"))


def _is_plain(kind: str) -> bool:
    """Whether documents of ``kind`` mean the same everywhere, and hold nothing to hide.

    What a labeling job's task type stands for depends on the region.
    """
    return kind != "LabelingJob" and not KINDS[kind].secrets


def _rows(documents: Sequence[Document]) -> tuple[list[Any], list[Any]]:
    """The documents as plain values: the layouts of their fields, and a row for each."""
    layouts: dict[int, int] = {}
    kept: list[Layout] = []
    rows = []
    for document in documents:
        places = document.spans
        if not isinstance(places, Places):
            raise ValueError("a document that was not read from a file")
        if id(places.layout) not in layouts:
            layouts[id(places.layout)] = len(kept)
            kept.append(places.layout)
        where = (places.first, places.column, layouts[id(places.layout)])
        rows.append((where, *(getattr(document, name) for name in _FIELDS)))
    return kept, rows


def _documents(content: tuple[list[Layout], list[Any]], file: str) -> Iterator[Document]:
    layouts, rows = content
    for (first, column, layout), *values in rows:
        places = Places(file, first, column, layouts[layout])
        named = dict(zip(_FIELDS, values, strict=True))
        yield Document(**named, span=places.start, spans=places)


def _reader() -> bytes:
    """What reads manifests here: Python, the service model, and sagectl's own files."""
    from pathlib import Path

    import sagectl
    from sagectl.schema.pruning import installed

    package = Path(sagectl.__file__).parent
    files = [
        (file.name, file.stat().st_mtime_ns, file.stat().st_size)
        for folder in _READERS
        for file in os.scandir(package / folder)
        if file.name.endswith(".py")
    ]
    facts = (sagectl.__version__, sys.version, installed(), sorted(files))
    return _digest(repr(facts).encode())


def _digest(content: bytes) -> bytes:
    from hashlib import sha256

    return sha256(content).digest()


def _kept(file: Path) -> dict[bytes, bytes]:
    """Text's name -> its documents, of every entry that is whole."""
    try:
        content = file.read_bytes()
    except OSError:
        return {}
    found: dict[bytes, bytes] = {}
    at = 0
    while at < len(content):
        head = at + 2 * _DIGEST + 8
        name, told = content[at : at + _DIGEST], content[at + _DIGEST : at + 2 * _DIGEST]
        at = head + int.from_bytes(content[head - 8 : head], "big")
        if _digest(name + content[head:at]) == told:
            found[name] = content[head:at]
    return found


def _write(file: Path, entries: dict[bytes, bytes]) -> None:
    from sagectl.settings import make_private

    make_private(file.parent)
    draft = file.with_name(f".{file.name}-{os.getpid()}-{os.urandom(4).hex()}")
    try:
        draft.touch(0o600, exist_ok=False)
        with draft.open("wb") as target:
            for name, body in entries.items():
                target.write(name + _digest(name + body) + len(body).to_bytes(8, "big"))
                target.write(body)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def _prune(cache: Path) -> None:
    """Leave the sets that were written last."""
    files = sorted(cache.glob("documents-*"), key=lambda file: file.stat().st_mtime_ns)
    for file in files[:-_SETS]:
        file.unlink(missing_ok=True)
