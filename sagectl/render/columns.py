"""A row's values as the text of its cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import Column

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from sagectl.render.views import Computed

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_RELATIVE_DAYS = 30
_DIGEST = 64  # characters of a SHA-256
_UNITS = ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "m"), (1, "s"))


def shown(columns: Sequence[Column | Computed], *, wide: bool) -> tuple[Column | Computed, ...]:
    """The columns that a table has: all of them when ``wide``."""
    return tuple(column for column in columns if wide or not column.is_wide)


def reader(
    column: Column | Computed, now: datetime | None = None
) -> Callable[[Mapping[str, Any]], str]:
    """A function from a row to the text of its cell in ``column``.

    With ``now``, times are relative to it; otherwise they are ISO 8601.
    """
    if not isinstance(column, Column):
        return column.read
    joiner = ", " if column.style == "list" else " "
    paths = [_steps(path) for path in column.path.split("|")]
    is_relative = column.style == "time" and now is not None

    def written(value: Any) -> str:
        return relative(value, now) if is_relative and now else text(value)

    if all(len(path) == 1 for path in paths):
        keys = [path[0] for path in paths]

        def simple(row: Mapping[str, Any]) -> str:
            cell: list[str] = []
            for key in keys:
                value = row.get(key)
                if type(value) is list:
                    cell += map(text, value)
                elif value is not None:
                    cell.append(written(value))
            return joiner.join(cell)

        return simple

    def nested(row: Mapping[str, Any]) -> str:
        return joiner.join(written(value) for path in paths for value in _values(row, path))

    return nested


def text(value: Any) -> str:
    """``value`` on one line, with whatever could steer a terminal spelled out."""
    if type(value) is not str:
        value = _spelled(value)
    if value.isprintable():
        return str(value)
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in value
    )


def brief(uri: str) -> str:
    """``uri`` for a person: a digest in it cut short. What a program reads is never cut."""
    steps = (f"{step[:12]}..." if len(step) == _DIGEST else step for step in uri.split("/"))
    return "/".join(steps)


def size(count: int) -> str:
    """``count`` bytes for a person: ``318 KiB``."""
    number = float(count)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if number < 1024:
            return f"{number:.3g} {unit}" if number < 1000 else f"{number:.0f} {unit}"
        number /= 1024
    return f"{number:.3g} TiB" if number < 1000 else f"{number:.0f} TiB"


def iso(value: datetime) -> str:
    """``value`` in ISO 8601, seconds only, UTC as ``Z``."""
    return _zulu(value.isoformat(timespec="seconds"))


def exact(value: datetime) -> str:
    """``value`` in ISO 8601, with milliseconds if it has any, UTC as ``Z``."""
    return _zulu(value.isoformat(timespec="milliseconds" if value.microsecond else "seconds"))


def relative(value: Any, now: datetime) -> str:
    """How long ago ``value`` was, in its largest unit; the date if that is long ago."""
    if not hasattr(value, "isoformat"):
        return text(value)
    seconds = (now - value).total_seconds()
    if not 0 <= seconds < _RELATIVE_DAYS * _DAY:
        return str(value.date())
    for unit, name in _UNITS:
        if seconds >= unit:
            return f"{int(seconds // unit)}{name} ago"
    return "now"


def _spelled(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if hasattr(value, "isoformat"):
        return iso(value)
    if isinstance(value, dict | list):
        import json

        return json.dumps(value, default=str, ensure_ascii=False)
    return str(value)


def _zulu(written: str) -> str:
    return written[:-6] + "Z" if written.endswith("+00:00") else written


def _steps(path: str) -> list[str]:
    return [step.removesuffix("[]") for step in path.split(".")]


def _values(row: Any, path: Sequence[str]) -> list[Any]:
    """Every value that ``path`` leads to; a list on the way stands for each of its items."""
    found = [row]
    for key in path:
        reached = (value.get(key) for value in found if isinstance(value, dict))
        found = []
        for value in reached:
            if isinstance(value, list):
                found += value
            elif value is not None:
                found.append(value)
    return found
