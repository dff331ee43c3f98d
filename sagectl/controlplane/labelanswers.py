"""The answers to labeling jobs, as the database has them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sagectl.controlplane.labeloutput import Submitted
from sagectl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from sqlite3 import Connection

    from sagectl.controlplane.resources import Resource


def free(db: Connection, job: Resource, total: int, worker: str, now: int) -> list[int]:
    """The objects of ``total`` that still need somebody, and that ``worker`` has not seen."""
    wanted = job.body["HumanTaskConfig"]["NumberOfHumanWorkersPerDataObject"]
    taken: dict[int, int] = {}
    seen: set[int] = set()
    rows = db.execute(
        "SELECT object, worker, status, expires FROM answers WHERE resource = ?", (job.id,)
    )
    for number, who, status, expires in rows:
        if status == "submitted" or (status == "working" and expires > now):
            taken[number] = taken.get(number, 0) + 1
            if who == worker:
                seen.add(number)
        elif status == "skipped" and who == worker:
            seen.add(number)
    return [
        number
        for number in range(total)
        if number not in seen and taken.get(number, 0) < wanted
    ]


def counts(db: Connection, job: Resource) -> dict[int, int]:
    """How many answers there are for each object that has any."""
    return dict(
        db.execute(
            "SELECT object, count(*) FROM answers"
            " WHERE resource = ? AND status = 'submitted' GROUP BY object",
            (job.id,),
        ).fetchall()
    )


def by_object(db: Connection, job: Resource) -> dict[int, list[Submitted]]:
    """What was submitted for each object, in the order it came."""
    found: dict[int, list[Submitted]] = {}
    rows = db.execute(
        "SELECT object, worker, accepted, submitted, content FROM answers"
        " WHERE resource = ? AND status = 'submitted'"
        " ORDER BY object, submitted, rowid",
        (job.id,),
    )
    for number, worker, accepted, at, content in rows:
        answer = Submitted(worker, accepted, at, json.loads(content))
        found.setdefault(number, []).append(answer)
    return found


def submitted(db: Connection, job: Resource) -> int:
    """How many answers a job has."""
    count = db.execute(
        "SELECT count(*) FROM answers WHERE resource = ? AND status = 'submitted'", (job.id,)
    ).fetchone()
    return int(count[0])


def require_open(db: Connection, job: Resource) -> None:
    """Raises InputError for a job that takes no answers any more."""
    row = db.execute("SELECT status FROM resources WHERE id = ?", (job.id,)).fetchone()
    status = row[0] if row else "deleted"
    if status != "InProgress":
        raise InputError(f"the labeling job {job.name} is {status} and takes no answers")


def kept(db: Connection, job: Resource, number: int, worker: str) -> Any:
    """What ``worker`` submitted for an object, if anything."""
    row = db.execute(
        "SELECT content FROM answers WHERE resource = ? AND object = ? AND worker = ?"
        " AND status = 'submitted'",
        (job.id, number, worker),
    ).fetchone()
    return row and json.loads(row[0])


def beside(db: Connection, job: Resource, number: int, worker: str) -> Mapping[str, Any] | None:
    """What another worker submitted for the same object."""
    row = db.execute(
        "SELECT content FROM answers WHERE resource = ? AND object = ? AND worker != ?"
        " AND status = 'submitted' LIMIT 1",
        (job.id, number, worker),
    ).fetchone()
    found: Mapping[str, Any] | None = row and json.loads(row[0])
    return found
