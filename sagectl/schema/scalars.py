"""Numbers, truth values and points in time: how each is read, and the limits it keeps."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.manifest.nodes import FLOAT, INTEGER
from sagectl.manifest.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sagectl.manifest.nodes import Mark
    from sagectl.schema.model import Shape
    from sagectl.schema.walk import Walk


class Limits:
    """The least and the most that a shape allows, of ``unit`` or (without one) in value."""

    __slots__ = ("high", "low", "unit")

    def __init__(self, shape: Shape, unit: str = "") -> None:
        self.low = -math.inf if shape.min is None else shape.min
        self.high = math.inf if shape.max is None else shape.max
        self.unit = unit

    @property
    def are_set(self) -> bool:
        return math.isfinite(self.low) or math.isfinite(self.high)

    def judge(self, size: Any, path: str, walk: Walk, mark: Mark | None = None) -> bool:
        """Whether ``size`` keeps the limits; where it does not, the walk is told."""
        if self.low <= size <= self.high:
            return True
        is_few = size < self.low
        limit = self.low if is_few else self.high
        bound = f"at {'least' if is_few else 'most'} {limit}"
        said = f"has {counted(size, self.unit)}, needs {bound}"
        if not is_few:
            said = f"has {counted(size, self.unit)}, takes {bound}"
        if not self.unit:
            said = f"must be {bound}, not {size}"
        walk.add("schema.min" if is_few else "schema.max", path, said, mark)
        return False


class Reader(NamedTuple):
    """How values of one type are read: ``read`` gives None for what is not of it."""

    expected: str
    read: Callable[[Any], Any]
    hint: Callable[[Any], str | None]


def _integer(found: Any) -> int | None:
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _number(found: Any) -> float | None:
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    return found if is_number and math.isfinite(found) else None


def _truth(found: Any) -> bool | None:
    return found if isinstance(found, bool) else None


def _moment(found: Any) -> Any:
    """A date and time with a zone, from one, from seconds since 1970 or from ISO 8601 text."""
    from datetime import UTC, datetime

    if isinstance(found, datetime):
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    try:
        if _number(found) is not None:
            return datetime.fromtimestamp(found, UTC)
        if isinstance(found, str):
            moment = datetime.fromisoformat(found.strip())
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def _unquote(found: Any) -> str | None:
    if isinstance(found, str) and (INTEGER.fullmatch(found) or FLOAT.fullmatch(found)):
        return "Write it without quotes and without leading zeros."
    return None


def _spell_out(found: Any) -> str | None:
    if isinstance(found, str) and found.lower() in ("yes", "on", "y", "true"):
        return "Write true."
    if isinstance(found, str) and found.lower() in ("no", "off", "n", "false"):
        return "Write false."
    return None


def _date_example(_: Any) -> str | None:
    return "Write it as 2020-07-24T12:00:00Z, or in seconds since 1970."


_INTEGER = Reader("an integer", _integer, _unquote)
_NUMBER = Reader("a number", _number, _unquote)
READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "integer": _INTEGER,
        "long": _INTEGER,
        "float": _NUMBER,
        "double": _NUMBER,
        "boolean": Reader("true or false", _truth, _spell_out),
        "timestamp": Reader("a date and time", _moment, _date_example),
    }
)
