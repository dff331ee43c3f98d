"""Times as people write them, for a service that knows one way to."""

from __future__ import annotations


def in_utc(text: str) -> str:
    """A day or a time of ISO 8601 as ``YYYY-MM-DDTHH:MM:SS`` of UTC, which needs no zone.

    Raises ValueError for what is none, or is more exact than a second.
    """
    from datetime import UTC, datetime

    when = datetime.fromisoformat(text)
    if when.microsecond:
        raise ValueError("times are compared to the second")
    if when.tzinfo is not None:
        when = when.astimezone(UTC).replace(tzinfo=None)
    return when.isoformat()
