"""Which names and addresses are this machine's own."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from ipaddress import ip_address

LOOPBACK_NAMES = frozenset(("localhost", "localhost.localdomain"))


@lru_cache(maxsize=64)  # asked of each request, and always of the same few names
def is_loopback(name: str) -> bool:
    """Whether a host name or address is this machine's own."""
    with suppress(ValueError):
        return ip_address(name).is_loopback
    return name in LOOPBACK_NAMES
