"""Written YAML reads back as it was, by our reader and by others."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sagectl.manifest.nodes import core_value
from sagectl.manifest.reader import Draft, read_drafts
from sagectl.manifest.writer import to_yaml

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
LINES = st.lists(st.text(st.characters(codec="ascii"), max_size=12), max_size=4).map("\n".join)
LOOKALIKES = st.sampled_from(
    (
        *(
            "1.10",
            "012345670123",
            "NO",
            "yes",
            "null",
            "~",
            "",
            "12:30:45",
            "2024-01-02",
            "1e3",
        ),
        *("<<", "=", "0x1F", "0o7", ".5", "-", "- a", "a: b", "#", "&a", "*a", "!a", "@a", "%"),
        *(
            "true",
            "True",
            "é",
            "\ufeff",
            "\x85",
            "a\n",
            "\na",
            " a",
            "a ",
            "'",
            '"',
            "---",
            "...",
        ),
    )
)
SCALARS = st.one_of(TEXTS, LINES, LOOKALIKES, st.integers(-(10**20), 10**20), st.booleans())
VALUES: SearchStrategy[Any] = st.recursive(
    st.one_of(SCALARS, st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(TEXTS, LOOKALIKES), inner, max_size=4),
    ),
    max_leaves=12,
)


@given(spec=st.dictionaries(st.one_of(TEXTS, LOOKALIKES), VALUES, min_size=1, max_size=5))
def test_a_document_comes_back_as_it_was_written(spec: dict[str, Any]) -> None:
    text = to_yaml({"kind": "Workteam", "name": "x", "spec": spec})
    [draft] = read_drafts(["-"], stdin=io.StringIO(text))
    assert isinstance(draft, Draft), text
    assert draft.findings == []
    assert core_value(draft.spec) == spec
    assert list(core_value(draft.spec)) == list(spec)


@given(value=st.dictionaries(TEXTS, VALUES, max_size=4))
def test_readers_of_yaml_1_1_see_the_same(value: dict[str, Any]) -> None:
    assert yaml.safe_load(to_yaml(value)) == value


@given(names=st.lists(LOOKALIKES.filter(bool), min_size=2, max_size=4))
def test_several_documents_are_kept_apart(names: list[str]) -> None:
    documents = [{"kind": "Workteam", "name": name, "spec": {}} for name in names]
    drafts = list(read_drafts(["-"], stdin=io.StringIO(to_yaml(documents))))
    assert [draft.name for draft in drafts if isinstance(draft, Draft)] == names


def test_a_document_looks_as_people_write_it() -> None:
    document = {
        "kind": "LabelingJob",
        "name": "boxes",
        "tags": {"cost-center": "0042"},
        "spec": {
            "Description": "First line.\nSecond line.\n",
            "Version": "1.10",
            "Groups": ["readers", "NO"],
            "Empty": [],
            "Count": 5,
        },
    }
    assert to_yaml(document) == (
        "kind: LabelingJob\n"
        "name: boxes\n"
        "tags:\n"
        "  cost-center: '0042'\n"
        "spec:\n"
        "  Description: |\n"
        "    First line.\n"
        "    Second line.\n"
        "  Version: '1.10'\n"
        "  Groups:\n"
        "  - readers\n"
        "  - 'NO'\n"
        "  Empty: []\n"
        "  Count: 5\n"
    )


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        pytest.param(datetime(2020, 7, 24, 12, tzinfo=UTC), "2020-07-24T12:00:00Z", id="utc"),
        pytest.param(
            datetime(2020, 7, 24, 12, tzinfo=timezone(timedelta(hours=2))),
            "2020-07-24T10:00:00Z",
            id="offset",
        ),
        pytest.param(
            datetime(2020, 7, 24, 12, 0, 0, 5000, tzinfo=UTC),
            "2020-07-24T12:00:00.005Z",
            id="fraction",
        ),
    ],
)
def test_dates_are_written_in_utc(moment: datetime, text: str) -> None:
    assert to_yaml({"at": moment}) == f"at: {text}\n"


def test_a_value_that_stands_twice_is_written_twice() -> None:
    shared = {"a": "b"}
    assert "&" not in to_yaml({"one": shared, "two": shared})


def test_read_only_mappings_and_tuples_are_written() -> None:
    assert to_yaml(MappingProxyType({"a": ("b", "c")})) == "a:\n- b\n- c\n"
