"""What happened to resources, in the shape that EventBridge gives to such news."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.catalog.kinds import KINDS
from sagectl.catalog.regions import arn

if TYPE_CHECKING:
    from collections.abc import Mapping
    from sqlite3 import Connection

    from sagectl.controlplane.resources import Place
    from sagectl.controlplane.store import Store

# Older ones are forgotten, so that a state directory does not grow by being used.
EVENTS_KEPT = 10_000
_PAGE = 500
# Kind -> EventBridge's ``detail-type``. The first is the service's own (developer guide,
# "Monitor labeling jobs"); it sends none for the others, so theirs follow it.
TYPES: Mapping[str, str] = MappingProxyType(
    {
        "LabelingJob": "SageMaker Ground Truth Labeling Job State Change",
        "CompilationJob": "SageMaker Compilation Job State Change",
        "Workforce": "SageMaker Workforce State Change",
        "Workteam": "SageMaker Work Team State Change",
    }
)


class Event(NamedTuple):
    """One change; ``id`` counts up, ``time`` is in milliseconds since the epoch."""

    id: int
    time: int
    kind: str
    account: str
    region: str
    name: str
    status: str
    reason: str | None

    def as_dict(self) -> dict[str, Any]:
        """The event as EventBridge would deliver it."""
        from sagectl.controlplane.clock import timestamp

        kind = KINDS[self.kind]
        own = arn(self.kind, self.name, account=self.account, region=self.region)
        detail = {
            kind.name_field: self.name,
            f"{self.kind}Arn": own,
            f"{self.kind}Status": self.status,
        }
        if self.reason:
            detail["FailureReason"] = self.reason
        return {
            "version": "0",
            "id": f"{self.time & 0xFFFFFFFF:08x}-0000-4000-8000-{self.id:012x}",
            "detail-type": TYPES[self.kind],
            "source": "aws.sagemaker",
            "account": self.account,
            "time": timestamp(self.time).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": self.region,
            "resources": [own],
            "detail": detail,
        }


def record(
    db: Connection,
    kind: str,
    place: Place,
    name: str,
    status: str,
    *,
    now: int,
    reason: str | None = None,
) -> None:
    """Keep an event; within the transaction of the change that it tells of."""
    key = db.execute(
        "INSERT INTO events (time, kind, account, region, name, status, reason)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (now, kind, *place, name, status, reason),
    ).lastrowid
    if key is not None and key % _PAGE == 0:
        db.execute("DELETE FROM events WHERE id <= ?", (key - EVENTS_KEPT,))


def events_after(store: Store, key: int) -> list[Event]:
    """The events behind the one of that id, oldest first; at most a page of them."""
    with store.reading() as db:
        rows = db.execute(
            "SELECT id, time, kind, account, region, name, status, reason FROM events"
            " WHERE id > ? ORDER BY id LIMIT ?",
            (key, _PAGE),
        )
        return [Event(*row) for row in rows]


def last_event(store: Store) -> int:
    """The id of the newest event; 0 if there is none."""
    with store.reading() as db:
        found: int = db.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0]
    return found
