"""What the compiler made, as something to show: a package, its proof, its outputs, targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import Column
from sagectl.render.columns import text
from sagectl.render.views import Computed, Listing, Report

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sagectl.render.console import Console

TARGET_COLUMNS = (
    Column("DEVICE", "Device"),
    Computed("PLATFORM", lambda row: _platform(row)),
    Column("STATUS", "Status"),
    Column("MCPU", "Mcpu"),
    Column("TRIPLE", "Triple", is_wide=True),
    Column("PROOF", "Proof", is_wide=True),
    Column("REASON", "Reason"),
    Column("INSTEAD", "Nearest", is_wide=True),
)
_OF_THE_REFUSED = ("STATUS", "REASON", "INSTEAD")
OUTPUT_COLUMNS = (
    Column("OUTPUT", "Name"),
    Column("TYPE", "Type"),
    Column("SHAPE", "Shape", "list"),
    Computed("MIN", lambda row: _number(row["Minimum"])),
    Computed("MAX", lambda row: _number(row["Maximum"])),
    Column("ARGMAX", "ArgMax", "list"),
    Column("VALUES", "Values", "list", is_wide=True),
)
# The largest functions that a screen shows.
_FUNCTIONS_SHOWN = 10
_DIFFERENCE_COLUMNS = (
    Column("OUTPUT", "output"),
    Column("TYPE", "dtype"),
    Column("SHAPE", "shape", "list"),
    Column("LARGEST", "largest"),
    Column("SCALE", "scale"),
    Column("MISMATCHED", "mismatched"),
    Column("OF", "elements"),
    Column("PASSED", "passed"),
    Column("NOTE", "note"),
)


def targets(rows: Sequence[Mapping[str, Any]]) -> Listing:
    """The machines that code can be generated for, under the names that a matrix takes."""
    named = [{"Target": row["Device"] or _platform(row), **row} for row in rows]
    is_all_served = all(row["Status"] == "served" for row in rows)
    columns = [
        column
        for column in TARGET_COLUMNS
        if not (is_all_served and column.title in _OF_THE_REFUSED)
    ]
    return Listing("Targets", named, columns, "target", "Target", "targets")


def outputs(rows: Sequence[Mapping[str, Any]]) -> Listing:
    """What a run of a package gave."""
    return Listing("Outputs", rows, OUTPUT_COLUMNS, "output", "Name", "outputs")


def build(built: Mapping[str, Any]) -> Report:
    """A package that was made: its path bare, so that ``$(...)`` can take it."""
    rows = [dict(built)]
    columns = [Column(key.upper(), key) for key in built if not isinstance(built[key], dict)]
    return Report(
        built,
        Listing("Packages", rows, columns, "package", "Package", "packages"),
        lambda _: [str(built["Package"])],
    )


def comparison(found: Mapping[str, Any]) -> Report:
    """How a package's outputs differ from its reference's, output by output."""
    rows: Sequence[Mapping[str, Any]] = found["Outputs"]
    return Report(
        found,
        Listing("Outputs", rows, _DIFFERENCE_COLUMNS, "output", "output", "outputs"),
        lambda console: _comparison_lines(found, console),
    )


def inspection(described: Mapping[str, Any]) -> Report:
    """What a package tells about itself; its library's functions only as a count."""
    files = [{"Name": name, **facts} for name, facts in described["Files"].items()]
    columns = (Column("FILE", "Name"), Column("SIZE", "Size"), Column("SHA256", "Sha256"))
    return Report(
        described,
        Listing("Files", files, columns, "file", "Name", "files"),
        lambda console: _inspection_lines(described, console),
    )


def _comparison_lines(found: Mapping[str, Any], console: Console) -> Iterator[str]:
    for row in found["Outputs"]:
        mark = (
            console.style("same", "good")
            if row["passed"]
            else console.style("DIFFERENT", "bad")
        )
        shape = "x".join(map(str, row["shape"])) or "scalar"
        yield f"{mark}  {row['output']}  {row['dtype']} {shape}"
        largest, scale = row["largest"], row["scale"]
        yield f"      largest difference {largest:.3g} on values up to {scale:.3g}"
        if beyond := row["mismatched"]:
            yield f"      {beyond} of {row['elements']} elements beyond the tolerance"
        if row["note"]:
            yield f"      {row['note']}"
    yield f"Compared with {found['Reference']} on {found['Inputs']}."


def _inspection_lines(described: Mapping[str, Any], console: Console) -> Iterator[str]:
    from sagectl.render.tables import outline

    ours = described.get("Sagectl", {})
    model = described.get("Model", {})
    functions = described["Library"]["Functions"]
    shown = {
        "Package": described["Package"],
        "Digest": described["Digest"],
        "SizeBytes": described["SizeBytes"],
        "Layout": described.get("Layout"),
        "Requirements": described.get("Requirements") if "Layout" in described else None,
        "Weights": described.get("Weights"),
        "Inputs": [_port(row) for row in model.get("Inputs", ())],
        "Outputs": [_port(row) for row in model.get("Outputs", ())],
        "Buckets": {row["Library"]: _shapes(row) for row in ours.get("Buckets", ())} or None,
        "Target": ours.get("Target"),
        "System": {name: least or "none" for name, least in ours.get("System", {}).items()},
        "Runtime": ours.get("Runtime"),
        "Parameters": ours.get("Parameters"),
        "Source": ours.get("Source"),
        "Verification": ours.get("Verification"),
        "Files": {name: facts["Size"] for name, facts in described["Files"].items()},
        "Gpu": ours.get("Gpu"),
        "GpuCode": [_gpu_code(row) for row in described.get("GpuCode", ())] or None,
        "Needed": described["Library"]["Needed"],
        "Imports": described["Library"]["Imports"],
        "Sections": described["Library"]["Sections"],
        "Functions": dict(list(functions.items())[:_FUNCTIONS_SHOWN]),
    }
    yield from outline(shown, console)
    if (more := len(functions) - _FUNCTIONS_SHOWN) > 0:
        yield f"and {more} smaller functions; -o json shows them all"


def _gpu_code(row: Mapping[str, Any]) -> str:
    what = row["Architecture"] or "source"
    kernels = len(row["Functions"])
    return f"{row['Kind']} {row['Form']}, {what}: {kernels} kernels, {row['SizeBytes']} bytes"


def _platform(row: Mapping[str, Any]) -> str:
    return "_".join(filter(None, (row["Os"], row["Arch"], row["Accelerator"])))


def _number(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else text(value)


def _port(row: Mapping[str, Any]) -> str:
    return f"{row['name']}: {row['dtype']}[{', '.join(map(str, row['shape']))}]"


def _shapes(bucket: Mapping[str, Any]) -> str:
    """The inputs that a library of several is for."""
    return ", ".join(f"{row['name']}={row['shape']}" for row in bucket["Model"]["Inputs"])
