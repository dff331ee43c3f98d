"""JSON as RFC 8259 has it, read more strictly than Python's own reader does.

That one takes NaN and numbers beyond all bounds, keeps the last of equal keys, and lets half a
surrogate pair through: what came of them could be written, but not be read elsewhere.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

DEPTH = 100
_DIGITS = 400  # more than the largest number of double precision has
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")


def strict_json(text: str, *, takes_halves: bool = False) -> Any:
    """The value of ``text``. Raises ValueError, a JSONDecodeError where a place is known.

    ``takes_halves`` lets half a surrogate pair through: a text field cuts letters like that.
    """
    try:
        value = _READER.decode(text)
    except RecursionError as error:
        raise ValueError("is nested too deep") from error
    # Hardly a text has more brackets than may be nested.
    if text.count("[") + text.count("{") > DEPTH and _is_deeper(value, DEPTH):
        raise ValueError("is nested too deep")
    if not takes_halves and _SURROGATE.search(text):
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            half = f"\\u{ord(error.object[error.start]):04x}"
            raise ValueError(f"has {half}, half a letter without its other half") from error
    return value


def _is_deeper(value: Any, depth: int) -> bool:
    level = [value]
    for _ in range(depth):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return any(isinstance(one, dict | list) for one in level)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"has the key {twice!r:.80} twice")
    return value


def _constant(word: str) -> Any:
    raise ValueError(f"has {word}, which is no number in JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"has {text:.40}, which is beyond any number that can be kept")
    return number


def _whole(text: str) -> int:
    if len(text) > _DIGITS:
        raise ValueError(f"has a number of {len(text)} digits")
    return int(text)


_READER = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_constant=_constant,
    parse_float=_finite,
    parse_int=_whole,
)
