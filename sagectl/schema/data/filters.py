"""The Liquid filters of worker templates, held to what a page can use.

Source: developer guide, "Automate template creation with Liquid".
"""

from __future__ import annotations

import json
from functools import wraps
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_ITEMS = 100_000
MOST_CHARACTERS = 4 << 20
_MOST_BITS = 4096


def ground_truth_filters(read_access: Callable[[str], str]) -> dict[str, Callable[..., Any]]:
    """The filters that Ground Truth adds to Liquid's own."""
    from liquid import Markup

    return {
        # "</" would end a script that the JSON stands in.
        "to_json": lambda value: json.dumps(value, default=_plain).replace("</", "<\\/"),
        "grant_read_access": lambda value: read_access(str(value)),
        "skip_autoescape": lambda value: Markup(str(value)),
    }


def bounded(name: str, made: Callable[..., Any]) -> Callable[..., Any]:
    """``made``, refusing what would hold whoever renders: ranges and texts without measure.

    The limits that Liquid has count rounds of loops, and what is written, but no filter's work.
    """
    from liquid.exceptions import FilterArgumentError

    @wraps(made)
    def within(value: Any, *args: Any, **named: Any) -> Any:
        for one in (value, *args):
            if isinstance(one, range) and len(one) > MOST_ITEMS:
                raise FilterArgumentError(
                    f"{name}: a range of more than {MOST_ITEMS} numbers", token=None
                )
        if name.startswith("replace") and _replaced_size(value, args) > MOST_CHARACTERS:
            raise FilterArgumentError(
                f"{name}: more than {MOST_CHARACTERS} characters", token=None
            )
        try:
            result = made(value, *args, **named)
        except ArithmeticError as error:
            raise FilterArgumentError(
                f"{name}: {value!r:.60} is no number", token=None
            ) from error
        is_vast = isinstance(result, int) and result.bit_length() > _MOST_BITS
        if is_vast or (isinstance(result, str) and len(result) > MOST_CHARACTERS):
            raise FilterArgumentError(
                f"{name}: more than {MOST_CHARACTERS} characters", token=None
            )
        return result

    return within


def _replaced_size(value: Any, args: tuple[Any, ...]) -> int:
    """How long a text may be when its parts are replaced."""
    text, part, other = (str(one) for one in (value, *args, "", "")[:3])
    hits = text.count(part)
    return len(text) + hits * len(other)


def _plain(value: Any) -> Any:
    """What JSON has for Liquid's own values: lists for ranges, null for what is not there."""
    return list(value) if isinstance(value, range) and len(value) <= MOST_ITEMS else None
