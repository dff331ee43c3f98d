"""What is said of a model before it is compiled, as something to show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import Column
from sagectl.render.views import Listing, Report

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sagectl.render.console import Console

_COLUMNS = (
    Column("OPERATOR", "Name"),
    Column("COUNT", "Count"),
    Column("STATUS", "Status"),
    Column("REASON", "Reason"),
)
_SHADES = {"right": "good", "folded": "good", "unsupported": "bad"}
_UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def check(found: Mapping[str, Any]) -> Report:
    """A model's inputs, outputs, size and operators, and what stands against compiling it."""
    return Report(
        found,
        Listing("Operators", found["Operators"], _COLUMNS, "operator", "Name", "operators"),
        lambda console: _lines(found, console),
    )


def _lines(found: Mapping[str, Any], console: Console) -> Iterator[str]:
    from sagectl.render.tables import outline

    yield from outline(
        {
            "Model": found["Model"],
            "Framework": found["Framework"],
            "Opset": found.get("Opset"),
            "Inputs": [_port(row) for row in found.get("Inputs", ())],
            "Outputs": [_port(row) for row in found.get("Outputs", ())],
            "Parameters": _amount(found.get("Parameters"), ""),
            "Weights": _amount(found.get("ParameterBytes") or found.get("SizeBytes"), "B"),
            "Work": _amount(found.get("Flops"), "FLOP a run"),
            "Memory": _amount(found.get("MemoryBytes"), "B a run, weights apart"),
            "Targets": found["Targets"],
        },
        console,
    )
    if found["Operators"]:
        yield console.style("Operators:", "key")
    width = max((len(row["Name"]) for row in found["Operators"]), default=0)
    for row in found["Operators"]:
        status = console.style(f"{row['Status']:<11}", _SHADES.get(row["Status"], ""))
        yield f"  {row['Name']:<{width}}  {row['Count']:>5}  {status}  {row['Reason']}".rstrip()
    yield from _verdict(found, console)


def _verdict(found: Mapping[str, Any], console: Console) -> Iterator[str]:
    for problem in found["Problems"]:
        yield console.style(problem, "bad")
    if found["Hint"]:
        yield found["Hint"]
    if found["Compiles"]:
        unknown = sum(row["Status"] == "unknown" for row in found["Operators"])
        yield "Nothing stands against compiling it." + (
            f" Verification must prove {unknown} of its operators." if unknown else ""
        )


def _port(row: Mapping[str, Any]) -> str:
    return f"{row['Name']} {row['Type']}[{', '.join(map(str, row['Shape']))}]"


def _amount(number: int | None, unit: str) -> str | None:
    """Three digits and a factor: ``25.6 MB``."""
    if number is None:
        return None
    for size, letter in _UNITS:
        if number >= size:
            return f"{number / size:.3g} {letter}{unit}".strip()
    return f"{number} {unit}".strip()
