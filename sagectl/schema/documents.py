"""Manifest files to documents: what the reader gives, read by the shapes and the rules."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from dataclasses import replace
from typing import IO, TYPE_CHECKING, NamedTuple

from sagectl.catalog.kinds import KINDS
from sagectl.catalog.regions import DEFAULT_LOCAL_REGION
from sagectl.diagnostics import Diagnostic
from sagectl.manifest.sources import Source, sources
from sagectl.schema.memory import Forgetful

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator

    from sagectl.diagnostics import SourceSpan
    from sagectl.manifest.document import Document
    from sagectl.manifest.reader import Draft
    from sagectl.manifest.spans import Layout
    from sagectl.schema.drafting import DraftReader
    from sagectl.schema.memory import Memory
    from sagectl.schema.model import ServiceModel


def _local_region() -> str:
    return DEFAULT_LOCAL_REGION


class Read(NamedTuple):
    """What a set of manifests holds: its sound documents, and all findings."""

    documents: tuple[Document, ...]
    findings: tuple[Diagnostic, ...]

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(finding for finding in self.findings if finding.is_error)


def read_documents(
    paths: Iterable[str | os.PathLike[str]],
    *,
    model: ServiceModel,
    recursive: bool = False,
    stdin: IO[str] | IO[bytes] | None = None,
    lenient: bool = False,
    region: Callable[[], str] = _local_region,
    memory: Memory | None = None,
) -> Read:
    """The documents in ``paths``; one with an error is left out of them.

    ``region`` tells where documents go that name none. ``lenient`` makes warnings of what the
    service may judge otherwise than the installed model. What ``memory`` knows is not read.
    """
    reading = _Reading(model, lenient, region, memory or Forgetful())
    with _no_cycles():
        for source in sources(paths, recursive=recursive, stdin=stdin):
            reading.add(source)
    return reading.result()


class _Reading:
    """A set being read: its documents, and what was found on the way."""

    def __init__(
        self, model: ServiceModel, lenient: bool, region: Callable[[], str], memory: Memory
    ) -> None:
        self._documents: list[Document] = []
        self._found: list[Diagnostic] = []
        self._multiplied = _Multiplied()
        self._met: dict[tuple[str, str | None, str], SourceSpan | None] = {}
        self._layouts: dict[tuple[object, ...], Layout] = {}
        self._memory = memory
        self._model = model
        self._lenient = lenient
        self._region = region
        self._readers: dict[str, DraftReader] = {}

    def add(self, source: Source | Diagnostic) -> None:
        """Read one file, or take what is known of it."""
        if isinstance(source, Diagnostic):
            self._found.append(source)
        elif (known := self._memory.recalled(source)) is not None:
            for document in known:
                self._take(document, self._repeated(document))
        else:
            self._read(source)

    def result(self) -> Read:
        """All that was read."""
        return Read(tuple(self._documents), (*self._found, *self._multiplied.findings()))

    def _read(self, source: Source) -> None:
        from sagectl.manifest.reader import drafts

        begin, is_sound = len(self._documents), True
        for item in drafts(source):
            if isinstance(item, Diagnostic):
                self._found.append(item)
                is_sound = False
                continue
            document, findings = self._reader(item.kind).read(item)
            findings += self._repeated(document)
            is_sound = is_sound and not findings
            settled = replace(document, spans=item.spans.settled(self._layouts))
            self._take(settled, findings, item if item.combination else None)
        if is_sound:
            self._memory.keep(source, self._documents[begin:])

    def _reader(self, kind: str) -> DraftReader:
        from sagectl.schema.drafting import DraftReader

        if kind not in self._readers:
            reader = DraftReader(KINDS[kind], self._model, self._lenient, self._region)
            self._readers[kind] = reader
        return self._readers[kind]

    def _take(
        self, document: Document, findings: list[Diagnostic], made: Draft | None = None
    ) -> None:
        """Add a document that is sound; ``made`` is the draft of one that a matrix made."""
        if made:
            self._multiplied.add(made, findings)
        else:
            self._found += sorted(findings, key=_place)
        if not any(finding.is_error for finding in findings):
            self._documents.append(document)

    def _repeated(self, document: Document) -> list[Diagnostic]:
        """A finding if the set has this document already; labeling jobs' names ignore case."""
        is_folded = document.kind == "LabelingJob"
        name = document.name.lower() if is_folded else document.name
        first = self._met.setdefault((document.kind, document.region, name), document.span)
        if not name or first is document.span:
            return []
        return [
            Diagnostic(
                f"{document.label} is in this set twice",
                "name",
                document.spans["name"],
                f"The first is at {first}.",
                "manifest.repeated",
            )
        ]


@contextmanager
def _no_cycles() -> Iterator[None]:
    """Look for no reference cycles: reading makes none, and every pass costs more.

    Of the time that a thousand documents take it is a third; what was read is kept out of
    later passes too, since a set is there until its command ends.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.freeze()
            gc.enable()


class _Multiplied:
    """Findings about documents that a matrix makes, each said once.

    What is wrong with some of them only is said with the first combination that has it.
    """

    def __init__(self) -> None:
        self._made: dict[SourceSpan, int] = {}
        self._found: dict[tuple[SourceSpan, Diagnostic], list[str]] = {}

    def add(self, draft: Draft, findings: Iterable[Diagnostic]) -> None:
        self._made[draft.span] = self._made.get(draft.span, 0) + 1
        for finding in findings:
            self._found.setdefault((draft.span, finding), []).append(draft.combination)

    def findings(self) -> Iterator[Diagnostic]:
        for (span, finding), combinations in self._found.items():
            if len(combinations) == self._made[span] > 1:
                yield finding
            else:
                more = f" and {len(combinations) - 1} more" if len(combinations) > 1 else ""
                said = f"{finding.summary} (with {combinations[0]}{more})"
                yield replace(finding, summary=said)


def _place(finding: Diagnostic) -> tuple[int, int]:
    return (finding.span.line, finding.span.column) if finding.span else (0, 0)
