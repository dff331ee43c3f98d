"""Numbers as bars of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_EIGHTHS = " ▏▎▍▌▋▊▉"
_LEAST = 10


def bars(rows: Sequence[tuple[str, float]], width: int) -> Iterator[str]:
    """A line for each label and number, drawn from zero, in at most ``width`` columns."""
    labels = max((len(label) for label, _ in rows), default=0)
    numbers = [f"{number:g}" for _, number in rows]
    digits = max(map(len, numbers), default=0)
    room = max(width - labels - digits - 4, _LEAST)
    largest = max((abs(number) for _, number in rows), default=0.0) or 1.0
    for (label, number), written in zip(rows, numbers, strict=True):
        bar = _bar(abs(number) / largest * room)
        yield f"{label:<{labels}}  {written:>{digits}}  {bar}".rstrip()


def _bar(length: float) -> str:
    whole, rest = divmod(round(length * 8), 8)
    return "█" * whole + _EIGHTHS[rest].strip()
