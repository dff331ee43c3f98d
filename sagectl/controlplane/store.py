"""The database file of a state directory: connections, transactions, and what can go wrong."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sagectl.controlplane import migrations
from sagectl.controlplane.mishaps import DENIED, explained, reached, unreachable
from sagectl.errors import StateError
from sagectl.settings import make_private

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from sqlite3 import Connection

DATABASE = "plane.db"
LOG = DATABASE + "-wal"
KEY = "plane.key"
_LOCK = "plane.lock"
_KEY_BYTES = 32


class Store:
    """One database, shared by any number of threads and processes.

    Nothing is made until the first change; until then reads see an empty database.
    With ``create=False`` a missing database is a StateError to a writer. ``flush``
    is called after each commit, before it is acknowledged: a Flush of LOG, for what is to
    survive a power cut and not only the end of the process.
    """

    # Whether reads may see what is no longer, or not yet, so.
    is_late = False

    def __init__(
        self,
        state: Path,
        *,
        create: bool = True,
        busy_seconds: float = 10.0,
        flush: Callable[[], None] | None = None,
    ) -> None:
        self.state = state
        self.path = state / DATABASE
        self._create = create
        self._busy_seconds = busy_seconds
        self.flush = flush
        # Threads queue here rather than in SQLite's busy handler, which sleeps.
        self._writer = threading.Lock()
        self._idle: list[Connection] = []
        self._inherited: list[Connection] = []
        self._identity: tuple[int, int] | None = None
        self._process = os.getpid()
        self._moment = threading.local()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one moment of the database throughout."""
        if (moment := getattr(self._moment, "db", None)) is not None:
            yield moment
            return
        with explained(self.path), self._connection() as db:
            db.execute("BEGIN")
            try:
                yield db
            finally:
                if db.in_transaction:
                    db.execute("ROLLBACK")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """What this thread reads in the block, it reads of one moment, and many times faster.

        Blocks do not nest; what the thread writes meanwhile is not seen.
        """
        with self.reading() as db:
            self._moment.db = db
            try:
                yield
            finally:
                del self._moment.db

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One change: all of it is kept when the block ends, or none if it raises.

        Raises StateError where the database cannot be changed; never makes one anew
        where there is a damaged one. Blocks do not nest.
        """
        self._prepare()
        with explained(self.path), self._writer, self._connection() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            finally:
                if db.in_transaction:
                    db.execute("ROLLBACK")
        if self.flush is not None:
            # The next writer goes ahead meanwhile, and its commit may share a later flush.
            with reached(self.state):
                self.flush()

    def exists(self) -> bool:
        """Whether anything was ever kept here."""
        return self._seen() is not None

    def make(self) -> None:
        """Make the database, unless it is there."""
        self._prepare(changes=False)

    def key(self) -> bytes:
        """The secret of this state directory, made with the database."""
        self._prepare(changes=False)
        with reached(self.state):
            place = self.state / KEY
            if place.exists():
                return place.read_bytes()
            with self._alone():
                return self._made_key()

    def close(self) -> None:
        """Close the connections that nobody uses."""
        self._close_idle()

    def _close_idle(self) -> None:
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection in no transaction, for what SQLite does as a whole, such as a copy."""
        with explained(self.path), self._connection() as db:
            yield db

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        db, identity = self._borrowed()
        try:
            yield db
        finally:
            if identity == self._identity and self._process == os.getpid():
                self._idle.append(db)
            else:
                db.close()

    def _borrowed(self) -> tuple[Connection, tuple[int, int] | None]:
        if self._process != os.getpid():
            # SQLite forbids a forked child to use, or close, what it inherited.
            self._inherited.extend(self._idle)
            self._idle, self._process = [], os.getpid()
            self._writer = threading.Lock()
        identity = self._seen()
        if identity != self._identity:
            # Removed or replaced (reset, restore): old connections still see the old file.
            self._close_idle()
            self._identity = identity
        try:
            return self._idle.pop(), identity
        except IndexError:
            return self._unshared(), identity

    def _unshared(self) -> Connection:
        """A connection that nobody else has; to an empty database where there is none yet."""
        return self._opened() if self._seen() else _empty()

    def _seen(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise unreachable(error, self.path) from error
        return found.st_dev, found.st_ino

    def _opened(self) -> Connection:
        if os.access(self.state, os.W_OK) and os.access(self.path, os.W_OK):
            db = self._connected("rw")
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute("PRAGMA foreign_keys = ON")
            if not migrations.check(db, self.path):
                migrations.migrate(db, self.path)
            return db
        return self._opened_to_read()

    def _opened_to_read(self) -> Connection:
        journal = self.path.with_name(LOG)
        quiet = not journal.exists() or journal.stat().st_size == 0
        # Without a journal nobody writes, so the file may be read with no locks beside it.
        db = self._connected("ro&immutable=1" if quiet else "ro")
        if not migrations.check(db, self.path):
            raise StateError(
                f"{self.path} is of an older layout and cannot be brought up to date here",
                hint="Make the state directory writable once.",
            )
        return db

    def _connected(self, mode: str) -> Connection:
        import sqlite3

        # What a URI gives a meaning of its own; importing a quoting function costs more.
        path = str(self.path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
        return sqlite3.connect(
            f"file:{path}?mode={mode}",
            uri=True,
            timeout=self._busy_seconds,
            isolation_level=None,
            check_same_thread=False,
        )

    def _prepare(self, *, changes: bool = True) -> None:
        """Make the directory, the database and the key where they are missing."""
        if self._seen():
            if changes and not os.access(self.state, os.W_OK):
                raise StateError(f"{self.path} {DENIED[0]}", hint=DENIED[1])
            return
        if not self._create:
            raise StateError(
                f"{self.path} is gone", hint="The state directory was removed meanwhile."
            )
        with reached(self.state):
            make_private(self.state)
            with explained(self.path), self._alone():
                if not self._seen():
                    self._made_key()
                    self._made_database()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        import fcntl

        descriptor = os.open(self.state / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _made_key(self) -> bytes:
        place = self.state / KEY
        if not place.exists():
            _written(place, os.urandom(_KEY_BYTES))
        return place.read_bytes()

    def _made_database(self) -> None:
        """Make the database beside its place, then move it there: never half of one."""
        import sqlite3

        draft = self.path.with_name(DATABASE + ".new")
        for leftover in self.state.glob(DATABASE + ".new*"):
            leftover.unlink()
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        db = sqlite3.connect(draft, isolation_level=None)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            migrations.migrate(db, self.path)
        finally:
            db.close()
        draft.replace(self.path)


def _empty() -> Connection:
    """What reads see where nothing was kept yet."""
    import sqlite3

    db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    migrations.migrate(db, Path(":memory:"))
    return db


def _written(place: Path, content: bytes) -> None:
    draft = place.with_name(place.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    draft.replace(place)
