"""What a search for schedules found, operator by operator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import Column
from sagectl.render.views import Computed, Listing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_COLUMNS = (
    Column("OPERATOR", "Operator"),
    Column("RESULT", "Result"),
    Column("CALLS", "Calls"),
    Computed("SHARE", lambda row: f"{row['Share']:.1%}"),
    Column("TRIALS", "Trials"),
    Computed("DEFAULT MS", lambda row: f"{row['DefaultMs']:.4f}"),
    Computed("BEST MS", lambda row: f"{row['BestMs']:.4f}"),
    Computed("RATIO", lambda row: f"{row['Ratio']:.2f}"),
    Column("KEPT", "Kept"),
)


def tuning(rows: Sequence[Mapping[str, Any]]) -> Listing:
    """The operators in the order in which they were searched."""
    return Listing("Operators", rows, _COLUMNS, "operator", "Operator", "operators")


def line(row: Mapping[str, Any]) -> str:
    """One operator as it is done."""
    end = f"kept, {row['Ratio']:.2f} of the default" if row["Kept"] else "the default stays"
    where = f"{row['Operator']} {row['Result']}"
    weight = f"{row['Calls']} calls, {row['Share']:.1%} of the time"
    return f"{where} ({weight}): {row['Trials']} trials, {end}."
