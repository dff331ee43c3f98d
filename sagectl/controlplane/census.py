"""How many resources of which kind and status there are, over all accounts and regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.controlplane.store import Store


def census(store: Store) -> dict[str, dict[str, int]]:
    """Kind -> status -> count."""
    counts: dict[str, dict[str, int]] = {}
    with store.reading() as db:
        rows = db.execute(
            "SELECT kind, status, count(*) FROM resources GROUP BY kind, status ORDER BY 1, 2"
        )
        for kind, status, count in rows:
            counts.setdefault(kind, {})[status] = count
    return counts
