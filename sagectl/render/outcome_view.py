"""What became of a set: a row for every resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import Column
from sagectl.plan.change import Action
from sagectl.render.views import Listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MANY = 50  # changes; more are counted and not told one by one on a terminal
PAST = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.REPLACE: "replaced",
    Action.DELETE: "deleted",
    Action.UNCHANGED: "unchanged",
    Action.FAILED: "failed before",
}
_COLUMNS = (
    Column("RESOURCE", "Resource"),
    Column("OUTCOME", "Outcome"),
    Column("STATUS", "Status", "status"),
    Column("DETAIL", "Artifact|Proof|Reason"),
    Column("REGION", "Region", is_wide=True),
)


class Resources(Listing):
    """Rows about resources of several kinds; each says its own name."""

    __slots__ = ()

    def names(self) -> Iterable[str]:
        return (str(row["Resource"]) for row in self.rows)


def resources(rows: Iterable[Mapping[str, Any]]) -> Resources:
    """Rows with Resource, Kind, Name, Region, Outcome and, where known, Status, Reason,
    Artifact, Proof.
    """
    kept = ({key: value for key, value in row.items() if value} for row in rows)
    return Resources("Resources", kept, _COLUMNS, "", "Resource", "documents")
