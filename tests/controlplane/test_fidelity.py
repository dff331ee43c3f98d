"""The fidelity table: each row names an operation, a source and a test that exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from sagectl.controlplane.fidelity import FIDELITY, SOURCES, Behaviour
from sagectl.controlplane.plane import FAMILIES

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize("row", FIDELITY, ids=lambda row: row.tested_by.partition("::")[2])
def test_a_row_names_what_exists(row: Behaviour) -> None:
    assert row.source in SOURCES
    assert row.says.endswith(".")
    file, _, test = row.tested_by.partition("::")
    assert f"def {test}(" in (TESTS / file).read_text(encoding="utf-8")
    for operation in row.operations.split(", "):
        assert operation in ("all", "List*") or operation in FAMILIES


def test_every_operation_has_a_row() -> None:
    named = {operation for row in FIDELITY for operation in row.operations.split(", ")}
    lists = {operation for operation in FAMILIES if operation.startswith("List")}
    assert set(FAMILIES) - lists <= named | {"DescribeLabelingJob"}
