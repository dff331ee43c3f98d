"""A value alone in a file, YAML or JSON, read by its shape."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from sagectl.diagnostics import Diagnostic
from sagectl.errors import FindingsError, InputError
from sagectl.manifest.composing import composed
from sagectl.manifest.sources import Source, source
from sagectl.manifest.spans import Spans
from sagectl.schema.constraints import checker
from sagectl.schema.forms import NO_FORMS
from sagectl.schema.walk import Walk

if TYPE_CHECKING:
    from sagectl.schema.model import ServiceModel, Shape


def read_value(
    path: str,
    shape: Shape,
    model: ServiceModel,
    *,
    stdin: IO[str] | IO[bytes] | None = None,
    lenient: bool = False,
) -> Any:
    """The only value in the file at ``path`` (``-`` is stdin).

    Raises FindingsError with everything that is wrong with it, where it stands.
    """
    found = source(path, stdin=stdin)
    if not isinstance(found, Source):
        raise FindingsError([found])
    roots = list(composed(found))
    findings = [root for root in roots if isinstance(root, Diagnostic)]
    if findings:
        raise FindingsError(findings)
    if len(roots) != 1:
        raise InputError(f"{path} holds {len(roots)} documents", hint="It should hold one.")
    walk = Walk(NO_FORMS, Spans(found.name, roots[0].start_mark), is_lenient=lenient)
    value = checker(shape, model).from_node(roots[0], "", walk)
    if any(finding.is_error for finding in walk.findings):
        raise FindingsError(walk.findings)
    return value
