"""A tar.gz whose bytes depend on nothing but what is packed."""

from __future__ import annotations

import struct
import tarfile
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# RFC 1952: no name, no time, no operating system; RFC 1951: a stored block is 65,535 bytes at
# most.
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_BLOCK = 0xFFFF


class _StoredGzip:
    """A gzip writer that stores.

    Weights hardly compress, and what a deflater writes differs from one zlib to the next;
    stored blocks are the same everywhere, so equal models have equal names.
    """

    def __init__(self, sink: Callable[[bytes], Any]) -> None:
        self._sink = sink
        self._buffer = bytearray()
        self._crc = 0
        self._size = 0
        sink(_HEADER)

    def write(self, data: bytes) -> int:
        self._crc = zlib.crc32(data, self._crc)
        self._size += len(data)
        self._buffer += data
        if len(self._buffer) > 16 * _BLOCK:
            self._flush(keep=1)
        return len(data)

    def tell(self) -> int:
        return self._size

    def close(self) -> None:
        self._flush(keep=0)
        self._sink(struct.pack("<LL", self._crc, self._size & 0xFFFFFFFF))

    def _flush(self, keep: int) -> None:
        """Write full blocks; with ``keep`` 0 the rest too, as the last one."""
        while len(self._buffer) > _BLOCK or not keep:
            block = bytes(self._buffer[:_BLOCK])
            del self._buffer[:_BLOCK]
            is_last = not keep and not self._buffer
            length = len(block)
            self._sink(struct.pack("<BHH", is_last, length, length ^ 0xFFFF) + block)
            if is_last:
                return


def pack(source: Path, sink: Callable[[bytes], Any]) -> None:
    """Give ``sink`` the tar.gz of a file, or of the files of a folder by name, in order."""
    if source.is_dir():
        files = sorted(
            (item.relative_to(source).as_posix(), item)
            for item in source.rglob("*")
            if item.is_file()
        )
    else:
        files = [(source.name, source)]
    gzip: Any = _StoredGzip(sink)
    with tarfile.open(fileobj=gzip, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, path in files:
            member = tarfile.TarInfo(name)
            member.mode = 0o644
            with path.open("rb") as content:
                member.size = path.stat().st_size
                archive.addfile(member, content)
    gzip.close()
