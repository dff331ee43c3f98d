"""Targets as something to show: what became of each, what this machine makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import Column
from sagectl.render.sections import sections
from sagectl.render.views import Computed, Listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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
# What -o wide tells target by target is told once for all that are alike.
_ALIKE = ("Linker", "Runs", "Remedy", "Remark")
_ALIKE_COLUMNS = (
    Column("LINKER", "Linker"),
    Column("RUNS", "Runs"),
    Column("TARGETS", "Targets", "list"),
    Column("INSTALL", "Remedy"),
    Column("REMARK", "Remark"),
)
_EXTRA = "extra "
_MATRIX_COLUMNS = (
    Column("TARGET", "Target"),
    Column("STATUS", "Status"),
    Computed("SECONDS", lambda row: _seconds(row)),
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
        (
            ("Checks", _CHECK_COLUMNS, list(_with_extras_in_brief(checks))),
            ("Targets", _ALIKE_COLUMNS, _alike(targets)),
        ),
        Listing("Targets", targets, _DIAGNOSIS_COLUMNS, "target", "Target", "targets"),
        wide=(("Checks", _CHECK_COLUMNS, checks), ("Targets", _DIAGNOSIS_COLUMNS, targets)),
    )


def _with_extras_in_brief(checks: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The checks, with one row for the extras that are here and one for all others."""
    extras: dict[str, list[str]] = {}
    for row in checks:
        if row["Check"].startswith(_EXTRA):
            name = row["Check"].removeprefix(_EXTRA)
            extras.setdefault(row["Result"], []).append(name)
        else:
            yield row
    for result, names in sorted(extras.items(), reverse=True):
        row = {"Check": "extras", "Result": result, "Detail": ", ".join(names)}
        yield row if result == "ok" else {**row, "Remedy": "pip install 'sagectl[EXTRA]'"}


def _alike(targets: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row for all targets that are built and run alike."""
    groups: dict[tuple[Any, ...], list[str]] = {}
    for row in targets:
        groups.setdefault(tuple(row[key] for key in _ALIKE), []).append(row["Target"])
    return [
        {
            **dict(zip(_ALIKE, facts, strict=True)),
            "Linker": facts[0] or "none",
            "Targets": names,
        }
        for facts, names in groups.items()
    ]


def matrix(rows: Sequence[Mapping[str, Any]]) -> Listing:
    """What became of each target of a matrix; reasons only where something has one."""
    has_reasons = any(row["Reason"] for row in rows)
    columns = [each for each in _MATRIX_COLUMNS if has_reasons or each.title != "REASON"]
    return Listing("Targets", rows, columns, "target", "Target", "targets")


def _seconds(row: Mapping[str, Any]) -> str:
    """What compiling took now; what an earlier run took is no time of this one."""
    if row["Status"] == "cached" or row["Seconds"] is None:
        return ""
    return str(row["Seconds"])


def differences(rows: Sequence[Mapping[str, Any]]) -> Listing:
    """In which facts two packages differ."""
    return Listing("Differences", rows, _DIFFERENCE_COLUMNS, "fact", "Fact", "differences")
