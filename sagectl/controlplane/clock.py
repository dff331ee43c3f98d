"""Time as the control plane keeps it: whole milliseconds since the epoch, UTC."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
Entropy = Callable[[int], bytes]  # that many random bytes

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def system_clock() -> datetime:
    """The machine's time."""
    return datetime.now(UTC)


def milliseconds(clock: Clock) -> int:
    """The time that ``clock`` shows."""
    return moment(clock())


def timestamp(when: int) -> datetime:
    """What a result carries for ``when``: an aware datetime."""
    return _EPOCH + when * _MILLISECOND


def moment(value: datetime | float | int, *, up: bool = False) -> int:
    """The millisecond that a timestamp parameter means, rounded down unless ``up``.

    A naive datetime is taken as UTC, as botocore does; a number is seconds since the epoch.
    """
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        since = aware - _EPOCH
    else:
        since = timedelta(seconds=value)
    return -(-since // _MILLISECOND) if up else since // _MILLISECOND
