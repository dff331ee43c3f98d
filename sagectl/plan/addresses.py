"""The ranges of addresses that workers may sign in from."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

from sagectl.diagnostics import Diagnostic, Severity
from sagectl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from ipaddress import IPv4Address, IPv4Network, IPv6Network

    Address = IPv4Address | IPv6Address
    Network = IPv4Network | IPv6Network

MAX_RANGES = 10  # API reference, SourceIpConfig
FIELD = "SourceIpConfig.Cidrs"


def network(text: str) -> Network:
    """The range that ``text`` names: of one address, if it has no prefix length.

    Bits behind the prefix are dropped. Raises InputError for what is no range.
    """
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError as error:
        raise InputError(
            f"{text!r} is not a range of addresses",
            hint="Ranges look like 203.0.113.0/24 or 2001:db8::/32.",
        ) from error


def address(text: str) -> Address:
    """The address that ``text`` names, IPv4 in IPv6's clothes as IPv4. Raises InputError."""
    try:
        found = ip_address(text.strip())
    except ValueError as error:
        raise InputError(
            f"{text!r} is not an address", hint="Such as 203.0.113.7 or 2001:db8::7."
        ) from error
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        return found.ipv4_mapped
    return found


def normal(cidrs: Iterable[str]) -> tuple[str, ...]:
    """The ranges as networks are written, each once, in their order."""
    return tuple(dict.fromkeys(str(network(cidr)) for cidr in cidrs))


def with_ranges(old: Sequence[str], added: Iterable[str]) -> tuple[str, ...]:
    """``old`` and ``added``, normal. Raises InputError for more than a workforce can have."""
    ranges = normal((*old, *added))
    if len(ranges) > MAX_RANGES:
        raise InputError(
            f"that would be {len(ranges)} address ranges, and a workforce has at most "
            f"{MAX_RANGES}",
            hint=_joined(ranges),
        )
    return ranges


def without_ranges(old: Sequence[str], removed: Iterable[str]) -> tuple[str, ...]:
    """``old``, normal, less the ranges ``removed``."""
    gone = frozenset(normal(removed))
    return tuple(cidr for cidr in normal(old) if cidr not in gone)


def require_ranges(old: Sequence[str], names: Iterable[str]) -> None:
    """Raises InputError for ranges that are not in the list."""
    known = normal(old)
    if unknown := [cidr for cidr in normal(names) if cidr not in known]:
        raise InputError(
            f"not in the list: {', '.join(unknown)}",
            hint=f"In it are {', '.join(known)}." if known else "It is empty.",
        )


def admitting(cidrs: Sequence[str], who: str) -> str | None:
    """The range that lets the address ``who`` in; "" if an empty list does, None if none."""
    if not cidrs:
        return ""
    # A range of IPv6 may hold the address in its clothes, one of IPv4 without them.
    forms = (address(who), ip_address(who.strip()))
    return next((cidr for cidr in cidrs if any(form in network(cidr) for form in forms)), None)


def remarks(
    before: Sequence[str], after: Sequence[str], mine: str | None
) -> Iterator[Diagnostic]:
    """What to think of before the list becomes ``after``."""
    for index, cidr in enumerate(after):
        for other in after[:index]:
            if overlap := _overlap(network(other), network(cidr)):
                yield _warning(overlap, "One of the two is enough.", "workforce.cidr-overlap")
    if before and not after:
        said = "no address range is left, which lets workers in from anywhere"
        yield _warning(said, None, "workforce.cidr-none")
    if mine and admitting(before, mine) is not None and admitting(after, mine) is None:
        yield _warning(
            f"this shuts out {address(mine)}, which gets in now",
            f"Add {network(mine)} to stay in.",
            "workforce.shut-out",
        )


def _overlap(one: Network, other: Network) -> str | None:
    if one.version != other.version or not one.overlaps(other):
        return None
    inner, outer = (one, other) if one.prefixlen > other.prefixlen else (other, one)
    return f"overlap: {inner} lies within {outer}"


def _joined(ranges: Sequence[str]) -> str:
    """What fewer ranges would say the same, if any would."""
    from ipaddress import collapse_addresses

    networks = [network(cidr) for cidr in ranges]
    joined = [
        str(found)
        for version in (4, 6)
        for found in collapse_addresses(  # type: ignore[type-var]
            each for each in networks if each.version == version
        )
    ]
    if len(joined) < len(ranges):
        return f"These {len(joined)} ranges say the same: {', '.join(joined)}."
    return "Remove some, or name wider ranges."


def _warning(text: str, hint: str | None, rule: str) -> Diagnostic:
    return Diagnostic(text, hint=hint, rule=rule, severity=Severity.WARNING)
