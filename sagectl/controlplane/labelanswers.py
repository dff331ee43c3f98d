"""The answers to labeling jobs, as the database has them."""

from __future__ import annotations

import json
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sagectl.controlplane.labeloutput import Submitted
from sagectl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from sqlite3 import Connection

    from sagectl.controlplane.resources import Resource


def next_free(
    db: Connection, job: Resource, total: int, worker: str, now: int, begin: int
) -> tuple[int | None, int]:
    """The first object from ``begin`` on that needs somebody and that ``worker`` has not seen.

    None where there is none before ``total``. The second number is where the next search may
    begin: what is before it has all its answers, or was seen by ``worker``, for good.
    """
    wanted = job.body["HumanTaskConfig"]["NumberOfHumanWorkersPerDataObject"]
    rows = db.execute(
        "SELECT object, worker, status, expires FROM answers"
        " WHERE resource = ? AND object >= ? ORDER BY object",
        (job.id, begin),
    )
    done = at = begin
    for number, group in groupby(rows, key=itemgetter(0)):
        if number > at:
            break
        said = held = seen = 0
        for _, who, status, expires in group:
            is_held = status == "working" and expires > now
            said += status == "submitted"
            held += is_held
            seen |= who == worker and (is_held or status != "working")
        if not seen and said + held < wanted:
            break
        at += 1
        if done == number and (seen or said >= wanted):
            done = at
    return (at if at < total else None), done


def left(db: Connection, job: Resource, total: int, worker: str, now: int) -> int:
    """How many objects of ``total`` need somebody, and were not seen by ``worker``."""
    wanted = job.body["HumanTaskConfig"]["NumberOfHumanWorkersPerDataObject"]
    gone = db.execute(
        "SELECT count(*) FROM (SELECT 1 FROM answers WHERE resource = ? GROUP BY object HAVING"
        " sum(status = 'submitted' OR (status = 'working' AND expires > ?)) >= ?"
        " OR max(worker = ? AND (status != 'working' OR expires > ?)))",
        (job.id, now, wanted, worker, now),
    ).fetchone()[0]
    return total - int(gone)


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


def submitted(db: Connection, job: Resource, number: int | None = None) -> int:
    """How many answers a job has, or one object of it."""
    of, values = ("", ()) if number is None else (" AND object = ?", (number,))
    count = db.execute(
        f"SELECT count(*) FROM answers WHERE resource = ? AND status = 'submitted'{of}",
        (job.id, *values),
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
