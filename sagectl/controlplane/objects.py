"""S3 as a folder tree: ``s3://bucket/key`` is a file below the state directory."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from sagectl.controlplane.places import ObjectPlace, object_place, unescaped_key
from sagectl.errors import InputError, NotFoundError, StateError
from sagectl.settings import make_private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path, PurePosixPath

# A file stands where the path needs a folder, or the other way round, or the name is too long.
_UNSPELLABLE = frozenset(
    (errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY, errno.ENAMETOOLONG)
)
_ABANDONED_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """One object of a listing; ``modified`` is seconds since the epoch."""

    uri: str
    key: str
    size_bytes: int
    modified: float


class ObjectStore:
    """Objects below ``state/objects``, whole or absent: each is written beside, then moved.

    A bucket exists from the first write to it. Reading from one never written, and reading an
    object never written, are NotFoundErrors with S3's own codes (NoSuchBucket, NoSuchKey).
    With ``makes_state`` false a state directory that was removed stays removed.
    """

    def __init__(self, state: Path, *, makes_state: bool = True) -> None:
        self._state = state
        self._makes_state = makes_state
        self._root = state / "objects"
        # Bucket names start with a letter or digit, so these can never be one.
        self._escaped = self._root / ".escaped"
        self._incoming = self._root / ".incoming"

    def put(self, uri: str, source: Path) -> None:
        """Store a copy of the file ``source``, replacing what was there.

        Raises InputError where ``uri`` or ``source`` is no good, StateError where it cannot
        be kept (a full disk, no permission); nothing half-written is ever visible.
        """
        place = self._object(uri)
        try:
            content = source.open("rb")
        except OSError as error:
            raise InputError(f"{source}: {error.strerror}") from error
        with content, self._state_errors(uri):
            self._make_folders(place)
            incoming = self._copied(content)
            try:
                self._move(incoming, place)
            except BaseException:
                incoming.unlink(missing_ok=True)
                raise

    def path(self, uri: str) -> Path:
        """The file that holds the object; read it, never write to it."""
        place = self._object(uri)
        found = self._found(place)
        if found is None:
            self._require_bucket(place)
            raise NotFoundError("NoSuchKey", f"{uri} does not exist", status=404)
        return found

    def exists(self, uri: str) -> bool:
        return self._found(self._object(uri)) is not None

    def bucket_exists(self, bucket: str) -> bool:
        return (self._root / object_place(f"s3://{bucket}/").bucket).is_dir()

    def buckets(self) -> list[str]:
        if not self._root.is_dir():
            return []
        return sorted(
            entry.name
            for entry in self._root.iterdir()
            if entry.is_dir() and not entry.name.startswith(".")
        )

    def listing(self, uri: str) -> list[ObjectRow]:
        """The objects whose key starts with the one in ``uri``, in S3's order (UTF-8 bytes)."""
        place = object_place(uri)
        self._require_bucket(place)
        rows = {
            key: path for key, path in self._files(place.bucket) if key.startswith(place.key)
        }
        listed = []
        for key in sorted(rows, key=str.encode):
            with suppress(FileNotFoundError):  # removed since it was seen
                status = rows[key].stat()
                listed.append(
                    ObjectRow(
                        ObjectPlace(place.bucket, key).uri, key, status.st_size, status.st_mtime
                    )
                )
        return listed

    def sweep(self) -> None:
        """Remove what writers that were killed left behind."""
        if not self._incoming.is_dir():
            return
        for leftover in self._incoming.iterdir():
            with suppress(FileNotFoundError):  # swept by another process
                if time.time() - leftover.stat().st_mtime > _ABANDONED_SECONDS:
                    leftover.unlink()

    def _object(self, uri: str) -> ObjectPlace:
        place = object_place(uri)
        if not place.key:
            raise InputError(f"{uri!r} names a bucket, not an object in it")
        return place

    def _require_bucket(self, place: ObjectPlace) -> None:
        if not (self._root / place.bucket).is_dir():
            raise NotFoundError(
                "NoSuchBucket", f"the bucket {place.bucket} does not exist", status=404
            )

    def _found(self, place: ObjectPlace) -> Path | None:
        candidates = [self._escaped / place.escaped]
        if place.is_plain:
            candidates.append(self._root / place.plain)
        # is_file is false, not an error, where a part of the path is a file or too long.
        return next((path for path in candidates if path.is_file()), None)

    def _files(self, bucket: str) -> Iterator[tuple[str, Path]]:
        plain = self._root / bucket
        for path in plain.rglob("*"):
            if path.is_file():
                yield path.relative_to(plain).as_posix(), path
        escaped = self._escaped / bucket
        for path in escaped.rglob("*"):
            if path.is_file():
                yield unescaped_key(path.relative_to(escaped).parts), path

    def _make_folders(self, place: ObjectPlace) -> None:
        if self._makes_state:
            make_private(self._state)
        for folder in (self._root, self._incoming, self._escaped, self._root / place.bucket):
            folder.mkdir(mode=0o700, exist_ok=True)

    def _copied(self, content: BinaryIO) -> Path:
        incoming = self._incoming / secrets.token_hex(16)
        descriptor = os.open(incoming, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as target:
                shutil.copyfileobj(content, target, 1 << 20)
        except BaseException:
            incoming.unlink(missing_ok=True)
            raise
        return incoming

    def _move(self, incoming: Path, place: ObjectPlace) -> None:
        # A key once escaped stays there, so that it is never in both places.
        if place.is_plain and not (self._escaped / place.escaped).is_file():
            try:
                _moved(incoming, self._root, place.plain)
            except OSError as error:
                if error.errno not in _UNSPELLABLE:
                    raise
            else:
                return
        _moved(incoming, self._escaped, place.escaped)

    @contextmanager
    def _state_errors(self, uri: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StateError(
                f"{uri} cannot be kept under {self._state}: {error.strerror}",
                hint="Make room or choose another place with SAGECTL_HOME."
                if error.errno in (errno.ENOSPC, errno.EDQUOT)
                else "Check that the directory exists and can be written to.",
            ) from error


def _moved(incoming: Path, root: Path, target: PurePosixPath) -> None:
    # Folder by folder: a state directory removed meanwhile must not come back.
    folder = root
    for part in target.parts[:-1]:
        folder = folder / part
        folder.mkdir(mode=0o700, exist_ok=True)
    incoming.replace(root / target)
