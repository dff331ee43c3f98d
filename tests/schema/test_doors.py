"""A YAML manifest and the same data in Python are judged alike."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sagectl.catalog.kinds import KINDS
from sagectl.errors import FindingsError
from sagectl.manifest.document import Document
from sagectl.manifest.writer import to_yaml
from sagectl.schema.documents import read_documents
from sagectl.schema.request import create_request

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

    from sagectl.diagnostics import Diagnostic
    from sagectl.schema.model import ServiceModel, Shape

TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=("Cs",)), max_size=8),
    st.sampled_from(
        ("readers", "s3://b/k.tar.gz", "1.10", "10.0.0.0/8", "{}", '{"a": [1]}', "")
    ),
    st.sampled_from(("arn:aws:iam::123456789012:role/compile", "https://idp.example.com", "x")),
)
WRONG: SearchStrategy[Any] = st.one_of(
    st.none(), st.integers(-5, 5), st.booleans(), st.just([]), st.just({}), TEXTS, st.just(0.5)
)


@st.composite
def values(draw: DrawFn, shape: Shape, depth: int = 0) -> Any:
    """Something like a value of ``shape``: mostly of its type, now and then of another."""
    if shape.type == "structure" and draw(st.integers(0, 12)) != 5:
        names = draw(st.sets(st.sampled_from(sorted(shape.members)), max_size=6))
        names |= {name for name in shape.required if draw(st.integers(0, 5)) != 5}
        fields = {name: draw(values(shape.members[name], depth + 1)) for name in sorted(names)}
        if draw(st.integers(0, 9)) == 5:
            fields[draw(st.sampled_from(("Extra", "rolearn", "é")))] = draw(TEXTS)
        return fields
    if shape.type == "list":
        return draw(st.lists(values(shape.member, depth + 1), max_size=3))
    if shape.type == "map":
        return draw(st.dictionaries(TEXTS, values(shape.value, depth + 1), max_size=3))
    if shape.type == "integer":
        return draw(st.one_of(st.integers(0, 1000), WRONG))
    if shape.type == "string":
        # A number is text in YAML's text fields, and none in Python's: the one difference.
        strange = WRONG.filter(lambda value: not isinstance(value, bool | int | float))
        choices = st.sampled_from(shape.enum) if shape.enum else TEXTS
        return draw(st.one_of(choices, choices, TEXTS, strange))
    return draw(WRONG)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), kind=st.sampled_from(sorted(KINDS)))
def test_both_doors_find_the_same(data: st.DataObject, kind: str, model: ServiceModel) -> None:
    row = KINDS[kind]
    shape = model.operation(row.create).input_shape
    spec = data.draw(values(shape).filter(lambda value: isinstance(value, dict)))
    for name in (row.name_field, "Tags"):
        spec.pop(name, None)
    tags = data.draw(st.dictionaries(TEXTS, TEXTS, max_size=2))
    written = to_yaml({"kind": kind, "name": "x", "tags": tags, "spec": spec})
    read = read_documents(["-"], model=model, stdin=io.StringIO(written))
    assert _told(read.findings) == _told(
        _of_values(Document(kind, "x", spec, tags=tags), model)
    )


def _of_values(document: Document, model: ServiceModel) -> tuple[Diagnostic, ...]:
    try:
        return create_request(document, model).warnings
    except FindingsError as error:
        return error.diagnostics


def _told(findings: tuple[Diagnostic, ...]) -> list[tuple[str, str, str]]:
    return sorted((one.path, one.rule, one.summary) for one in findings)
