"""Universal Binary JSON, draft 12, as XGBoost writes it."""

from __future__ import annotations

import struct
from typing import Any

_DEEPEST = 64
# Marker -> struct format of a number, big-endian.
_NUMBERS = {"i": "b", "U": "B", "I": "h", "l": "i", "L": "q", "d": "f", "D": "d"}
_WORDS: dict[str, Any] = {"Z": None, "T": True, "F": False}


class DamagedError(Exception):
    """Bytes that are not what their beginning promises; the text says what is wrong."""


def parsed_ubj(content: bytes) -> Any:
    """The value in ``content``; typed arrays come as numpy's. Raises DamagedError."""
    reader = _Reader(content)
    value = reader.value(reader.marker(), 0)
    if reader.at != len(content):
        raise DamagedError(f"{len(content) - reader.at} bytes follow its end")
    return value


class _Reader:
    """A place in a buffer, moved by what is read."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.at = 0

    def take(self, size: int) -> bytes:
        if size < 0 or size > len(self.content) - self.at:
            raise DamagedError(f"it ends at byte {len(self.content)}, within a value")
        self.at += size
        return self.content[self.at - size : self.at]

    def marker(self) -> str:
        """The next marker; no-ops say nothing."""
        while (found := self.take(1).decode("latin-1")) == "N":
            continue
        return found

    def number(self, marker: str) -> Any:
        form = _NUMBERS.get(marker)
        if form is None:
            raise DamagedError(f"{marker!r} at byte {self.at - 1} is no type of a number")
        return struct.unpack(f">{form}", self.take(struct.calcsize(form)))[0]

    def length(self) -> int:
        size = self.number(self.marker())
        if not isinstance(size, int):
            raise DamagedError(f"a length at byte {self.at} is no whole number")
        return size

    def text(self) -> str:
        return self.take(self.length()).decode("utf-8")

    def value(self, marker: str, depth: int) -> Any:
        if depth > _DEEPEST:
            raise DamagedError(f"it nests deeper than {_DEEPEST} levels")
        if marker in _WORDS:
            return _WORDS[marker]
        if marker in ("S", "H"):
            return self.text()
        if marker == "C":
            return self.take(1).decode("latin-1")
        if marker == "[":
            return self.array(depth)
        return self.mapping(depth) if marker == "{" else self.number(marker)

    def array(self, depth: int) -> Any:
        kind, count = self.head()
        if kind in _NUMBERS and count is not None:
            return self.numbers(kind, count)
        items: list[Any] = []
        while count is None or len(items) < count:
            marker = kind or self.marker()
            if marker == "]" and count is None:
                break
            items.append(self.value(marker, depth + 1))
        return items

    def numbers(self, kind: str, count: int) -> Any:
        import numpy as np

        dtype = np.dtype(f">{_NUMBERS[kind]}")
        content = self.take(count * dtype.itemsize)
        return np.frombuffer(content, dtype).astype(dtype.newbyteorder("="))

    def mapping(self, depth: int) -> dict[str, Any]:
        kind, count = self.head()
        found: dict[str, Any] = {}
        while count is None or len(found) < count:
            if count is None and self.content[self.at : self.at + 1] == b"}":
                self.at += 1
                break
            name = self.text()
            found[name] = self.value(kind or self.marker(), depth + 1)
        return found

    def head(self) -> tuple[str, int | None]:
        """The common type of a container's items, and their number, where they are said."""
        kind, count = "", None
        if self.content[self.at : self.at + 1] == b"$":
            self.at += 1
            kind = self.take(1).decode("latin-1")
        if self.content[self.at : self.at + 1] == b"#":
            self.at += 1
            count = self.length()
            # Each item of any other type takes a byte at least.
            if not 0 <= count <= len(self.content) - self.at:
                raise DamagedError(f"a container at byte {self.at} claims {count} items")
        elif kind:
            raise DamagedError(f"a container at byte {self.at} has a type and no length")
        return kind, count
