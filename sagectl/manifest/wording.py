"""How findings put values, choices and near misses into words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_CHOICES_SHOWN = 12
_TEXT_SHOWN = 60


def shown(value: Any) -> str:
    """``value`` as its author would recognise it, long text cut, contents left out."""
    if isinstance(value, str):
        cut = value if len(value) <= _TEXT_SHOWN else value[: _TEXT_SHOWN - 1] + "…"
        return repr(cut)
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    return f"a value of type {type(value).__name__}"


def choices(values: Iterable[str], like: str = "") -> str:
    """The values one may use; of many, those most like ``like``."""
    listed = list(values)
    if len(listed) <= _CHOICES_SHOWN:
        return ", ".join(listed)
    closest = _close(like, listed, _CHOICES_SHOWN - 4, 0.3) or listed[: _CHOICES_SHOWN - 4]
    chosen = [value for value in listed if value in closest]
    return f"{', '.join(chosen)} and {len(listed) - len(chosen)} more"


def near_miss(word: str, known: Iterable[str]) -> str | None:
    """The one of ``known`` that ``word`` was likely meant to be."""
    listed = list(known)
    folded = _folded(word)
    same = next((name for name in listed if _folded(name) == folded), None)
    if same is not None:
        return same
    found = _close(word, listed, 1, 0.6)
    return found[0] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A hint, where ``word`` is close to something known."""
    meant = near_miss(word, known)
    return f"Did you mean {meant!r}?" if meant else None


def counted(number: float, one: str, many: str | None = None) -> str:
    """``1 item``, ``3 items``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def _folded(word: str) -> str:
    return word.casefold().replace("_", "").replace("-", "")


def _close(word: str, known: list[str], limit: int, cutoff: float) -> list[str]:
    from difflib import get_close_matches

    # Case is folded for the comparison, so that "onxx" still finds "ONNX".
    folded = {name.casefold(): name for name in known}
    close = get_close_matches(word[:_TEXT_SHOWN].casefold(), folded, limit, cutoff)
    return [folded[name] for name in close]
