"""What option values may look like beyond plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from click.shell_completion import CompletionItem

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


class Moment(click.ParamType["datetime"]):
    """A point in time: ISO 8601, UTC unless it says otherwise, or an age such as ``2h``."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        from datetime import UTC, datetime, timedelta

        age = _span_seconds(value)
        if age is not None:
            return datetime.now(UTC) - timedelta(seconds=age)
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is neither ISO 8601 nor an age such as 2h or 3d", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Duration(click.ParamType[float]):
    """A length of time in seconds, ``least`` or more: ``90``, ``90s``, ``15m``, ``2h``."""

    name = "duration"

    def __init__(self, least: float = 0.0) -> None:
        self.least = least

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, int | float):
            return float(value)
        seconds = float(value) if _is_number(value) else _span_seconds(value)
        if seconds is None:
            self.fail(f"{value!r} is no length of time such as 90s, 15m or 2h", param, ctx)
        if seconds < self.least:
            self.fail(f"{value!r} is too short: {self.least:g}s is the least", param, ctx)
        return seconds


class Seconds(click.ParamType[int]):
    """A length of time in whole seconds, written as a Duration."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        return round(DURATION.convert(value, param, ctx))


class Pair(click.ParamType[tuple[str, str]]):
    """``KEY=VALUE``."""

    name = "key=value"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        key, given, rest = value.partition("=")
        if not key or not given:
            self.fail(f"{value!r} is not KEY=VALUE", param, ctx)
        return key, rest


class Shape(click.ParamType[tuple[str, list[int | str]]]):
    """``NAME=1,3,224,224``: an input and its shape; ``1..8`` for a size is a range."""

    name = "name=sizes"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, list[int | str]]:
        if isinstance(value, tuple):
            return value
        # Names of inputs may hold '=' and ':'; sizes hold neither.
        name, _, sizes = value.rpartition("=")
        words = [word.strip() for word in sizes.replace("x", ",").split(",")]
        if not name or not all(_is_size(word) for word in words):
            self.fail(f"{value!r} is not NAME=SIZES, as in image=1,3,224,224", param, ctx)
        return name, [int(word) if word.isdecimal() else word for word in words]


def _is_size(word: str) -> bool:
    first, dots, last = word.partition("..")
    return word.isdecimal() or bool(dots and first.isdecimal() and last.isdecimal())


class Word(click.Choice[str]):
    """One of some words in any case, shown and passed on as the service spells it."""

    def __init__(self, words: Iterable[str]) -> None:
        super().__init__(tuple(words), case_sensitive=False)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return f"[{'|'.join(self.choices)}]"

    def get_invalid_choice_message(self, value: Any, ctx: click.Context | None) -> str:
        return f"{value!r} is not one of {', '.join(self.choices)}"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[Any]]:
        from click.shell_completion import CompletionItem

        start = incomplete.lower()
        return [CompletionItem(word) for word in self.choices if word.lower().startswith(start)]


class Number(click.IntRange):
    """A whole number in a range, N in help."""

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "N"


class Capitals(click.ParamType[str]):
    """A word that the service spells in capitals, in any case."""

    name = "text"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        return str(value).upper()


def file_or_uri(value: Any) -> Any:
    """An S3 URI as it is, a path as the upload of the file it names."""
    if not isinstance(value, str) or value.startswith("s3://"):
        return value
    from pathlib import Path

    from sagectl.manifest.document import Upload

    return Upload(Path(value).absolute())


def secret(value: Any) -> Any:
    """A secret, or where it is kept: ``env:NAME``, ``file:PATH`` or ``secret:NAME``."""
    source, is_kept, place = str(value).partition(":")
    if not is_kept or source not in ("env", "file", "secret"):
        return value
    from pathlib import Path

    from sagectl.manifest.document import Secret

    return Secret(source, str(Path(place).absolute()) if source == "file" else place)


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal()


def _span_seconds(text: str) -> float | None:
    """Seconds in ``1h30m``; None if ``text`` is not of that form."""
    import re

    parts = re.findall(r"(\d+(?:\.\d+)?)([smhdw])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


MOMENT = Moment()
DURATION = Duration()
# Between two looks at something: without any, one would follow upon the other.
PAUSE = Duration(least=0.1)
SECONDS = Seconds()
PAIR = Pair()
SHAPE = Shape()
CAPITALS = Capitals()
