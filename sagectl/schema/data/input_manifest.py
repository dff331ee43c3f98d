"""An input manifest, line by line: JSON objects that each name one thing to label.

Source: developer guide, "Use an Input Manifest File" and "Input Data Quotas".
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.manifest.wording import shown
from sagectl.schema.data.found import Found
from sagectl.schema.data.strict_json import strict_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from sagectl.catalog.task_types import TaskType
    from sagectl.diagnostics import Diagnostic

LINE_CHARACTERS = 100_000
SOURCE_CHARACTERS = 20_000
MAX_OBJECTS = 100_000
# A character takes at most four bytes; what is longer is not read to its end.
_LINE_BYTES = 4 * LINE_CHARACTERS + 2
# Older buckets have capitals and underscores in their names.
_OBJECT = re.compile(r"s3://[\w.-]+/(.+)", re.ASCII | re.DOTALL)
_KEY_BYTES = 1024
_REFERENCED = frozenset(("image", "video", "point cloud"))
_BATCH = 512
_KEYS_SEEN = 1000  # lines whose keys a template is held against


class ManifestReport(NamedTuple):
    """What was found in a manifest, how many objects it has, and the keys that all share."""

    findings: tuple[Diagnostic, ...]
    objects: int
    keys: frozenset[str]


def check_manifest(
    path: Path,
    name: str,
    task: TaskType | None = None,
    *,
    attribute: str = "",
    exists: Callable[[list[str]], Iterable[bool]] | None = None,
) -> ManifestReport:
    """Hold every line of ``path`` against what ``task`` takes; ``name`` is what it is called.

    The file is read once, in memory that does not grow with it beyond a number for each object
    that a job may have. ``exists`` tells of URIs whether they are there. Raises OSError.
    """
    checker = _Checker(name, task, attribute, exists)
    with path.open("rb") as stream:
        for number, line in enumerate(_lines(stream), start=1):
            checker.line(number, line)
    return checker.report()


def _lines(stream: Any) -> Iterator[bytes]:
    """The lines of ``stream``; of one that is too long only the beginning."""
    read = stream.readline
    while line := read(_LINE_BYTES):
        if len(line) == _LINE_BYTES and not line.endswith(b"\n"):
            while (rest := read(_LINE_BYTES)) and not rest.endswith(b"\n"):
                pass
        yield line


class _Checker:
    """One pass over one manifest."""

    def __init__(
        self,
        name: str,
        task: TaskType | None,
        attribute: str,
        exists: Callable[[list[str]], Iterable[bool]] | None,
    ) -> None:
        self.found = Found(name)
        self.needs_reference = task is not None and task.data in _REFERENCED
        self.label = task.name if task else "a custom task"
        self.limit = task.max_objects if task else MAX_OBJECTS
        is_adjustment = task is not None and task.name.startswith("Adjustment")
        self.makes = (
            (attribute, f"{attribute}-metadata") if attribute and not is_adjustment else ()
        )
        self.exists = exists
        self.objects = 0
        self.keys: frozenset[str] | None = None
        # Hashes instead of the texts: a number for each object, however long its source is.
        self._first: dict[int, int] = {}
        self._asked: list[tuple[int, str]] = []

    def line(self, number: int, line: bytes) -> None:
        bare = line.rstrip(b"\r\n")
        if len(bare) > LINE_CHARACTERS and self._is_too_long(number, bare):
            return
        try:
            value = strict_json(line.decode())
        except UnicodeDecodeError as error:
            self.found.add("manifest.encoding", f"is not UTF-8: {error.reason}", number)
            return
        except ValueError as error:
            self._not_json(number, line, error)
            return
        if type(value) is not dict:
            hint = 'Write {"source-ref": "s3://BUCKET/KEY"} on each line.'
            said = f"is {shown(value)}, not a JSON object"
            self.found.add("manifest.object", said, number, hint=hint)
            return
        self.objects += 1
        if self.objects == self.limit + 1:
            said = f"is object {self.objects}; {self.label} takes {self.limit} at most"
            self.found.add("manifest.count", said, number, hint="Split the work into jobs.")
        if number <= _KEYS_SEEN:
            keys = frozenset(value)
            self.keys = keys if self.keys is None else self.keys & keys
        self._source(number, value)

    def _is_too_long(self, number: int, line: bytes) -> bool:
        if len(line) < _LINE_BYTES and len(line.decode(errors="replace")) <= LINE_CHARACTERS:
            return False
        said = f"has more than {LINE_CHARACTERS} characters"
        self.found.add("manifest.line-size", said, number)
        return True

    def _not_json(self, number: int, line: bytes, error: ValueError) -> None:
        if not line.strip():
            self.found.add("manifest.blank", "is empty", number, hint="Remove the line.")
            return
        if line.startswith(b"\xef\xbb\xbf"):
            self.found.add("manifest.encoding", "begins with a byte order mark", number)
            return
        if isinstance(error, json.JSONDecodeError):
            self.found.add("manifest.json", f"is not JSON: {error.msg}", number, error.colno)
        else:
            self.found.add("manifest.json", str(error), number)

    def _source(self, number: int, value: dict[str, Any]) -> None:
        reference, text = value.get("source-ref"), value.get("source")
        if ("source-ref" in value) == ("source" in value):
            both, none = "both source and source-ref", "no source and no source-ref"
            said = f"has {both if 'source' in value else none}"
            hint = "One of source (text) and source-ref (an S3 URI) says what to label."
            self.found.add("manifest.source", said, number, hint=hint)
            return
        if "source-ref" in value:
            self._reference(number, reference)
        elif self.needs_reference:
            said = f"has source, and {self.label} takes source-ref"
            self.found.add("manifest.source", said, number)
        elif not isinstance(text, str) or not text:
            said = f"source must be text, not {shown(text)}"
            self.found.add("manifest.source", said, number)
        elif len(text) > SOURCE_CHARACTERS:
            said = f"source has {len(text)} characters, and may have {SOURCE_CHARACTERS}"
            self.found.add("manifest.source-size", said, number)
        for made in self.makes:
            if made in value:
                said = f"has {made!r} already, which this job is to make"
                self.found.warn("manifest.labeled", said, number)
        self._duplicate(number, reference if reference is not None else text)

    def _reference(self, number: int, uri: Any) -> None:
        named = _OBJECT.fullmatch(uri) if type(uri) is str else None
        if named is None:
            said = f"source-ref must be s3://BUCKET/KEY, not {shown(uri)}"
            self.found.add("manifest.reference", said, number)
        elif len(named[1]) > _KEY_BYTES // 4 and len(named[1].encode()) > _KEY_BYTES:
            said = f"the key of source-ref has more than {_KEY_BYTES} bytes"
            self.found.add("manifest.reference", said, number)
        elif self.exists is not None:
            self._asked.append((number, uri))
            if len(self._asked) >= _BATCH:
                self._ask()

    def _duplicate(self, number: int, source: Any) -> None:
        if type(source) is not str or self.objects > self.limit:
            return
        first = self._first.setdefault(hash(source), number)
        if first != number:
            said = f"names {shown(source)} again"
            hint = f"It stands on line {first} too; each costs its own labels."
            self.found.add("manifest.duplicate", said, number, hint=hint)

    def _ask(self) -> None:
        asked, self._asked = self._asked, []
        if self.exists is None or not asked:
            return
        answers = self.exists([uri for _, uri in asked])
        for (number, uri), is_there in zip(asked, answers, strict=True):
            if not is_there:
                self.found.add("manifest.missing-object", f"{uri} does not exist", number)

    def report(self) -> ManifestReport:
        self._ask()
        if not self.objects and not self.found.all():
            hint = 'Write {"source-ref": "s3://BUCKET/KEY"} on each line.'
            self.found.add("manifest.empty", "names nothing to label", hint=hint)
        return ManifestReport(self.found.all(), self.objects, self.keys or frozenset())
