"""Live resources as the documents that would make them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import KINDS, Kind
from sagectl.manifest.document import Document, Reference, Secret
from sagectl.plan.diff import as_created, json_value
from sagectl.plan.live import Caller, described, listed, listed_tags, mapped
from sagectl.plan.order import at
from sagectl.plan.tags import UNTAGGED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sagectl.schema.model import ServiceModel, Shape

_RESERVED = "aws:"  # tags that only the service itself may set


def names_of(kind: Kind, caller: Caller) -> Iterator[str]:
    """The names of all live resources of ``kind``."""
    for row in listed(kind, caller):
        yield row[kind.name_field]


def exported(
    wanted: Iterable[tuple[Kind, str]],
    caller: Caller,
    model: ServiceModel,
    region: str | None,
    parallel: int = 1,
) -> tuple[tuple[Document, ...], tuple[str, ...]]:
    """Documents that apply back with no difference, and the labels of what is not there.

    A secret, which cannot be read, becomes a reference to an environment variable;
    ``region`` is written into the documents unless it is None.
    """

    def one(item: tuple[Kind, str]) -> Document | None:
        kind, name = item
        live = described(kind, name, caller)
        return None if live is None else _document(kind, name, live, caller, model, region)

    wanted = tuple(wanted)
    found = tuple(mapped(one, wanted, parallel))
    missing = tuple(
        f"{kind.word}/{name}"
        for (kind, name), document in zip(wanted, found, strict=True)
        if document is None
    )
    documents = tuple(document for document in found if document is not None)
    return _linked(documents), missing


def _document(
    kind: Kind,
    name: str,
    live: Mapping[str, Any],
    caller: Caller,
    model: ServiceModel,
    region: str | None,
) -> Document:
    shape = model.operation(kind.create).input_shape
    found, skipped = as_created(kind, live), (kind.name_field, "Tags")
    spec: dict[str, Any] = {
        field: _kept(kind, field, found[field], member)
        for field, member in shape.members.items()
        if field not in skipped and _says_something(found.get(field))
    }
    for path in kind.secrets:
        outer, _, last = path.rpartition(".")
        if isinstance(holder := at(spec, outer), dict):
            holder[last] = Secret("env", _variable(name, last))
    return Document(kind.name, name, spec, region, _tags(kind, live, caller))


def _kept(kind: Kind, path: str, value: Any, shape: Shape) -> Any:
    """The part of ``value`` that the create operation takes."""
    if path in kind.json_text:
        return json_value(value)
    if shape.type == "structure" and isinstance(value, Mapping):
        return {
            name: _kept(kind, f"{path}.{name}", value[name], member)
            for name, member in shape.members.items()
            if _says_something(value.get(name))
        }
    if shape.type == "list" and isinstance(value, list):
        return [_kept(kind, f"{path}[]", item, shape.member) for item in value]
    return value


def _says_something(value: Any) -> bool:
    """Whether ``value`` is worth writing: a describe fills in empty strings and lists."""
    if isinstance(value, Mapping):
        return any(map(_says_something, value.values()))
    return value not in (None, "", [])


def _tags(kind: Kind, live: Mapping[str, Any], caller: Caller) -> dict[str, str]:
    if kind.name in UNTAGGED:
        return {}
    tags = listed_tags(str(live[kind.arn_field]), caller)
    return {name: value for name, value in tags.items() if not name.startswith(_RESERVED)}


def _variable(name: str, field: str) -> str:
    """``CROWD_CLIENT_SECRET`` for the ClientSecret of ``crowd``."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", field)
    return re.sub(r"\W+", "_", f"{name}_{words}").upper()


def _linked(documents: Sequence[Document]) -> tuple[Document, ...]:
    """``documents`` with references to each other in place of ARNs."""
    from dataclasses import replace

    known = {(document.kind, document.name) for document in documents}

    def linked(document: Document) -> Document:
        spec = dict(document.spec)
        for path, target in KINDS[document.kind].references.items():
            arn = at(spec, path)
            if not path.endswith("Arn") or not isinstance(arn, str):
                continue
            name = arn.rpartition("/")[2]
            if (target, name) in known:
                outer, _, last = path.rpartition(".")
                at(spec, outer)[last] = Reference(target, name)
        return replace(document, spec=spec)

    return tuple(map(linked, documents))
