"""Read, change, write and read again: a change to a list that others may change too."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from sagectl.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

ATTEMPTS = 5
PAUSE_SECONDS = 0.2
# UpdateWorkforce's answer to a change that crosses another (API reference, UpdateWorkforce).
CONFLICT = "ConflictException"


class Exchange(NamedTuple, Generic[T]):
    """What was there before the last write, what it became, and how many writes that took."""

    before: T
    after: T
    writes: int


def exchanged(
    read: Callable[[], T],
    change: Callable[[T], T],
    write: Callable[[T], None],
    *,
    pause: Callable[[float], None] = time.sleep,
) -> Exchange[T]:
    """Have ``change`` hold of what ``read`` gives, although others write too.

    ``change`` leaves a value that it already holds of as it is, so that it can be made again.
    The service knows no conditional write: what was written is read again, and a change that
    somebody else has overwritten is made anew, on what that left. Raises ServiceError if it
    is overwritten every time.
    """
    before = read()
    for writes in range(ATTEMPTS):
        after = change(before)
        if after == before:
            return Exchange(before, after, writes)
        if writes:
            pause(PAUSE_SECONDS * 2**writes)
        _written(write, after)
        found = read()
        if change(found) == found:
            return Exchange(before, found, writes + 1)
        before = found
    raise ServiceError(
        CONFLICT,
        f"somebody else changed it again after each of {ATTEMPTS} writes",
        hint="See who else changes it, then try again.",
    )


def _written(write: Callable[[T], None], value: T) -> None:
    try:
        write(value)
    except ServiceError as error:
        # The value is read again whatever came of the write.
        if error.code != CONFLICT:
            raise
