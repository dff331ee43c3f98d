"""Where an ``s3://`` URI lies below the state directory.

An ordinary key is its own path, ``objects/<bucket>/<key>``, so that people can look around.
A key that no file system path can spell (empty or dotted parts, a part over 255 bytes, a key
that is also the folder of another) lies at an escaped path outside every bucket's folder.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from sagectl.errors import InputError

# The general purpose bucket naming rules of the S3 user guide.
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_IP_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
_RESERVED_STARTS = ("xn--", "sthree-")
_RESERVED_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")

KEY_BYTES = 1024
NAME_BYTES = 255
# Escaped keys are cut into pieces that leave room for the mark below in a file name.
_PIECE = 200
_FOLDER_MARK = "+"
_OBJECT_MARK = "="


@dataclass(frozen=True, slots=True)
class ObjectPlace:
    """One object's bucket and key, as its URI names them; the key may be empty (a bucket)."""

    bucket: str
    key: str

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    @property
    def is_plain(self) -> bool:
        """Whether the key, taken as a path, is one that every Linux file system can hold."""
        return all(
            part not in ("", ".", "..")
            and "\0" not in part
            and len(part.encode()) <= NAME_BYTES
            for part in self.key.split("/")
        )

    @property
    def plain(self) -> PurePosixPath:
        return PurePosixPath(self.bucket, *self.key.split("/"))

    @property
    def escaped(self) -> PurePosixPath:
        """A path that holds any key, and from which ``unescaped_key`` gets the key back."""
        from urllib.parse import quote

        text = quote(self.key, safe="")
        pieces = [text[start : start + _PIECE] for start in range(0, len(text), _PIECE)]
        folders = [piece + _FOLDER_MARK for piece in pieces[:-1]]
        return PurePosixPath(self.bucket, *folders, pieces[-1] + _OBJECT_MARK)


def unescaped_key(parts: tuple[str, ...]) -> str:
    """The key whose escaped path, below its bucket, has these parts."""
    from urllib.parse import unquote

    return unquote("".join(part[:-1] for part in parts))


def object_place(uri: str) -> ObjectPlace:
    """The place that ``uri`` names; raises InputError for what S3 itself would not take."""
    scheme, separator, rest = uri.partition("://")
    if scheme != "s3" or not separator:
        raise InputError(f"{uri!r} is not an S3 URI", hint="Write s3://BUCKET/KEY.")
    bucket, _, key = rest.partition("/")
    if problem := _bucket_problem(bucket):
        raise InputError(
            f"{uri!r}: {bucket!r} is not a bucket name: {problem}",
            hint="S3 takes 3 to 63 lower-case letters, digits, dots and hyphens.",
        )
    try:
        size = len(key.encode())
    except UnicodeEncodeError as error:
        raise InputError(f"{uri!r}: the key is not valid Unicode") from error
    if size > KEY_BYTES:
        raise InputError(f"{uri[:80]!r}...: the key has {size} bytes, S3 takes {KEY_BYTES}")
    return ObjectPlace(bucket, key)


def _bucket_problem(bucket: str) -> str | None:
    if not _BUCKET.fullmatch(bucket) or ".." in bucket:
        return "its length or characters"
    if _IP_ADDRESS.fullmatch(bucket):
        return "it looks like an IP address"
    if bucket.startswith(_RESERVED_STARTS) or bucket.endswith(_RESERVED_ENDS):
        return "S3 keeps its prefix or suffix for itself"
    return None
