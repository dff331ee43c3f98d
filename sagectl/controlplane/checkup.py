"""Whether what a state directory keeps is whole, and holds together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sagectl.controlplane.objects import ObjectStore
from sagectl.controlplane.resources import Place
from sagectl.controlplane.store import DATABASE, KEY, Store
from sagectl.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from sqlite3 import Connection

_ENDED = "('COMPLETED', 'FAILED', 'STOPPED')"
# What is asked -> a query that finds what speaks against it, one text a row.
_QUERIES = {
    "the database is not damaged": "SELECT integrity_check FROM pragma_integrity_check"
    " WHERE integrity_check != 'ok'",
    "every row can be read": "SELECT kind || ' ' || name FROM resources"
    " WHERE NOT json_valid(body)"
    " UNION ALL SELECT kind || ' ' || name FROM records WHERE NOT json_valid(body)",
    "no row refers to one that is gone": 'SELECT "table" FROM pragma_foreign_key_check',
    "every job that has not ended is queued or worked on": "SELECT name FROM resources r"
    f" WHERE kind = 'CompilationJob' AND status NOT IN {_ENDED}"
    " AND NOT EXISTS (SELECT 1 FROM jobs WHERE resource = r.id)",
    "no job that has ended is queued": "SELECT name FROM resources r"
    f" WHERE kind = 'CompilationJob' AND status IN {_ENDED}"
    " AND EXISTS (SELECT 1 FROM jobs WHERE resource = r.id)",
    "every work team has its workforce": "SELECT name FROM resources t WHERE kind = 'Workteam'"
    " AND NOT EXISTS (SELECT 1 FROM resources w WHERE w.kind = 'Workforce'"
    " AND w.account = t.account AND w.region = t.region)",
}
_ARTIFACTS = (
    "SELECT account, region, name, json_extract(body, '$.ModelArtifacts.S3ModelArtifacts')"
    " FROM resources WHERE kind = 'CompilationJob' AND status = 'COMPLETED'"
)


class Finding(NamedTuple):
    """One question, and what speaks against it; nothing does where it is well."""

    question: str
    against: tuple[str, ...]


def checkup(state: Path) -> list[Finding]:
    """The answers to all questions. Raises StateError where the database cannot be read."""
    store = Store(state)
    findings = [Finding("nobody else may read it", tuple(_readable(state)))]
    with store.reading() as db:
        for question, query in _QUERIES.items():
            rows = tuple(str(row[0]) for row in db.execute(query))
            findings.append(Finding(question, rows))
        missing = tuple(_missing_packages(db, ObjectStore(state)))
    store.close()
    return [*findings, Finding("every package of a completed job is there", missing)]


def _readable(state: Path) -> Iterator[str]:
    for place in (state, state / DATABASE, state / KEY):
        if place.exists() and place.stat().st_mode & 0o077:
            yield f"{place} has mode {place.stat().st_mode & 0o777:o}"


def _missing_packages(db: Connection, objects: ObjectStore) -> Iterator[str]:
    for account, region, name, uri in db.execute(_ARTIFACTS):
        try:
            objects.path(uri or "")
        except (InputError, NotFoundError):
            yield f"{'/'.join(Place(account, region))}/{name}: {uri}"
