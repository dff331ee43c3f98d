"""Ranges of addresses, IPv4 and IPv6."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagectl.errors import InputError
from sagectl.plan.addresses import (
    admitting,
    normal,
    remarks,
    with_ranges,
    without_ranges,
)

NETWORKS = st.ip_addresses().flatmap(
    lambda address: st.integers(0, address.max_prefixlen).map(lambda bits: f"{address}/{bits}")
)


@pytest.mark.parametrize(
    ("given_", "written"),
    [
        pytest.param("203.0.113.7/24", "203.0.113.0/24", id="host-bits"),
        pytest.param("203.0.113.7", "203.0.113.7/32", id="one-ipv4-address"),
        pytest.param("2001:DB8:0:0::/32", "2001:db8::/32", id="ipv6"),
        pytest.param("2001:db8::7", "2001:db8::7/128", id="one-ipv6-address"),
        pytest.param("203.0.113.0/255.255.255.0", "203.0.113.0/24", id="netmask"),
    ],
)
def test_a_range_is_written_as_a_network(given_: str, written: str) -> None:
    assert normal([given_]) == (written,)


@settings(deadline=None)
@given(st.lists(NETWORKS, max_size=10))
def test_normal_ranges_are_few_and_stay_as_they_are(cidrs: list[str]) -> None:
    once = normal(cidrs)

    assert normal(once) == once
    assert len(once) == len(set(once))
    assert without_ranges(cidrs, cidrs) == ()


@settings(deadline=None)
@given(st.lists(NETWORKS, min_size=1, max_size=10), st.data())
def test_an_address_of_a_range_gets_in(cidrs: list[str], data: st.DataObject) -> None:
    chosen = data.draw(st.sampled_from(normal(cidrs)))

    assert admitting(cidrs, chosen.partition("/")[0]) is not None


def test_ipv4_in_ipv6_is_ipv4() -> None:
    assert admitting(["203.0.113.0/24"], "::ffff:203.0.113.7") == "203.0.113.0/24"


def test_a_range_of_ipv6_holds_the_ipv4_that_is_written_in_it() -> None:
    assert admitting(["::ffff:0:0/96"], "::ffff:203.0.113.7") == "::ffff:0:0/96"


def test_an_eleventh_range_is_refused_with_what_fewer_would_say_the_same() -> None:
    ten = [f"10.0.{index}.0/24" for index in range(10)]

    with pytest.raises(InputError, match="at most 10") as caught:
        with_ranges(ten, ["2001:db8::/32"])

    assert "10.0.0.0/21" in (caught.value.hint or "")
    assert with_ranges(ten, ["10.0.3.9/24"]) == tuple(ten)


@pytest.mark.parametrize(
    ("before", "after", "mine", "rules"),
    [
        pytest.param((), ("10.0.0.0/8", "10.1.0.0/16"), None, ["cidr-overlap"], id="overlap"),
        pytest.param((), ("10.0.0.0/8", "2001:db8::/32"), None, [], id="two-families"),
        pytest.param(("10.0.0.0/8",), (), "192.0.2.1", ["cidr-none"], id="everyone"),
        pytest.param((), ("10.0.0.0/8",), "192.0.2.1", ["shut-out"], id="shut-out"),
        pytest.param(("192.0.2.0/24",), ("10.0.0.0/8",), "192.0.2.1", ["shut-out"], id="moved"),
        pytest.param(("10.0.0.0/8",), ("11.0.0.0/8",), "192.0.2.1", [], id="was-out-before"),
    ],
)
def test_what_to_think_of_first_is_said(
    before: tuple[str, ...], after: tuple[str, ...], mine: str | None, rules: list[str]
) -> None:
    found = [remark.rule.removeprefix("workforce.") for remark in remarks(before, after, mine)]

    assert found == rules
