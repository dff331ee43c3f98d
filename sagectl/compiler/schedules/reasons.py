"""Why rules decline: told to whoever listens, and to nobody otherwise."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")

_listening: ContextVar[list[str] | None] = ContextVar("listening", default=None)


def declined(reason: str) -> T | None:
    """Give the reason for the ``None`` that a rule returns: ``return declined("...")``.

    It returns that ``None``; the type is what lets every rule return it.
    """
    heard = _listening.get()
    if heard is not None:
        heard.append(reason)
    return None


@contextmanager
def listening() -> Iterator[list[str]]:
    """The reasons given while this lasts."""
    heard: list[str] = []
    before = _listening.set(heard)
    try:
        yield heard
    finally:
        _listening.reset(before)
