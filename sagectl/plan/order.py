"""Which document of a set needs which other one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from sagectl.catalog.kinds import KINDS
from sagectl.diagnostics import Diagnostic
from sagectl.errors import FindingsError
from sagectl.manifest.document import Reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sagectl.manifest.document import Document

Key: TypeAlias = tuple[str, str, str]  # kind, name, region


def key(document: Document, region: str) -> Key:
    """What tells ``document`` from all others; ``region`` is the one in force."""
    return (document.kind, document.name, document.region or region)


def needs(documents: Iterable[Document], region: str) -> dict[Key, frozenset[Key]]:
    """For every document the keys of those in the same set that must be there first.

    A need is a ``{ref}``, or a plain name or an ARN in a field that refers to a kind. A work
    team that names no workforce needs the region's one.
    """
    by_key = {key(document, region): document for document in documents}
    workforces = [item for item in by_key if item[0] == "Workforce"]
    return {
        own: frozenset(_needed(document, own, by_key, workforces))
        for own, document in by_key.items()
    }


def _needed(
    document: Document, own: Key, known: Mapping[Key, Document], workforces: Sequence[Key]
) -> Iterator[Key]:
    for kind, name in _mentioned(document):
        wanted = (kind, name, own[2])
        if wanted in known and wanted != own:
            yield wanted
    if document.kind == "Workteam" and "WorkforceName" not in document.spec:
        yield from (item for item in workforces if item[2] == own[2])


def in_order(
    documents: Sequence[Document],
    region: str,
    needed: Mapping[Key, frozenset[Key]] | None = None,
) -> tuple[Document, ...]:
    """``documents`` so that each stands after all that it needs, otherwise as they were.

    ``needed`` is what ``needs`` says of them. Raises FindingsError for documents that need
    each other.
    """
    needed = needs(documents, region) if needed is None else needed
    if not any(needed.values()):
        return tuple(documents)
    by_key = {key(document, region): document for document in documents}
    from graphlib import CycleError, TopologicalSorter

    sorter = TopologicalSorter(needed)
    try:
        sorted_keys = tuple(sorter.static_order())
    except CycleError as error:
        raise FindingsError(_cycle([by_key[item] for item in error.args[1][:-1]])) from error
    return tuple(by_key[item] for item in sorted_keys)


def _cycle(documents: Sequence[Document]) -> Iterator[Diagnostic]:
    names = " needs ".join(document.label for document in (*documents, documents[0]))
    for document in documents:
        yield Diagnostic(
            f"{document.label} is part of a circle: {names}",
            span=document.span,
            hint="Write one of the references as a plain name of what already exists.",
            rule="set.circle",
        )


def _mentioned(document: Document) -> Iterator[tuple[str, str]]:
    for path, kind in KINDS[document.kind].references.items():
        value = at(document.spec, path)
        if isinstance(value, str):
            yield kind, value.rpartition("/")[2]
        elif isinstance(value, Reference):
            yield value.kind, value.name


def at(spec: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted ``path``, None where a part of it is missing."""
    value: Any = spec
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def references(document: Document) -> Iterator[Reference]:
    """Every ``{ref}`` in ``document``: they stand only where its kind refers to others."""
    for path in KINDS[document.kind].references:
        if isinstance(value := at(document.spec, path), Reference):
            yield value
