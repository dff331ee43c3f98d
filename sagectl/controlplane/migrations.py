"""The database's layout, as the steps that lead to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.errors import StateError

if TYPE_CHECKING:
    from pathlib import Path
    from sqlite3 import Connection

# "sage" in ASCII: says that a SQLite file is ours.
APPLICATION_ID = 0x73616765

# Step n takes a database of version n to n + 1. Never edit one that was released: append.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        # Times are milliseconds since the epoch. ``body`` is JSON in the service's spelling.
        # ``parent`` is the ARN of what a resource belongs to: a team's workforce, a labeling
        # job's team.
        """CREATE TABLE resources (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,
            status TEXT NOT NULL, parent TEXT,
            created INTEGER NOT NULL, modified INTEGER NOT NULL, body TEXT NOT NULL,
            UNIQUE (kind, account, region, name))""",
        # One index for each sort order of the list operations; the rowid ends each of them.
        "CREATE INDEX resources_created ON resources (kind, account, region, created)",
        "CREATE INDEX resources_status ON resources (kind, account, region, status, created)",
        "CREATE INDEX resources_parent ON resources (parent, created) WHERE parent IS NOT NULL",
        """CREATE TABLE tags (
            resource INTEGER NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
            key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (resource, key))""",
        # Jobs that have not ended: without an owner they are queued.
        """CREATE TABLE jobs (
            resource INTEGER PRIMARY KEY REFERENCES resources (id) ON DELETE CASCADE,
            owner TEXT, pid INTEGER, lease_until INTEGER,
            attempts INTEGER NOT NULL DEFAULT 0, stop_requested INTEGER NOT NULL DEFAULT 0)""",
        # Roles of which one process at a time may hold each.
        """CREATE TABLE leases (
            name TEXT PRIMARY KEY, owner TEXT NOT NULL, pid INTEGER NOT NULL,
            boot TEXT NOT NULL, beat INTEGER NOT NULL)""",
        # What Search looks through.
        """CREATE TABLE records (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,
            modified INTEGER NOT NULL, body TEXT NOT NULL,
            UNIQUE (kind, account, region, name))""",
        "CREATE INDEX records_modified ON records (kind, account, region, modified)",
    ),
    (
        # What happened to resources, the latest EVENTS_KEPT of it; kept with the change itself.
        """CREATE TABLE events (
            id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL,
            kind TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,
            status TEXT NOT NULL, reason TEXT)""",
    ),
    (
        # The people who label, with a salted hash of what they sign in with; groups are JSON.
        """CREATE TABLE people (
            account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,
            groups TEXT NOT NULL, secret TEXT NOT NULL, created INTEGER NOT NULL,
            PRIMARY KEY (account, region, name))""",
        # What a worker does with an object (numbered from 0): working, submitted or skipped.
        # ``content`` is JSON, the elements of the submitted form.
        """CREATE TABLE answers (
            resource INTEGER NOT NULL REFERENCES resources (id) ON DELETE CASCADE,
            object INTEGER NOT NULL, worker TEXT NOT NULL, status TEXT NOT NULL,
            accepted INTEGER NOT NULL, expires INTEGER NOT NULL, submitted INTEGER,
            content TEXT, PRIMARY KEY (resource, object, worker))""",
    ),
    (
        # The properties whose keys are kept, and what the records hold under them: their
        # values in order, the first in place 0, where a record without one has NULL.
        """CREATE TABLE search_properties (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL,
            name TEXT NOT NULL, type TEXT NOT NULL,
            UNIQUE (kind, account, region, name, type))""",
        """CREATE TABLE search_keys (
            property INTEGER NOT NULL REFERENCES search_properties (id) ON DELETE CASCADE,
            record INTEGER NOT NULL, place INTEGER NOT NULL, value,
            PRIMARY KEY (property, record, place)) WITHOUT ROWID""",
        "CREATE INDEX search_keys_value ON search_keys (property, value, record)",
    ),
    (
        # The tasks in a worker's hands, without a look at all that was answered.
        "CREATE INDEX answers_working ON answers (resource, worker) WHERE status = 'working'",
    ),
)

CURRENT = len(MIGRATIONS)


def version(db: Connection) -> int:
    """How many steps ``db`` has behind it."""
    found: int = db.execute("PRAGMA user_version").fetchone()[0]
    return found


def migrate(db: Connection, path: Path) -> None:
    """Bring ``db`` to the current layout, in one transaction.

    Raises StateError for a database of a newer sagectl, or one that is not sagectl's.
    """
    check(db, path)
    db.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been quicker.
        for step in range(version(db), CURRENT):
            for statement in MIGRATIONS[step]:
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {step + 1}")
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def check(db: Connection, path: Path) -> bool:
    """Whether ``db`` has the current layout; False asks for a migration.

    Raises StateError for a database of a newer sagectl, or one that is not sagectl's.
    """
    found = version(db)
    owner = db.execute("PRAGMA application_id").fetchone()[0]
    if owner != APPLICATION_ID and db.execute("SELECT 1 FROM sqlite_schema").fetchone():
        raise StateError(
            f"{path} is a database, but not one of sagectl's",
            hint="Move it away, or set SAGECTL_HOME to another directory.",
        )
    if found > CURRENT:
        raise StateError(
            f"{path} is of layout {found}, made by a newer sagectl; this one knows {CURRENT}",
            hint="Upgrade sagectl, or set SAGECTL_HOME to another directory.",
        )
    return found == CURRENT
