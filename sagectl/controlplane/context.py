"""What an operation may use while it is carried out."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sagectl.controlplane.clock import Entropy
    from sagectl.controlplane.labelending import Consolidator
    from sagectl.controlplane.resources import Place
    from sagectl.controlplane.store import Store
    from sagectl.schema.model import ServiceModel

# Quotas of the API reference, by the kind they bound; other values are for tests.
QUOTAS: Mapping[str, int] = MappingProxyType({"Workforce": 1, "Workteam": 25, "Tag": 50})


class Context(NamedTuple):
    """One call: for whom, when, and on what.

    ``now`` is in milliseconds since the epoch. ``launch`` is called after a commit that queued
    a job. ``count_objects`` tells how many data objects an input manifest lists, or None where
    that cannot be known. ``consolidator`` makes the labels of jobs whose time is over; without
    one they stay as they are. ``workforce_ms`` is how long a workforce takes to its next state,
    and ``workforce_failures`` the share of new ones that end Failed.
    """

    store: Store
    place: Place
    operation: str
    now: int
    entropy: Entropy
    model: Callable[[], ServiceModel]
    launch: Callable[[], None]
    count_objects: Callable[[str], int | None]
    quotas: Mapping[str, int] = QUOTAS
    workforce_ms: int = 0
    workforce_failures: float = 0.0
    consolidator: Consolidator | None = None
