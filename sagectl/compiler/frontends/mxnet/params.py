"""MXNet's .params files: named arrays, as ``NDArray::Save`` writes them."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from sagectl.compiler.errors import RequestError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

_FILE = 0x112
# The forms of an array: 1 has sizes of 64 bits, 2 a kind of storage, 3 numpy's shapes.
_FIRST, _SECOND, _THIRD = 0xF993FAC8, 0xF993FAC9, 0xF993FACA
_DTYPES = ("<f4", "<f8", "<f2", "u1", "<i4", "i1", "<i8")
_MOST_DIMENSIONS = 32


def read_params(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays by name, without what tells arguments and states apart.

    Raises RequestError (reason "format").
    """
    reader = _Reader(path.read_bytes(), path.name)
    if reader.number("Q") != _FILE:
        raise reader.damaged("it does not begin as MXNet's parameters do")
    reader.number("Q")
    arrays = [reader.array() for _ in range(reader.count(4))]
    names = [reader.text() for _ in range(reader.count(8))]
    if len(names) != len(arrays):
        raise reader.damaged(f"it has {len(arrays)} arrays and {len(names)} names")
    return {
        name.removeprefix("arg:").removeprefix("aux:"): array
        for name, array in zip(names, arrays, strict=True)
    }


class _Reader:
    """A place in a buffer, moved by what is read."""

    def __init__(self, content: bytes, name: str) -> None:
        self.content = content
        self.name = name
        self.at = 0

    def take(self, size: int) -> bytes:
        if size > len(self.content) - self.at:
            raise self.damaged(f"it ends at byte {len(self.content)}")
        self.at += size
        return self.content[self.at - size : self.at]

    def number(self, form: str) -> int:
        return int(struct.unpack(f"<{form}", self.take(struct.calcsize(form)))[0])

    def count(self, least: int) -> int:
        """How many items follow, each of so many bytes at least."""
        found = self.number("Q")
        if found > (len(self.content) - self.at) // least:
            raise self.damaged(f"it claims {found} items")
        return found

    def text(self) -> str:
        return self.take(self.count(1)).decode("utf-8", "replace")

    def array(self) -> np.ndarray[Any, Any]:
        from math import prod

        import numpy as np

        magic = self.number("I")
        if magic in (_SECOND, _THIRD) and self.number("i") != 0:
            raise self.damaged("it has sparse arrays")
        is_old = magic not in (_FIRST, _SECOND, _THIRD)
        dimensions = magic if is_old else self.number("I")
        if dimensions > _MOST_DIMENSIONS:
            raise self.damaged(f"an array has {dimensions} dimensions")
        shape = [self.number("I" if is_old else "q") for _ in range(dimensions)]
        if not shape:
            return np.zeros((), np.float32)
        self.take(8)  # the device that it was on
        flag = self.number("i")
        if not 0 <= flag < len(_DTYPES) or min(shape) < 0:
            raise self.damaged(f"an array is of type {flag} and shape {shape}")
        dtype = np.dtype(_DTYPES[flag])
        content = self.take(prod(shape) * dtype.itemsize)
        return np.frombuffer(content, dtype).reshape(shape)

    def damaged(self, why: str) -> RequestError:
        return RequestError(
            f"{self.name} holds no parameters of MXNet, or damaged ones: {why}",
            stage="import",
            reason="format",
            hint="Save them with: model.save_checkpoint, or block.export.",
        )
