"""What became of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sagectl.plan.events import Done, Failed, Skipped


class Outcome(NamedTuple):
    """Every pending change is in exactly one of the three."""

    done: tuple[Done, ...] = ()
    failed: tuple[Failed, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    was_interrupted: bool = False

    @property
    def is_complete(self) -> bool:
        return not self.failed and not self.skipped
