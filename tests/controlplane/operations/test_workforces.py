"""Private workforces, through the plane's one door."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.planes import (
    COGNITO,
    OIDC,
    cognito,
    groups,
    refusal,
    team,
    with_team,
    with_workforce,
)

if TYPE_CHECKING:
    from pathlib import Path

    from sagectl.controlplane.plane import ControlPlane
    from tests.support.planes import TestClock

NAME = {"WorkforceName": "crowd"}


def described(plane: ControlPlane, **place: str) -> dict[str, Any]:
    found: dict[str, Any] = plane.handle("DescribeWorkforce", NAME, **place)["Workforce"]
    return found


def test_a_workforce_is_described_with_everything_but_its_secret(
    plane: ControlPlane, clock: TestClock
) -> None:
    arn = with_workforce(plane)
    found = described(plane)
    assert (
        arn
        == found["WorkforceArn"]
        == "arn:aws:sagemaker:us-east-1:123456789012:workforce/crowd"
    )
    assert found["OidcConfig"] == {
        name: value for name, value in OIDC.items() if name != "ClientSecret"
    }
    assert found["SourceIpConfig"] == {"Cidrs": []}
    assert found["Status"] == "Active"
    assert found["CreateDate"] == found["LastUpdatedDate"] == clock.now


def test_a_workforce_has_a_sub_domain_of_its_region(plane: ControlPlane) -> None:
    with_workforce(plane)
    name, _, rest = described(plane)["SubDomain"].partition(".")
    assert name.isalnum()
    assert rest == "labeling.us-east-1.sagemaker.aws"


def test_the_client_secret_is_nowhere_in_the_state_directory(
    plane: ControlPlane, state: Path
) -> None:
    with_workforce(plane)
    plane.handle("UpdateWorkforce", NAME | {"OidcConfig": OIDC})
    plane.store.close()
    assert not [
        path for path in state.iterdir() if OIDC["ClientSecret"].encode() in path.read_bytes()
    ]


@pytest.mark.parametrize(
    "secret", ["x" * 1025, "schlüssel", 314159265], ids=["long", "foreign", "number"]
)
def test_a_refused_secret_is_not_repeated(plane: ControlPlane, secret: Any) -> None:
    fault = refusal(
        plane, "CreateWorkforce", NAME | {"OidcConfig": OIDC | {"ClientSecret": secret}}
    )
    assert "clientsecret" in fault.message.lower()
    assert str(secret) not in fault.message


def test_a_second_workforce_is_refused_in_the_service_s_words(plane: ControlPlane) -> None:
    with_workforce(plane)
    fault = refusal(
        plane, "CreateWorkforce", {"WorkforceName": "other", "CognitoConfig": COGNITO}
    )
    assert fault.code == "ValidationException"
    assert fault.message == (
        "Cannot create more than one workforce for account 123456789012. If you are trying to "
        "update existing workforce, please use UpdateWorkforce API"
    )


def test_every_account_and_region_has_its_own_workforce(plane: ControlPlane) -> None:
    with_workforce(plane)
    for place in ({"region": "eu-west-1"}, {"account": "210987654321"}):
        assert refusal(plane, "DescribeWorkforce", NAME, **place).code == "ValidationException"
        assert plane.handle("ListWorkforces", {}, **place) == {"Workforces": []}
        plane.handle("CreateWorkforce", NAME | {"CognitoConfig": COGNITO}, **place)
        assert described(plane, **place)["CognitoConfig"] == COGNITO
    assert "OidcConfig" in described(plane)


def test_a_region_of_another_partition_shows_in_the_arn(plane: ControlPlane) -> None:
    made = plane.handle(
        "CreateWorkforce", NAME | {"CognitoConfig": COGNITO}, region="cn-north-1"
    )
    assert made["WorkforceArn"].startswith("arn:aws-cn:sagemaker:cn-north-1:")


@pytest.mark.parametrize(
    "operation", ["DescribeWorkforce", "DeleteWorkforce", "UpdateWorkforce"]
)
def test_a_missing_workforce_is_a_validation_exception(
    plane: ControlPlane, operation: str
) -> None:
    change = {"SourceIpConfig": {"Cidrs": []}} if operation == "UpdateWorkforce" else {}
    fault = refusal(plane, operation, NAME | change)
    assert fault.code == "ValidationException"
    assert "No workforce" in fault.message


def test_an_update_replaces_the_allow_list(plane: ControlPlane, clock: TestClock) -> None:
    with_workforce(plane, SourceIpConfig={"Cidrs": ["10.0.0.0/16", "10.1.0.0/16"]})
    later = clock.advance()
    changed = {"SourceIpConfig": {"Cidrs": ["192.168.0.0/24"]}}
    answer = plane.handle("UpdateWorkforce", NAME | changed)["Workforce"]
    assert answer == described(plane)
    assert answer["SourceIpConfig"] == changed["SourceIpConfig"]
    assert answer["LastUpdatedDate"] == later > answer["CreateDate"]


def test_the_oidc_configuration_changes_only_while_there_is_no_team(
    plane: ControlPlane,
) -> None:
    with_team(plane)
    change = NAME | {"OidcConfig": OIDC | {"Issuer": "https://other.example.com"}}
    assert "while it has work teams" in refusal(plane, "UpdateWorkforce", change).message
    plane.handle("DeleteWorkteam", {"WorkteamName": "radiology"})
    answer = plane.handle("UpdateWorkforce", change)["Workforce"]
    assert answer["OidcConfig"]["Issuer"] == "https://other.example.com"
    assert "ClientSecret" not in answer["OidcConfig"]


def test_a_cognito_workforce_cannot_turn_to_oidc(plane: ControlPlane) -> None:
    plane.handle("CreateWorkforce", NAME | {"CognitoConfig": COGNITO})
    fault = refusal(plane, "UpdateWorkforce", NAME | {"OidcConfig": OIDC})
    assert "Amazon Cognito" in fault.message


def test_a_workforce_enters_a_vpc_and_leaves_it(plane: ControlPlane) -> None:
    vpc = {"VpcId": "vpc-1", "SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}
    with_workforce(plane, WorkforceVpcConfig=vpc)
    shown = described(plane)["WorkforceVpcConfig"]
    assert shown.pop("VpcEndpointId").startswith("vpce-")
    assert shown == vpc
    plane.handle("UpdateWorkforce", NAME | {"WorkforceVpcConfig": {}})
    assert "WorkforceVpcConfig" not in described(plane)


def test_leaving_a_vpc_without_being_in_one_is_no_matter(plane: ControlPlane) -> None:
    with_workforce(plane)
    plane.handle("UpdateWorkforce", NAME | {"WorkforceVpcConfig": {}})
    assert "WorkforceVpcConfig" not in described(plane)


def test_a_workforce_with_teams_is_in_use(plane: ControlPlane) -> None:
    with_team(plane)
    assert refusal(plane, "DeleteWorkforce", NAME).code == "ResourceInUse"
    plane.handle("DeleteWorkteam", {"WorkteamName": "radiology"})
    assert plane.handle("DeleteWorkforce", NAME) == {}
    assert refusal(plane, "DescribeWorkforce", NAME).code == "ValidationException"


@pytest.mark.parametrize(
    "params",
    [
        pytest.param({"CognitoConfig": COGNITO, "OidcConfig": OIDC}, id="both-providers"),
        pytest.param({}, id="no-provider"),
        pytest.param(
            {"CognitoConfig": COGNITO, "SourceIpConfig": {"Cidrs": ["10.0.0.0"]}},
            id="range-without-prefix",
        ),
        pytest.param({"CognitoConfig": {"UserPool": "p_1"}}, id="half-a-provider"),
    ],
)
def test_a_malformed_workforce_is_refused(plane: ControlPlane, params: dict[str, Any]) -> None:
    assert refusal(plane, "CreateWorkforce", NAME | params).code == "ValidationException"
    assert plane.handle("ListWorkforces", {}) == {"Workforces": []}


def test_the_first_cognito_team_brings_the_default_workforce(plane: ControlPlane) -> None:
    plane.handle("CreateWorkteam", team("nurses", MemberDefinitions=[cognito("nurses")]))
    (made,) = plane.handle("ListWorkforces", {})["Workforces"]
    assert made["WorkforceName"] == "default"
    assert made["CognitoConfig"] == COGNITO


def test_the_first_oidc_team_needs_a_workforce(plane: ControlPlane) -> None:
    fault = refusal(plane, "CreateWorkteam", team("nurses", MemberDefinitions=groups("nurses")))
    assert "No workforce" in fault.message
