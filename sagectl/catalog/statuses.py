"""The states a job passes through, as the service model spells them."""

from __future__ import annotations

from typing import NamedTuple


class StatusSet(NamedTuple):
    """The statuses of one kind: how it starts, how it can end, and how it ends well."""

    running: tuple[str, ...]
    succeeded: tuple[str, ...]
    failed: tuple[str, ...]

    @property
    def final(self) -> frozenset[str]:
        return frozenset(self.succeeded + self.failed)

    def is_final(self, status: str) -> bool:
        return status in self.final


COMPILATION = StatusSet(
    running=("STARTING", "INPROGRESS", "STOPPING"),
    succeeded=("COMPLETED",),
    failed=("FAILED", "STOPPED"),
)
LABELING = StatusSet(
    running=("Initializing", "InProgress", "Stopping"),
    succeeded=("Completed",),
    failed=("Failed", "Stopped"),
)
WORKFORCE = StatusSet(
    running=("Initializing", "Updating", "Deleting"),
    succeeded=("Active",),
    failed=("Failed",),
)
