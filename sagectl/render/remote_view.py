"""What was measured on a board, as something to show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import Column
from sagectl.render.views import Listing, Report

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_COLUMNS = (
    Column("ENGINE", "engine"),
    Column("RUNS", "runs"),
    Column("P50 MS", "p50_ms"),
    Column("P90 MS", "p90_ms"),
    Column("P99 MS", "p99_ms"),
)


def remote(found: Mapping[str, Any]) -> Report:
    """How long a package takes on a board, and how far its outputs are off."""
    return Report(
        found,
        Listing("Engines", found["Engines"], _COLUMNS, "engine", "engine", "engines"),
        lambda _: _lines(found),
    )


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    for row in found["Engines"]:
        times = ", ".join(
            f"{name} {row[f'{name}_ms']:.3f} ms" for name in ("p50", "p90", "p99")
        )
        yield f"{row['engine']}: {times}; {row['runs']} samples, measured there."
    for row in found["Outputs"]:
        same = "same" if row["passed"] else "DIFFERENT"
        yield (
            f"{same}  {row['output']}: largest difference {row['largest']:.3g} on values up "
            f"to {row['scale']:.3g}"
        )
