"""Targets as something to show: what became of each, what this machine makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import Column
from sagectl.render.sections import sections
from sagectl.render.views import Listing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagectl.render.views import Report

_CHECK_COLUMNS = (
    Column("CHECK", "Check"),
    Column("RESULT", "Result"),
    Column("DETAIL", "Detail"),
    Column("REMEDY", "Remedy"),
)
_DIAGNOSIS_COLUMNS = (
    Column("TARGET", "Target"),
    Column("BUILDS", "Builds"),
    Column("LINKER", "Linker"),
    Column("RUNS", "Runs"),
    Column("WHY NOT", "Reason"),
    Column("INSTALL", "Remedy"),
    Column("REMARK", "Remark"),
)
_MATRIX_COLUMNS = (
    Column("TARGET", "Target"),
    Column("STATUS", "Status"),
    Column("SECONDS", "Seconds"),
    Column("BYTES", "SizeBytes"),
    Column("PROOF", "Proof"),
    Column("REASON", "Reason"),
    Column("PACKAGE", "Package", is_wide=True),
)
_DIFFERENCE_COLUMNS = (
    Column("FACT", "Fact"),
    Column("FIRST", "First"),
    Column("SECOND", "Second"),
)


def diagnosis(
    checks: Sequence[Mapping[str, Any]], targets: Sequence[Mapping[str, Any]]
) -> Report:
    """What is there, and what this machine can build and run; its rows are the targets."""
    return sections(
        {"Checks": checks, "Targets": targets},
        (("Checks", _CHECK_COLUMNS, checks), ("Targets", _DIAGNOSIS_COLUMNS, targets)),
        Listing("Targets", targets, _DIAGNOSIS_COLUMNS, "target", "Target", "targets"),
    )


def matrix(rows: Sequence[Mapping[str, Any]]) -> Listing:
    """What became of each target of a matrix."""
    return Listing("Targets", rows, _MATRIX_COLUMNS, "target", "Target", "targets")


def differences(rows: Sequence[Mapping[str, Any]]) -> Listing:
    """In which facts two packages differ."""
    return Listing("Differences", rows, _DIFFERENCE_COLUMNS, "fact", "Fact", "differences")
