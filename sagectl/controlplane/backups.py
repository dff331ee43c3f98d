"""Backups of a state directory: one file that holds the database, its key and the objects.

The database is copied by SQLite, page by page, while others go on working on it; objects come
after it, so that whatever a copied row names is there. Logs of jobs are left out. Secrets of
clients are in no backup: the database has their digests alone.
"""

from __future__ import annotations

import os
import shutil
import tarfile
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from sagectl.controlplane import migrations
from sagectl.controlplane.store import DATABASE, KEY, Store
from sagectl.errors import InputError, StateError
from sagectl.settings import make_private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from tarfile import TarFile, TarInfo

OBJECTS = "objects"
# What one backup may unpack to; more is taken for a decompression bomb.
LARGEST_BYTES = 64 << 30
LARGEST_RATIO = 1000
MOST_MEMBERS = 1_000_000


class Backup(NamedTuple):
    """What a backup holds."""

    objects: int
    size_bytes: int


def back_up(state: Path, target: Path) -> Backup:
    """Write a backup of ``state`` to the file ``target``: all of it, or nothing.

    Raises StateError where there is nothing to back up, InputError where ``target`` cannot be
    written.
    """
    store = Store(state)
    if not store.exists():
        raise StateError(f"there is nothing in {state} yet")
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with _private(draft) as archive, TemporaryDirectory() as place:
            copy = Path(place) / DATABASE
            _copied(store, copy)
            if (said := _unsound(copy)) is not None:
                raise StateError(
                    f"{store.path} is damaged: {said}",
                    hint="It was left as it is, and no backup was made of it.",
                )
            archive.add(copy, DATABASE)
            key = Path(place) / KEY
            key.write_bytes(store.key())
            archive.add(key, KEY)
            found = [path for path in sorted((state / OBJECTS).rglob("*")) if path.is_file()]
            kept = [path for path in found if _is_kept(path.relative_to(state))]
            for path in kept:
                archive.add(path, path.relative_to(state).as_posix())
        size = draft.stat().st_size
        draft.replace(target)
    except OSError as error:
        place_of = target if error.filename == str(draft) else error.filename or target
        raise InputError(f"{place_of} cannot be written: {error.strerror}") from error
    finally:
        with suppress(OSError):  # there can be none where none can be written
            draft.unlink(missing_ok=True)
    return Backup(len(kept), size)


def restore(state: Path, source: Path) -> Backup:
    """Put what the backup ``source`` holds in the place of what ``state`` does.

    The backup is unpacked beside and looked at first: raises InputError for what is no whole
    and sound backup, and nothing has changed then. The database changes in one transaction
    that other processes see at once, or not at all.
    """
    make_private(state)
    with TemporaryDirectory(dir=state, prefix=".restore-") as place:
        beside = Path(place)
        _unpack(source, beside)
        _require_sound(beside / DATABASE, source)
        found = _files(beside / OBJECTS)
        store = Store(state)
        store.key()
        with store.connection():
            pass  # what cannot be opened is said before anything changes
        _swap(beside / OBJECTS, state / OBJECTS, beside / "replaced")
        (beside / KEY).replace(state / KEY)
        _overwrite(store, beside / DATABASE)
        store.close()
    return Backup(len(found), source.stat().st_size)


@contextmanager
def _private(draft: Path) -> Iterator[TarFile]:
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with (
        os.fdopen(descriptor, "wb") as stream,
        tarfile.open(fileobj=stream, mode="w:gz", compresslevel=1) as archive,
    ):
        yield archive
        # Its last bytes are written when it closes, which comes after this.
    with draft.open("rb+") as written:
        os.fsync(written.fileno())


def _is_kept(path: Path) -> bool:
    """Half-written objects stay out."""
    return path.parts[1:2] != (".incoming",)


def _copied(store: Store, target: Path) -> None:
    import sqlite3

    copy = sqlite3.connect(target)
    try:
        with store.connection() as db:
            db.backup(copy)
        # A journal beside it would not be in the archive.
        copy.execute("PRAGMA journal_mode = DELETE")
    finally:
        copy.close()


def _unpack(source: Path, beside: Path) -> None:
    try:
        with tarfile.open(source, "r:gz") as archive:
            most = min(LARGEST_BYTES, max(source.stat().st_size, 1 << 16) * LARGEST_RATIO)
            for number, member in enumerate(archive):
                most -= member.size
                if most < 0 or number > MOST_MEMBERS:
                    raise InputError(f"{source} unpacks to more than a backup does")
                _unpack_member(archive, member, beside, source)
    except (OSError, EOFError, tarfile.TarError) as error:
        raise InputError(
            f"{source} is not a backup: {error}", hint="`sagectl local backup` writes them."
        ) from error


def _unpack_member(archive: TarFile, member: TarInfo, beside: Path, source: Path) -> None:
    path = Path(member.name)
    is_known = member.name in (DATABASE, KEY) or path.parts[:1] == (OBJECTS,)
    if not member.isfile() or not is_known or ".." in path.parts or "\0" in member.name:
        raise InputError(f"{source} holds {member.name!r}, which no backup does")
    target = beside / path
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = archive.extractfile(member)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        if content is not None:
            shutil.copyfileobj(content, stream, 1 << 20)


def _require_sound(database: Path, source: Path) -> None:
    if not database.is_file() or not database.with_name(KEY).is_file():
        raise InputError(f"{source} is not a whole backup: its database or key is missing")
    if (said := _unsound(database)) is not None:
        raise InputError(f"{source} holds a damaged database: {said}")


def _unsound(database: Path) -> str | None:
    """What is wrong with a database file, which is brought to the current layout."""
    import sqlite3

    try:
        db = sqlite3.connect(database)
        try:
            if not migrations.check(db, database):
                migrations.migrate(db, database)
            said: str = db.execute("PRAGMA integrity_check").fetchone()[0]
        finally:
            db.close()
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        return str(error)
    return None if said == "ok" else said


def _overwrite(store: Store, content: Path) -> None:
    import sqlite3

    source = sqlite3.connect(content)
    try:
        with store.connection() as db:
            source.backup(db)
    finally:
        source.close()


def _swap(new: Path, place: Path, aside: Path) -> None:
    if place.exists():
        place.replace(aside)
    if new.exists():
        new.replace(place)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
