"""Members of archives that nobody vouches for, read in bounded time and memory."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Self

# What reading an archive that is damaged, or none, raises.
BROKEN = (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error)
# Limits that no honest model meets: a bomb stops here instead of filling the disk.
MAX_BYTES = 64 << 30
MAX_RATIO = 1_000
_RATIO_FLOOR = 64 << 20
# Headers that carry long names and attributes are read at once.
_LONGEST_HEADER = 1 << 20
_CARRIERS = frozenset(
    (
        tarfile.XHDTYPE,
        tarfile.XGLTYPE,
        tarfile.SOLARIS_XHDTYPE,
        tarfile.GNUTYPE_LONGNAME,
        tarfile.GNUTYPE_LONGLINK,
    )
)


class UnsafeError(tarfile.TarError):
    """A sound archive that no honest tool writes; the text says why."""


class _Member(tarfile.TarInfo):
    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        member = super().frombuf(buf, encoding, errors)
        if member.type in _CARRIERS and member.size > _LONGEST_HEADER:
            raise UnsafeError(f"a header of {member.size} bytes")
        return member


@contextmanager
def opened(archive: Path) -> Iterator[tarfile.TarFile]:
    """An archive of any compression. Whatever is wrong with it is one of BROKEN."""
    try:
        with tarfile.open(archive, "r:*", tarinfo=_Member) as tar:
            yield tar
    except RecursionError as error:
        raise UnsafeError("headers upon headers") from error
    except (ValueError, OverflowError) as error:
        raise tarfile.ReadError(f"a damaged header: {error}") from error


def members(tar: tarfile.TarFile, size: int) -> Iterator[tarfile.TarInfo]:
    """The members of an archive of ``size`` bytes; raises UnsafeError for a bomb."""
    budget = min(MAX_BYTES, max(_RATIO_FLOOR, size * MAX_RATIO))
    unpacked = 0
    for member in tar:
        if member.size < 0:
            raise UnsafeError(f"{member.name!r} has a negative size")
        unpacked += member.size
        # A sparse member unpacks to more than it takes there; headers only take.
        if max(unpacked, member.offset_data) > budget:
            raise UnsafeError("it unpacks to far more than its size")
        yield member
