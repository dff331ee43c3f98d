"""The rows of lists as they are shown, each made once for every state that its resource had."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sagectl.controlplane.resources import resource_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sagectl.controlplane.resources import Resource

# Pages that many clients ask for again and again; a few kilobytes each.
_KEPT = 4096


class Summary(dict[str, Any]):
    """One row of a list, with a place for what it is on the wire once that is known."""

    __slots__ = ("wire",)
    wire: list[str]


def summary(show: Callable[[Resource], dict[str, Any]], text: str) -> Summary:
    """What ``show`` makes of the resource that ``text`` holds.

    The text is the whole row, so a resource that anybody changed is another one here. Each
    call gives a new mapping; what it holds, and its wire form, are shared.
    """
    kept = _shown(show, text)
    given = Summary(kept)
    given.wire = kept.wire
    return given


@lru_cache(maxsize=_KEPT)
def _shown(show: Callable[[Resource], dict[str, Any]], text: str) -> Summary:
    made = Summary(show(resource_of(text)))
    made.wire = []
    return made
