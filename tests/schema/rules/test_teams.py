"""Rules of workforces, work teams and tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.schema.rules.conftest import Broken

COGNITO = {"UserPool": "us-east-1_AbC", "ClientId": "client"}
OIDC = {
    "ClientId": "client",
    "ClientSecret": "secret",
    **dict.fromkeys(
        (
            *("Issuer", "AuthorizationEndpoint", "TokenEndpoint"),
            *("UserInfoEndpoint", "LogoutEndpoint", "JwksUri"),
        ),
        "https://idp.example.com/",
    ),
}


def cidrs(*ranges: str, **more: Any) -> dict[str, Any]:
    return {
        "WorkforceName": "crowd",
        "OidcConfig": OIDC,
        "SourceIpConfig": {"Cidrs": list(ranges)},
    } | more


CIDRS = "SourceIpConfig.Cidrs"


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        pytest.param({"CognitoConfig": COGNITO}, [], id="cognito"),
        pytest.param({"OidcConfig": OIDC}, [], id="oidc"),
        pytest.param({"CognitoConfig": COGNITO, "OidcConfig": OIDC},
                     ["workforce.one-provider at OidcConfig"], id="both"),
        pytest.param({}, ["workforce.one-provider at CognitoConfig"], id="neither"),
        pytest.param(
            {"OidcConfig": {name: OIDC[name] for name in OIDC if name != "JwksUri"}},
            ["schema.required at OidcConfig.JwksUri"], id="endpoint-missing"),
        pytest.param({"OidcConfig": OIDC | {"Issuer": "http://idp.example.com"}},
                     ["schema.pattern at OidcConfig.Issuer"], id="endpoint-without-tls"),
        pytest.param(cidrs(), [f"workforce.cidr-none at {CIDRS} (warning)"], id="no-range"),
        pytest.param(cidrs(*(f"10.{n}.0.0/16" for n in range(10))), [], id="ten-ranges"),
        pytest.param(cidrs(*(f"10.{n}.0.0/16" for n in range(11))),
                     [f"workforce.cidr-count at {CIDRS}"], id="eleven-ranges"),
        pytest.param(cidrs("2001:db8::/32", "203.0.113.0/24"), [], id="both-families"),
        pytest.param(cidrs("203.0.113.0"), [f"schema.pattern at {CIDRS}[0]"], id="no-prefix"),
        pytest.param(cidrs("10.0.0.0/33"), [f"schema.pattern at {CIDRS}[0]"], id="long-prefix"),
        pytest.param(cidrs("2001:db8::/32s"), [f"schema.pattern at {CIDRS}[0]"],
                     id="no-range-v6"),
        pytest.param(cidrs("s2001:db8::/32"), [f"workforce.cidr at {CIDRS}[0]"],
                     id="let-through-by-the-pattern-alone"),
        pytest.param(cidrs("203.0.113.7/24"),
                     [f"workforce.cidr-host-bits at {CIDRS}[0] (warning)"], id="host-bits"),
        pytest.param(cidrs("10.0.0.0/8", "10.0.0.1/8"),
                     [f"workforce.cidr-host-bits at {CIDRS}[1] (warning)",
                      f"workforce.cidr-repeated at {CIDRS}[1] (warning)"], id="same-network"),
        pytest.param(cidrs("2001:db8::/32", IpAddressType="ipv4"),
                     [f"workforce.cidr-family at {CIDRS}[0] (warning)"], id="v6-on-v4"),
    ],
)  # fmt: skip
def test_workforce(params: dict[str, Any], expected: list[str], broken: Broken) -> None:
    assert broken("CreateWorkforce", {"WorkforceName": "crowd"} | params) == expected


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        pytest.param({}, ["workforce.update-nothing at "], id="nothing"),
        pytest.param({"IpAddressType": "ipv4"}, [], id="address-type"),
        pytest.param({"SourceIpConfig": {"Cidrs": []}}, [], id="lets-everyone-in"),
    ],
)
def test_workforce_update(params: dict[str, Any], expected: list[str], broken: Broken) -> None:
    assert broken("UpdateWorkforce", {"WorkforceName": "crowd"} | params) == expected


def cognito(group: str, **changes: str) -> dict[str, Any]:
    return {"CognitoMemberDefinition": COGNITO | {"UserGroup": group} | changes}


def oidc(*groups: str) -> dict[str, Any]:
    return {"OidcMemberDefinition": {"Groups": list(groups)}}


M = "MemberDefinitions"


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        pytest.param([oidc("readers", "doctors")], [], id="oidc"),
        pytest.param([cognito("readers"), cognito("doctors")], [], id="cognito"),
        pytest.param([], [f"schema.min at {M}"], id="none"),
        pytest.param([{}], [f"workteam.member at {M}[0].CognitoMemberDefinition"], id="empty"),
        pytest.param([cognito("a") | oidc("b")],
                     [f"workteam.member at {M}[0].OidcMemberDefinition"], id="both-in-one"),
        pytest.param([cognito("a"), oidc("b")],
                     [f"workteam.one-provider at {M}[1].OidcMemberDefinition"], id="mixed"),
        pytest.param([cognito("a"), cognito("b", UserPool="us-east-1_Other")],
                     [f"workteam.one-pool at {M}[1].CognitoMemberDefinition.UserPool"],
                     id="two-pools"),
        pytest.param([cognito("a"), cognito("b", ClientId="other")],
                     [f"workteam.one-pool at {M}[1].CognitoMemberDefinition.ClientId"],
                     id="two-clients"),
        pytest.param([oidc("a", "b", "a")],
                     [f"workteam.repeated-group at {M}[0].OidcMemberDefinition.Groups[2]"],
                     id="group-twice"),
        pytest.param([oidc(*(f"g{n}" for n in range(11)))],
                     [f"schema.max at {M}[0].OidcMemberDefinition.Groups"], id="eleven-groups"),
        pytest.param([oidc()], [f"schema.min at {M}[0].OidcMemberDefinition.Groups"],
                     id="no-groups"),
        pytest.param([cognito("a") | {"OidcMemberDefinition": 5}],
                     [f"schema.type at {M}[0].OidcMemberDefinition"], id="wrong-type"),
    ],
)  # fmt: skip
def test_workteam_members(members: list[Any], expected: list[str], broken: Broken) -> None:
    params = {"WorkteamName": "radiology", "Description": "reads", "MemberDefinitions": members}
    assert broken("CreateWorkteam", params) == expected


def test_workteam_update_of_nothing(broken: Broken) -> None:
    params = {"WorkteamName": "radiology"}
    assert broken("UpdateWorkteam", params) == ["workteam.update-nothing at "]


ARN = "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/radiology"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        pytest.param(["team", "Team"], [], id="keys-differ-by-case"),
        pytest.param(["team", "team"], ["tags.duplicate at Tags[1].Key"], id="twice"),
        pytest.param(["aws:created"], ["tags.reserved at Tags[0].Key"], id="reserved"),
        pytest.param(["AWS:x"], ["tags.reserved at Tags[0].Key"], id="reserved-in-capitals"),
        pytest.param(["a!"], ["schema.pattern at Tags[0].Key"], id="sign"),
        pytest.param([f"k{n}" for n in range(51)], ["schema.max at Tags"], id="too-many"),
    ],
)
def test_tags(keys: list[str], expected: list[str], broken: Broken) -> None:
    tags = [{"Key": key, "Value": "x"} for key in keys]
    assert broken("AddTags", {"ResourceArn": ARN, "Tags": tags}) == expected
