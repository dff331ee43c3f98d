"""A call that is known to be well formed, and the only functions that build one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import KINDS
from sagectl.diagnostics import Diagnostic
from sagectl.errors import FindingsError
from sagectl.manifest.spans import Places, Spans
from sagectl.schema.constraints import checker
from sagectl.schema.forms import NO_FORMS, Forms, forms_of
from sagectl.schema.params import create_params
from sagectl.schema.rules import broken_rules
from sagectl.schema.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sagectl.manifest.document import Document
    from sagectl.schema.model import ServiceModel

_TAG = re.compile(r"Tags\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Request:
    """An operation and its parameters; only ever built valid.

    ``warnings`` are findings that did not stop it (the service may know more than the
    installed model).
    """

    operation: str
    params: Mapping[str, Any]
    warnings: tuple[Diagnostic, ...] = field(default=())


def create_request(
    document: Document, model: ServiceModel, *, lenient: bool = False
) -> Request:
    """The call that creates ``document``. Raises FindingsError, with places where known."""
    kind = KINDS[document.kind]
    return _document_request(kind.create, create_params(document), document, model, lenient)


def update_request(
    document: Document, model: ServiceModel, *, lenient: bool = False
) -> Request:
    """The call that makes a live resource like ``document``: its name and mutable fields."""
    kind = KINDS[document.kind]
    if kind.update is None:
        raise ValueError(f"a {kind.noun} cannot be updated")
    mutable = {name: value for name, value in document.spec.items() if name in kind.mutable}
    params = {kind.name_field: document.name, **mutable}
    return _document_request(kind.update, params, document, model, lenient)


def operation_request(
    operation: str, params: Mapping[str, Any], model: ServiceModel, *, lenient: bool = False
) -> Request:
    """A call of any operation. Raises FindingsError."""
    value, found = checked(operation, params, model, lenient=lenient)
    return _request(operation, value, found)


def findings(
    operation: str, params: Mapping[str, Any], model: ServiceModel
) -> tuple[Diagnostic, ...]:
    """Everything the shapes and the rules find in ``params``, warnings included."""
    return checked(operation, params, model)[1]


def checked(
    operation: str,
    params: Mapping[str, Any],
    model: ServiceModel,
    *,
    lenient: bool = False,
    forms: Forms | None = None,
) -> tuple[dict[str, Any], tuple[Diagnostic, ...]]:
    """``params`` as they go on the wire (dates as datetimes), and every finding."""
    walk = Walk(forms or _forms(operation), is_lenient=lenient)
    shape = model.operation(operation).input_shape
    try:
        value = checker(shape, model).from_value(params, "", walk)
    except RecursionError:
        return {}, (Diagnostic("is nested too deep", rule="schema.depth"),)
    return value, tuple(with_rules(operation, value, walk))


def with_rules(
    operation: str,
    value: Any,
    walk: Walk,
    located: Callable[[Diagnostic], Diagnostic] = lambda x: x,
) -> list[Diagnostic]:
    """What the shapes found in ``value``, and what the rules find in fields they let pass."""
    if not isinstance(value, dict):
        return walk.findings
    refused = {finding.path for finding in walk.findings}
    broken = map(located, broken_rules(operation, value, lenient=walk.is_lenient))
    return [*walk.findings, *(finding for finding in broken if finding.path not in refused)]


def _forms(operation: str) -> Forms:
    kinds = KINDS.values()
    kind = next((kind for kind in kinds if operation in (kind.create, kind.update)), None)
    return forms_of(kind) if kind else NO_FORMS


def _document_request(
    operation: str,
    params: Mapping[str, Any],
    document: Document,
    model: ServiceModel,
    lenient: bool,
) -> Request:
    value, found = checked(operation, params, model, lenient=lenient)
    return _request(operation, value, (in_document(item, document) for item in found))


def _request(operation: str, params: dict[str, Any], found: Iterable[Diagnostic]) -> Request:
    found = tuple(found)
    if any(item.is_error for item in found):
        raise FindingsError(found)
    return Request(operation, params, found)


def in_document(finding: Diagnostic, document: Document) -> Diagnostic:
    """A finding about a request as one about the document it was made from."""
    path, spans = _document_path(finding.path, document), document.spans
    span = spans.nearest(path) if isinstance(spans, Spans | Places) else spans.get(path)
    return replace(finding, path=path, span=finding.span or span)


def _document_path(path: str, document: Document) -> str:
    """Where ``document`` writes the parameter at ``path``."""
    if path == KINDS[document.kind].name_field:
        return "name"
    if tag := _TAG.match(path):
        return f"tags.{[*document.tags, *document.spec.get('Tags', ())][int(tag[1])]}"
    return f"spec.{path}" if path else "spec"
