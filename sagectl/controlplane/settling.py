"""Workforces on their way to a state: time alone moves them, whoever looks sees them arrive."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sagectl.controlplane import faults, resources
from sagectl.controlplane.resources import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from sqlite3 import Connection

    from sagectl.controlplane.context import Context
    from sagectl.controlplane.resources import Resource

KIND = "Workforce"
MOVING = ("Initializing", "Updating", "Deleting")
FAILURE = "The workforce could not be set up: the local plane was told to let some fail."
# Fields of a body, never shown: when it arrives (milliseconds since the epoch), and at what.
_DUE, _STATUS = "SettlesAt", "SettlesAs"


def moving(
    context: Context, status: str, body: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """The status and body of a workforce that sets out now; without a delay it is there."""
    rest = {name: value for name, value in body.items() if name != "FailureReason"}
    goal = "Active"
    if status == "Initializing" and _is_unlucky(context):
        goal = "Failed"
    if context.workforce_ms:
        return status, {**rest, _DUE: context.now + context.workforce_ms, _STATUS: goal}
    return goal, rest | ({"FailureReason": FAILURE} if goal == "Failed" else {})


def settle(context: Context) -> None:
    """Let the workforces of this account and region arrive whose time has come."""
    query = (
        f"SELECT {COLUMNS} FROM resources WHERE kind = ? AND account = ? AND region = ?"
        " AND status IN (?, ?, ?)"
    )
    values = (KIND, *context.place, *MOVING)
    with context.store.reading() as db:
        if not any(_is_due(row[-1], context.now) for row in db.execute(query, values)):
            return
    with context.store.writing() as db:
        for row in db.execute(query, values).fetchall():
            if _is_due(row[-1], context.now):
                _arrive(context, db, resources.resource(row))


def require_settled(workforce: Resource) -> None:
    """Raises ConflictException for a workforce that is on its way to another state."""
    if workforce.status in MOVING:
        raise faults.conflict(
            f"The workforce {workforce.name!r} is {workforce.status}.",
            hint="Wait until it is Active.",
        )


def _is_due(body: str, now: int) -> bool:
    due: int = json.loads(body).get(_DUE, now)
    return due <= now


def _arrive(context: Context, db: Connection, old: Resource) -> None:
    due = old.body.get(_DUE, context.now)
    if old.status == "Deleting":
        resources.remove(db, old, now=due)
        return
    status = old.body.get(_STATUS, "Active")
    body = {name: value for name, value in old.body.items() if name not in (_DUE, _STATUS)}
    if status == "Failed":
        body["FailureReason"] = FAILURE
    resources.save(db, old, now=due, status=status, body=body)


def _is_unlucky(context: Context) -> bool:
    if not context.workforce_failures:
        return False
    return int.from_bytes(context.entropy(4), "big") < context.workforce_failures * (1 << 32)
