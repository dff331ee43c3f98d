"""JSON that costs much to make, kept in files that are never trusted half-written."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from sagectl.settings import make_private

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_FORMAT = 1  # of the files; a change makes older ones go unread


def key(source: Path) -> str:
    """Names one state of one file: its path, its time of change, its size."""
    from zlib import crc32

    facts = source.stat()
    place = crc32(os.fsencode(source))
    return f"{_FORMAT}-{place:08x}-{facts.st_mtime_ns:x}-{facts.st_size:x}"


def kept(file: Path) -> Mapping[str, Any] | None:
    """What ``keep`` wrote, or None where it is missing, damaged or out of reach."""
    from zlib import crc32

    try:
        checksum, _, body = file.read_bytes().partition(b"\n")
    except OSError:
        return None
    if checksum != b"%08x" % crc32(body):
        return None
    content: Mapping[str, Any] = json.loads(body)
    return content


def keep(file: Path, content: Mapping[str, Any]) -> None:
    """Write ``content`` whole or not at all; a cache that takes nothing is done without."""
    from contextlib import suppress
    from zlib import crc32

    body = json.dumps(content, separators=(",", ":")).encode()
    draft = file.with_suffix(f".{os.getpid()}-{os.urandom(4).hex()}")
    with suppress(OSError):
        make_private(file.parent)
        try:
            draft.write_bytes(b"%08x\n%s" % (crc32(body), body))
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)
