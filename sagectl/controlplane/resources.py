"""The rows of resources: workforces, work teams, jobs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.catalog.regions import arn
from sagectl.controlplane import events

if TYPE_CHECKING:
    from collections.abc import Mapping
    from sqlite3 import Connection

    from sagectl.controlplane.store import Store


class Place(NamedTuple):
    """Whose resources, and where."""

    account: str
    region: str


class Resource(NamedTuple):
    """One resource; ``body`` holds its fields in the service's spelling.

    ``created`` and ``modified`` are milliseconds since the epoch, as are times in ``body``.
    """

    id: int
    kind: str
    place: Place
    name: str
    status: str
    parent: str | None
    created: int
    modified: int
    body: Mapping[str, Any]

    @property
    def arn(self) -> str:
        return arn(self.kind, self.name, account=self.place.account, region=self.place.region)


_JSON = json.JSONDecoder()
COLUMNS = "id, kind, account, region, name, status, parent, created, modified, body"
# The same in one text, two lines of JSON.
TEXT = f"json_array({COLUMNS.removesuffix(', body')}) || char(10) || body"


def resource_of(text: str) -> Resource:
    """The resource that a row of TEXT holds."""
    head, body = text.split("\n")
    return resource((*json.loads(head), body))


def resource(row: tuple[Any, ...]) -> Resource:
    """The resource that a row of COLUMNS holds."""
    key, kind, account, region, name, status, parent, created, modified, body = row
    place = Place(account, region)
    fields, _ = _JSON.raw_decode(body)
    return Resource(key, kind, place, name, status, parent, created, modified, fields)


def find(db: Connection, kind: str, place: Place, name: str) -> Resource | None:
    """The resource of that name, if there is one."""
    row = db.execute(
        f"SELECT {COLUMNS} FROM resources"
        " WHERE kind = ? AND account = ? AND region = ? AND name = ?",
        (kind, *place, name),
    ).fetchone()
    return resource(row) if row else None


def first(db: Connection, kind: str, place: Place) -> Resource | None:
    """The oldest resource of a kind, if there is one."""
    row = db.execute(
        f"SELECT {COLUMNS} FROM resources"
        " WHERE kind = ? AND account = ? AND region = ? ORDER BY created LIMIT 1",
        (kind, *place),
    ).fetchone()
    return resource(row) if row else None


def count(db: Connection, kind: str, place: Place) -> int:
    """How many resources of a kind there are."""
    found: int = db.execute(
        "SELECT count(*) FROM resources WHERE kind = ? AND account = ? AND region = ?",
        (kind, *place),
    ).fetchone()[0]
    return found


def is_seen(store: Store, known: Resource) -> bool:
    """Whether reads see a resource, which is there; some stores' are late."""
    if not store.is_late:
        return True
    with store.reading() as db:
        return find(db, known.kind, known.place, known.name) is not None


def has_children(db: Connection, parent: str) -> bool:
    """Whether any resource belongs to ``parent`` (an ARN)."""
    row = db.execute("SELECT 1 FROM resources WHERE parent = ? LIMIT 1", (parent,)).fetchone()
    return row is not None


def insert(
    db: Connection,
    kind: str,
    place: Place,
    name: str,
    body: Mapping[str, Any],
    *,
    status: str,
    now: int,
    parent: str | None = None,
) -> Resource:
    """Keep a new resource; its name must be free."""
    key = db.execute(
        "INSERT INTO resources"
        " (kind, account, region, name, status, parent, created, modified, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (kind, *place, name, status, parent, now, now, _text(body)),
    ).lastrowid
    assert key is not None
    events.record(db, kind, place, name, status or "Created", now=now)
    return Resource(key, kind, place, name, status, parent, now, now, body)


def save(
    db: Connection,
    old: Resource,
    *,
    now: int,
    status: str | None = None,
    body: Mapping[str, Any] | None = None,
) -> Resource:
    """Keep a resource's new status, body or both."""
    new = old._replace(
        status=status or old.status,
        body=old.body if body is None else body,
        modified=now,
    )
    db.execute(
        "UPDATE resources SET status = ?, modified = ?, body = ? WHERE id = ?",
        (new.status, new.modified, _text(new.body), new.id),
    )
    if new.status != old.status or not new.status:
        told, reason = new.status or "Updated", new.body.get("FailureReason")
        events.record(db, new.kind, new.place, new.name, told, now=now, reason=reason)
    return new


def remove(db: Connection, old: Resource, *, now: int) -> None:
    """Forget a resource, its tags and its place in the queue."""
    db.execute("DELETE FROM resources WHERE id = ?", (old.id,))
    events.record(db, old.kind, old.place, old.name, "Deleted", now=now)


def _text(body: Mapping[str, Any]) -> str:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)
