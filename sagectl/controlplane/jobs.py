"""The queue of jobs that have not ended: who works on which, and what becomes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.catalog.kinds import KINDS
from sagectl.controlplane import resources
from sagectl.controlplane.resources import COLUMNS, Resource, resource

if TYPE_CHECKING:
    from sqlite3 import Connection

    from sagectl.controlplane.store import Store

_JOB = ", ".join(f"r.{column}" for column in COLUMNS.split(", "))
_SELECT = (
    f"SELECT {_JOB}, j.owner, j.pid, j.lease_until, j.attempts, j.stop_requested"
    " FROM jobs j JOIN resources r ON r.id = j.resource"
)


class Job(NamedTuple):
    """A job that has not ended. Without an ``owner`` it is queued.

    ``attempts`` counts how often it was claimed; ``lease_until`` is in milliseconds.
    """

    resource: Resource
    owner: str | None
    pid: int | None
    lease_until: int | None
    attempts: int
    stop_requested: bool

    @property
    def name(self) -> str:
        return self.resource.name

    @property
    def is_queued(self) -> bool:
        return self.owner is None


def enqueue(db: Connection, new: Resource) -> None:
    """Put a resource just inserted at the end of the queue; within its transaction."""
    db.execute("INSERT INTO jobs (resource) VALUES (?)", (new.id,))


def request_stop(db: Connection, running: Resource) -> bool:
    """Ask whoever works on a job to stop; False if nobody does and it may end at once."""
    row = db.execute(
        "UPDATE jobs SET stop_requested = 1 WHERE resource = ? RETURNING owner", (running.id,)
    ).fetchone()
    return row is not None and row[0] is not None


def finish(db: Connection, ended: Resource) -> None:
    """Take a job out of the queue; within the transaction that records its end."""
    db.execute("DELETE FROM jobs WHERE resource = ?", (ended.id,))


def active(store: Store, kind: str = "CompilationJob") -> tuple[Job, ...]:
    """All jobs that have not ended, oldest first, of every account and region."""
    with store.reading() as db:
        rows = db.execute(f"{_SELECT} WHERE r.kind = ? ORDER BY r.id", (kind,))
        return tuple(map(_job, rows))


def held(store: Store, kind: str = "CompilationJob") -> tuple[Job, ...]:
    """The jobs that somebody works on, or did until it died, oldest first."""
    with store.reading() as db:
        rows = db.execute(
            f"{_SELECT} WHERE j.owner IS NOT NULL AND r.kind = ? ORDER BY r.id", (kind,)
        )
        return tuple(map(_job, rows))


def is_any_queued(store: Store, kind: str = "CompilationJob") -> bool:
    """Whether a job waits for somebody to take it."""
    with store.reading() as db:
        row = db.execute(
            "SELECT 1 FROM jobs j JOIN resources r ON r.id = j.resource"
            " WHERE j.owner IS NULL AND r.kind = ? LIMIT 1",
            (kind,),
        ).fetchone()
    return row is not None


def find(store: Store, account: str, region: str, name: str) -> Job | None:
    """The compilation job of that name, if it has not ended."""
    with store.reading() as db:
        row = db.execute(
            f"{_SELECT} WHERE r.kind = 'CompilationJob'"
            " AND r.account = ? AND r.region = ? AND r.name = ?",
            (account, region, name),
        ).fetchone()
    return _job(row) if row else None


def claim(
    store: Store, owner: str, *, now: int, lease_ms: int, kind: str = "CompilationJob"
) -> Job | None:
    """Take the oldest queued job for ``owner``; two owners never get the same one.

    The job's status is left as it is: record INPROGRESS when work begins.
    """
    with store.writing() as db:
        row = db.execute(
            "UPDATE jobs SET owner = ?, pid = NULL, lease_until = ?, attempts = attempts + 1"
            " WHERE resource = (SELECT j.resource FROM jobs j"
            " JOIN resources r ON r.id = j.resource"
            " WHERE j.owner IS NULL AND r.kind = ? ORDER BY j.resource LIMIT 1)"
            " RETURNING resource",
            (owner, now + lease_ms, kind),
        ).fetchone()
        return _by_id(db, row[0]) if row else None


def heartbeat(
    store: Store, job: Job, *, now: int, lease_ms: int, pid: int | None = None
) -> Job | None:
    """Prolong the owner's lease and look: the job as it is now, or None if it was lost.

    ``stop_requested`` of what comes back says whether to stop. ``pid`` is kept once given.
    """
    with store.writing() as db:
        found = db.execute(
            "UPDATE jobs SET lease_until = ?, pid = coalesce(?, pid)"
            " WHERE resource = ? AND owner = ?",
            (now + lease_ms, pid, job.resource.id, job.owner),
        ).rowcount
        return _by_id(db, job.resource.id) if found else None


def record(store: Store, job: Job, status: str, *, now: int, **fields: Any) -> Job | None:
    """Keep what became of a job: its status, and fields merged into its body.

    A final status takes it out of the queue. A status that is not final never hides a stop
    that was asked for. Returns the job as kept, or None, with nothing changed, if ``job.owner``
    holds it no longer.
    """
    is_final = _is_final(job.resource.kind, status)
    with store.writing() as db:
        current = _by_id(db, job.resource.id)
        if current is None or current.owner != job.owner:
            return None
        old = current.resource
        kept = old.status if current.stop_requested and not is_final else status
        new = resources.save(db, old, now=now, status=kept, body={**old.body, **fields})
        if is_final:
            finish(db, new)
        return _with(current, new)


def release(store: Store, job: Job, status: str, *, now: int, is_attempt: bool = True) -> bool:
    """Put a job that its owner left back in the queue; False if it is no longer that owner's.

    ``is_attempt`` says whether what was done of it counts among its ``attempts``.
    """
    with store.writing() as db:
        current = _by_id(db, job.resource.id)
        if current is None or current.owner != job.owner:
            return False
        resources.save(db, current.resource, now=now, status=status)
        db.execute(
            "UPDATE jobs SET owner = NULL, pid = NULL, lease_until = NULL,"
            " attempts = attempts - ? WHERE resource = ?",
            (0 if is_attempt else 1, job.resource.id),
        )
        return True


def _is_final(kind: str, status: str) -> bool:
    statuses = KINDS[kind].statuses
    return statuses is not None and statuses.is_final(status)


def _by_id(db: Connection, key: int) -> Job | None:
    row = db.execute(f"{_SELECT} WHERE j.resource = ?", (key,)).fetchone()
    return _job(row) if row else None


def _with(old: Job, new: Resource) -> Job:
    return Job(new, old.owner, old.pid, old.lease_until, old.attempts, old.stop_requested)


def _job(row: tuple[Any, ...]) -> Job:
    owner, pid, lease_until, attempts, stop_requested = row[-5:]
    return Job(resource(row[:-5]), owner, pid, lease_until, attempts, bool(stop_requested))
