"""Rules of requests that create or change a workforce."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import WORKFORCE_KIND
from sagectl.diagnostics import Severity
from sagectl.schema.rules.rule import Breach, Rule, listed, text
from sagectl.schema.rules.tags import TAG_RULES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_CIDRS = 10


def _one_identity_provider(params: Mapping[str, Any]) -> Iterator[Breach]:
    if "CognitoConfig" in params and "OidcConfig" in params:
        said = "is given beside CognitoConfig, and a workforce has one identity provider"
        yield Breach("OidcConfig", said, "Keep CognitoConfig or OidcConfig.")
    elif "CognitoConfig" not in params and "OidcConfig" not in params:
        said = "is required, or OidcConfig is, and both are missing"
        hint = "Give CognitoConfig for an Amazon Cognito user pool, OidcConfig for your own."
        yield Breach("CognitoConfig", said, hint)


def _something_to_change(params: Mapping[str, Any]) -> Iterator[Breach]:
    fields = WORKFORCE_KIND.mutable
    if not any(name in params for name in fields):
        yield Breach("", "changes nothing", f"Give one of {', '.join(fields)}.")


def _number_of_cidrs(params: Mapping[str, Any]) -> Iterator[Breach]:
    count = len(listed(params, "SourceIpConfig.Cidrs"))
    if count > MAX_CIDRS:
        said = f"has {count} address ranges, takes at most {MAX_CIDRS}"
        yield Breach("SourceIpConfig.Cidrs", said, "Join neighbouring ranges into wider ones.")


def _empty_allow_list(params: Mapping[str, Any]) -> Iterator[Breach]:
    if "SourceIpConfig" in params and listed(params, "SourceIpConfig.Cidrs") == []:
        said = "has no address range, which lets workers in from anywhere"
        yield Breach("SourceIpConfig.Cidrs", said)


def _networks(params: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Path, text and network of every CIDR with a prefix length; None for an invalid one."""
    cidrs = listed(params, "SourceIpConfig.Cidrs")
    if not cidrs:
        return
    from ipaddress import ip_network

    for index, cidr in enumerate(cidrs):
        if not isinstance(cidr, str) or "/" not in cidr:
            continue  # the shape has said so
        try:
            network = ip_network(cidr, strict=False)
        except ValueError:
            network = None
        yield f"SourceIpConfig.Cidrs[{index}]", cidr, network


def _valid_cidrs(params: Mapping[str, Any]) -> Iterator[Breach]:
    for path, cidr, network in _networks(params):
        if network is None:
            yield Breach(
                path, f"{cidr!r} is not a range of addresses", "Such as 203.0.113.0/24."
            )


def _host_bits(params: Mapping[str, Any]) -> Iterator[Breach]:
    for path, cidr, network in _networks(params):
        if network is None:
            continue
        address = cidr.partition("/")[0]
        if type(network.network_address)(address) != network.network_address:
            said = f"{cidr} names a host; the network is {network}"
            yield Breach(path, said, f"Write {network}, or {address}/{network.max_prefixlen}.")


def _repeated_cidrs(params: Mapping[str, Any]) -> Iterator[Breach]:
    met: dict[Any, str] = {}
    for path, cidr, network in _networks(params):
        if network is not None and met.setdefault(network, path) != path:
            yield Breach(path, f"{cidr} is in the list already")


def _address_family(params: Mapping[str, Any]) -> Iterator[Breach]:
    if text(params, "IpAddressType") != "ipv4":
        return
    for path, cidr, network in _networks(params):
        if network is not None and network.version == 6:
            said = f"{cidr} is an IPv6 range, and IpAddressType is ipv4"
            yield Breach(path, said, "Set IpAddressType to dualstack.")


_CIDR_RULES = (
    Rule(
        "workforce.cidr-count",
        "An allow list has at most ten CIDRs.",
        "API reference, SourceIpConfig",
        _number_of_cidrs,
        is_lenient=True,
    ),
    Rule(
        "workforce.cidr",
        "A CIDR is an IPv4 or IPv6 network with its prefix length.",
        "API reference, SourceIpConfig",
        _valid_cidrs,
    ),
    Rule(
        "workforce.cidr-host-bits",
        "A CIDR names a network, not a host in one.",
        "RFC 4632, section 3.1",
        _host_bits,
        Severity.WARNING,
    ),
    Rule(
        "workforce.cidr-repeated",
        "A CIDR is in the list once.",
        "sagectl",
        _repeated_cidrs,
        Severity.WARNING,
    ),
    Rule(
        "workforce.cidr-family",
        "IPv6 ranges go with the address type dualstack.",
        "API reference, UpdateWorkforce",
        _address_family,
        Severity.WARNING,
    ),
)
RULES: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {
        "CreateWorkforce": (
            Rule(
                "workforce.one-provider",
                "A workforce has CognitoConfig or OidcConfig, not both.",
                "API reference, CreateWorkforce",
                _one_identity_provider,
            ),
            Rule(
                "workforce.cidr-none",
                "A new allow list names at least one CIDR.",
                "API reference, SourceIpConfig",
                _empty_allow_list,
                Severity.WARNING,
            ),
            *_CIDR_RULES,
            *TAG_RULES,
        ),
        "UpdateWorkforce": (
            Rule(
                "workforce.update-nothing",
                "An update changes something.",
                "sagectl",
                _something_to_change,
            ),
            *_CIDR_RULES,
        ),
    }
)
