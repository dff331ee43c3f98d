"""Darknet's two files: sections of options, and one long row of numbers."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sagectl.compiler.errors import RequestError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

# A header of three int32 and the number of images seen, eight bytes wide since version 0.2.
_HEADER = struct.Struct("<iii")


@dataclass(frozen=True, slots=True)
class Section:
    """A layer: its kind, its options as written, the line it begins at."""

    kind: str
    line: int
    options: dict[str, str] = field(default_factory=dict)

    def text(self, name: str, default: str) -> str:
        return self.options.get(name, default)

    def whole(self, name: str, default: int) -> int:
        """A whole number; raises RequestError where something else is written."""
        return int(self._read(name, str(default), int))

    def number(self, name: str, default: float) -> float:
        return float(self._read(name, str(default), float))

    def wholes(self, name: str) -> list[int]:
        """The whole numbers of a list; none where it is not there."""
        written = self.options.get(name, "")
        found: list[int] = self._read(
            name, written, lambda text: [int(each) for each in text.split(",") if each.strip()]
        )
        return found

    def _read(self, name: str, default: str, kind: Any) -> Any:
        written = self.options.get(name, default)
        try:
            return kind(written)
        except ValueError as error:
            raise format_error(
                f"[{self.kind}] at line {self.line} has {name}={written}", "It is a number."
            ) from error


def read_sections(path: Path) -> list[Section]:
    """The sections of a .cfg file; raises RequestError (reason "format")."""
    try:
        # Comments may be in any encoding; what counts is ASCII.
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        raise format_error(
            f"{path.name} cannot be read: {error.strerror}", PACK_BOTH
        ) from error
    found: list[Section] = []
    for count, raw in enumerate(lines, 1):
        line = raw.split("#")[0].split(";")[0].strip()
        if line.startswith("["):
            found.append(Section(line.strip("[] \t").lower(), count))
        elif line:
            name, is_pair, value = line.partition("=")
            if not is_pair or not found:
                raise format_error(
                    f"{path.name}:{count}: {line[:80]!r} is no option", PACK_BOTH
                )
            # Darknet takes the first of those that are there twice.
            found[-1].options.setdefault(name.strip(), value.strip())
    if not found or found[0].kind not in ("net", "network"):
        raise format_error(f"{path.name} does not begin with [net]", PACK_BOTH)
    return found


class Weights:
    """The numbers of a .weights file, taken layer by layer."""

    def __init__(self, path: Path) -> None:
        import numpy as np

        content = path.read_bytes()
        if len(content) < _HEADER.size + 4:
            raise format_error(f"{path.name} is too short to be weights", PACK_BOTH)
        major, minor, _ = _HEADER.unpack_from(content)
        if not (0 <= major < 1000 and 0 <= minor < 1000):
            raise format_error(
                f"{path.name} does not begin as weights of Darknet do", PACK_BOTH
            )
        start = _HEADER.size + (8 if major * 10 + minor >= 2 else 4)
        if (len(content) - start) % 4:
            raise format_error(f"{path.name} is cut off within a number", PACK_BOTH)
        self._numbers = np.frombuffer(content, "<f4", offset=start)
        self._at = 0
        self._name = path.name

    def take(self, *shape: int) -> np.ndarray[Any, Any]:
        """The next numbers in that shape; raises RequestError where there are too few."""
        from math import prod

        size = prod(shape)
        if size > len(self._numbers) - self._at:
            raise format_error(
                f"{self._name} has {len(self._numbers)} numbers; the layers need more", _MATCH
            )
        self._at += size
        return self._numbers[self._at - size : self._at].reshape(shape)

    def require_end(self) -> None:
        """Raise RequestError where numbers are left: they are another network's."""
        if left := len(self._numbers) - self._at:
            raise format_error(f"{self._name} has {left} numbers more than the layers", _MATCH)


PACK_BOTH = "Pack the .cfg file and the .weights file of one network."
_MATCH = "Are both files of the same network? Of a cut-down one, give the cut-down .cfg."


def format_error(message: str, hint: str) -> RequestError:
    return RequestError(message, stage="import", reason="format", hint=hint)
