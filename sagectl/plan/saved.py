"""Plans in files: written to be reviewed, carried out only if nothing moved since."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.catalog.kinds import KINDS
from sagectl.diagnostics import Diagnostic
from sagectl.errors import FindingsError, InputError
from sagectl.manifest.document import Document, Secret, Upload
from sagectl.manifest.people import Worker
from sagectl.plan.confidential import set_fields
from sagectl.schema.request import create_request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sagectl.plan.change import Change, Plan
    from sagectl.schema.model import ServiceModel

VERSION = 1


class SavedPlan(NamedTuple):
    """What a plan file holds.

    ``changes`` are the reviewed changes as ``rows`` makes them, ``scope`` the backend and
    region they were planned for, ``choices`` those that shaped them.
    """

    documents: tuple[Document, ...]
    changes: list[dict[str, Any]]
    scope: Mapping[str, str]
    choices: Mapping[str, Any]


def rows(plan: Plan) -> list[dict[str, Any]]:
    """The pending changes as plain values: equal rows are equal plans, whenever made."""
    return [json.loads(json.dumps(_row(change), default=str)) for change in plan.pending]


def save(
    path: Path,
    plan: Plan,
    documents: Sequence[Document],
    scope: Mapping[str, str],
    choices: Mapping[str, Any],
) -> None:
    """Write ``plan`` to a file that holds no secret's value.

    Raises FindingsError for a document that has one written in it, InputError where the file
    cannot be written.
    """
    if in_clear := tuple(_secrets_in_clear(documents)):
        raise FindingsError(in_clear)
    content = {
        "sagectl-plan": VERSION,
        "scope": dict(scope),
        "choices": dict(choices),
        "changes": rows(plan),
        "documents": [_absolute(document).as_dict() for document in documents],
    }
    incoming = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        incoming.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        incoming.replace(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error


def load(path: Path, model: ServiceModel, *, lenient: bool) -> SavedPlan:
    """The plan in a file. Raises InputError for what is none, FindingsError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        version = content["sagectl-plan"]
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, LookupError, TypeError) as error:
        raise InputError(
            f"{path} is not a saved plan: {error}",
            hint="Make one with: sagectl diff -f ... --save-plan FILE",
        ) from error
    if version != VERSION:
        raise InputError(
            f"{path} was saved by another version of sagectl (format {version})",
            hint="Save the plan again.",
        )
    try:
        return SavedPlan(
            tuple(_document(item, model, lenient) for item in content["documents"]),
            content["changes"],
            content["scope"],
            content["choices"],
        )
    except (LookupError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is damaged: {error!r}", hint="Save it again.") from error


def require_unmoved(saved: SavedPlan, plan: Plan) -> None:
    """Raise InputError, naming what moved, unless ``plan`` is what was saved."""
    now = {_name(row): row for row in rows(plan)}
    before = {_name(row): row for row in saved.changes}
    moved = [name for name in before | now if before.get(name) != now.get(name)]
    if moved:
        raise InputError(
            f"the live state, or a file to upload, is not what the plan was made for: "
            f"{', '.join(moved)}",
            hint="Look at the difference again and save a new plan.",
        )


def _row(change: Change) -> dict[str, Any]:
    fields = [[item.path, item.before, item.after] for item in change.fields]
    return {
        "action": change.action.name.lower(),
        "kind": change.kind.name,
        "name": change.document.name,
        "region": change.region,
        "fields": fields,
        "uploads": [transfer.uri for transfer in change.uploads],
    }


def _name(row: Mapping[str, Any]) -> str:
    return f"{row['kind'].lower()}/{row['name']} in {row['region']}"


def _document(written: Mapping[str, Any], model: ServiceModel, lenient: bool) -> Document:
    """A document whose value forms are values again, checked as if it came from a manifest."""
    kind = KINDS[written["kind"]]
    bare = Document(
        kind.name,
        written["name"],
        written["spec"],
        written.get("region"),
        written.get("tags", {}),
        workers=tuple(
            Worker(one["email"], one.get("name", ""), tuple(one.get("groups", ())))
            for one in written.get("workers", ())
        ),
    )
    params = create_request(bare, model, lenient=lenient).params
    spec = {name: value for name, value in params.items() if name in bare.spec}
    return replace(bare, spec=spec)


def _absolute(document: Document) -> Document:
    """``document`` with paths that mean the same from any directory."""

    def inner(value: Any) -> Any:
        if isinstance(value, Upload):
            return Upload(value.path.resolve())
        if isinstance(value, Secret) and value.source == "file":
            return Secret("file", str(Path(value.place).resolve()))
        if isinstance(value, dict):
            return {name: inner(item) for name, item in value.items()}
        return value

    return replace(document, spec=inner(dict(document.spec)))


def _secrets_in_clear(documents: Sequence[Document]) -> Iterator[Diagnostic]:
    for document in documents:
        for path, held in set_fields(document, KINDS[document.kind].secrets):
            if not isinstance(held, Secret):
                field = f"spec.{path}"
                yield Diagnostic(
                    f"{document.label} has a secret written in it, and a plan holds none",
                    field,
                    document.spans.get(field) or document.span,
                    "Write {env: NAME}, {file: PATH} or {secret: NAME} instead.",
                    "plan.secret",
                )
