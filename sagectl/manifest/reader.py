"""Manifest files to drafts: documents whose spec is still YAML."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any

from sagectl.catalog.kinds import KINDS
from sagectl.diagnostics import Diagnostic, Severity, SourceSpan
from sagectl.manifest.aliases import Settling, needs_settling
from sagectl.manifest.composing import composed
from sagectl.manifest.nodes import is_null, outline
from sagectl.manifest.sources import Source, sources
from sagectl.manifest.spans import Spans
from sagectl.manifest.wording import did_you_mean, shown

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from sagectl.manifest.nodes import Mark
    from sagectl.manifest.people import Worker

API_VERSION = "sagectl/v1"
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]+")
_SHAPE_OF_A_DOCUMENT = "A document is a mapping with kind, name and spec."


@dataclass(slots=True)
class Draft:
    """A document as far as its top-level keys go; ``spec`` is a YAML mapping, or None."""

    file: str
    base: Path  # what relative paths in it start from
    span: SourceSpan
    spans: Spans
    kind: str = ""
    name: str = ""
    region: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    workers: tuple[Worker, ...] = ()
    spec: Any = None
    combination: str = ""  # of those its matrix makes: board=rasp4b, model=digits
    findings: list[Diagnostic] = field(default_factory=list)


def read_drafts(
    paths: Iterable[str | os.PathLike[str]],
    *,
    recursive: bool = False,
    stdin: IO[str] | IO[bytes] | None = None,
) -> Iterator[Draft | Diagnostic]:
    """The documents in ``paths``, in order, and findings where there is none to be had.

    Drafts come one at a time, so that a large set is never in memory whole. One that lacks a
    key comes with what it has; its own findings are on it.
    """
    for source in sources(paths, recursive=recursive, stdin=stdin):
        if isinstance(source, Diagnostic):
            yield source
        else:
            yield from drafts(source)


def drafts(source: Source) -> Iterator[Draft | Diagnostic]:
    """The documents in one file, in order, and findings where there is none to be had."""
    is_settled = not needs_settling(source.text)
    is_empty = True
    for root in composed(source):
        if isinstance(root, Diagnostic):
            is_empty = False
            yield root
        elif not is_null(root):
            is_empty = False
            yield from _Reading(source, root).drafts(is_settled)
    if is_empty:
        summary = "holds no document"
        span = SourceSpan(source.name, 1, 1)
        hint = _SHAPE_OF_A_DOCUMENT
        yield Diagnostic(summary, "", span, hint, "manifest.empty", Severity.WARNING)


class _Reading:
    """One document being read: its draft, and what was found on the way."""

    def __init__(self, source: Source, root: Any) -> None:
        start = _start(root)
        self.source = source
        self.root = root
        self.spans = Spans(source.name, start)
        self.draft = Draft(source.name, source.base, self.spans.at(start), self.spans)
        self.findings = self.draft.findings

    def drafts(self, is_settled: bool) -> Iterator[Draft | Diagnostic]:
        if self.root.id != "mapping":
            found = f"must be a mapping, not {shown(outline(self.root))}"
            self.say("manifest.document", "", found, self.root.start_mark, _SHAPE_OF_A_DOCUMENT)
        elif is_settled or Settling(self._say_yaml).settle(self.root):
            matrix = next((pair for pair in self.root.value if pair[0].value == MATRIX), None)
            if matrix is not None:
                yield from self._multiplied(*matrix)
                return
            self._read_keys()
        if self.draft.kind:
            yield self.draft
        else:
            yield from self.findings

    def say(
        self, rule: str, path: str, summary: str, mark: Mark, hint: str | None = None
    ) -> None:
        self.findings.append(Diagnostic(summary, path, self.spans.at(mark), hint, rule))

    def text(self, node: Any, path: str) -> str | None:
        """The text that ``node`` is, or None and a finding."""
        if node.id == "scalar" and not is_null(node):
            text: str = node.value
            return text
        if is_null(node):
            self.say("schema.null", path, "has no value", node.start_mark)
        else:
            found = f"must be text, not {shown(outline(node))}"
            self.say("schema.type", path, found, node.start_mark)
        return None

    def pairs(self, node: Any, path: str) -> Iterator[tuple[str, Any]]:
        """The entries of a mapping, keys that are no text or come twice told and left out."""
        met = set()
        for key, value in node.value:
            name = key.value
            at = f"{path}.{name}" if path else str(name)
            if key.id != "scalar":
                self.say("schema.key", path, "has a key that is not text", key.start_mark)
            elif name in met:
                self.say("schema.duplicate", at, "is given twice", key.start_mark)
            else:
                met.add(name)
                self.spans.keys_at[at] = key.start_mark
                self.spans.values_at[at] = value.start_mark
                yield name, value

    def _read_keys(self) -> None:
        met = set()
        for name, value in self.pairs(self.root, ""):
            met.add(name)
            if name in KEYS:
                KEYS[name](self, value)
            else:
                known = (*KEYS, MATRIX)
                hint = did_you_mean(name, known) or f"The keys are {', '.join(known)}."
                mark = self.spans.keys_at[name]
                self.say(
                    "manifest.unknown-key", name, f"{name!r} is not a key here", mark, hint
                )
        for name in REQUIRED:
            if name not in met:
                self.say(
                    "manifest.missing-key", name, "is required, and missing", self.spans.start
                )

    def _multiplied(self, key: Any, node: Any) -> Iterator[Draft | Diagnostic]:
        """The drafts that a matrix makes; nothing but findings where it cannot be read."""
        from sagectl.manifest.matrix import expanded

        instances = expanded(self.root, key, node, self.say)
        if self.findings:
            yield from self.findings
            return
        told: set[Diagnostic] = set()
        for instance in instances:
            one = _Reading(self.source, instance.root)
            one.draft.combination = instance.combination
            for item in one.drafts(is_settled=True):
                if isinstance(item, Draft):
                    yield item
                elif item not in told:  # what all of them lack is said once
                    told.add(item)
                    yield item

    def _say_yaml(self, rule: str, summary: str, mark: Mark, hint: str | None) -> None:
        self.say(rule, "", summary, mark, hint)


def _read_version(reading: _Reading, node: Any) -> None:
    if (version := reading.text(node, "apiVersion")) not in (None, API_VERSION):
        found = f"must be {API_VERSION}, not {shown(version)}"
        reading.say("manifest.version", "apiVersion", found, node.start_mark)


def _read_kind(reading: _Reading, node: Any) -> None:
    kind = reading.text(node, "kind")
    if kind is not None and kind in KINDS:
        reading.draft.kind = kind
    elif kind is not None:
        hint = did_you_mean(kind, KINDS) or f"Kinds are {', '.join(KINDS)}."
        reading.say(
            "manifest.kind", "kind", f"{shown(kind)} is not a kind", node.start_mark, hint
        )


def _read_name(reading: _Reading, node: Any) -> None:
    reading.draft.name = reading.text(node, "name") or ""


def _read_region(reading: _Reading, node: Any) -> None:
    region = reading.text(node, "region")
    if region is not None and not _REGION.fullmatch(region):
        found = f"{shown(region)} is not the name of a region"
        reading.say("manifest.region", "region", found, node.start_mark, "Such as us-east-1.")
    reading.draft.region = region


def _read_tags(reading: _Reading, node: Any) -> None:
    if node.id != "mapping":
        found = f"must be a mapping, not {shown(outline(node))}"
        hint = "Write tags as `team: radiology`, one a line, or leave them out."
        reading.say("schema.type", "tags", found, node.start_mark, hint)
        return
    for key, value in reading.pairs(node, "tags"):
        if (text := reading.text(value, f"tags.{key}")) is not None:
            reading.draft.tags[key] = text


def _read_workers(reading: _Reading, node: Any) -> None:
    from sagectl.manifest.people import workers_of

    reading.draft.workers, findings = workers_of(reading.source.name, node)
    reading.findings.extend(findings)


def _read_spec(reading: _Reading, node: Any) -> None:
    if node.id == "mapping":
        reading.draft.spec = node
    elif is_null(node):
        reading.say("schema.null", "spec", "has no value", node.start_mark)
    else:
        found = f"must be a mapping, not {shown(outline(node))}"
        reading.say("schema.type", "spec", found, node.start_mark)


# Top-level key -> what reads it.
KEYS: Mapping[str, Callable[[_Reading, Any], None]] = MappingProxyType(
    {
        "apiVersion": _read_version,
        "kind": _read_kind,
        "name": _read_name,
        "region": _read_region,
        "tags": _read_tags,
        "workers": _read_workers,
        "spec": _read_spec,
    }
)
REQUIRED = ("kind", "name", "spec")
MATRIX = "matrix"  # makes many documents of one, before their keys are read


def _start(root: Any) -> Mark:
    """The first key of the document, or the document where it is no mapping with keys."""
    mark: Mark = root.start_mark
    if root.id == "mapping" and root.value:
        mark = root.value[0][0].start_mark
    return mark
