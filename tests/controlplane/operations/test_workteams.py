"""Private work teams, through the plane's one door."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.planes import COGNITO, cognito, groups, refusal, team, with_workforce

if TYPE_CHECKING:
    from sagectl.controlplane.plane import ControlPlane
    from tests.support.planes import TestClock

NAME = {"WorkteamName": "radiology"}


def described(plane: ControlPlane) -> dict[str, Any]:
    found: dict[str, Any] = plane.handle("DescribeWorkteam", NAME)["Workteam"]
    return found


def test_a_team_belongs_to_the_region_s_workforce(
    plane: ControlPlane, clock: TestClock
) -> None:
    workforce = with_workforce(plane)
    topic = {"NotificationTopicArn": "arn:aws:sns:us-east-1:123456789012:work"}
    plane.handle("CreateWorkteam", team("radiology", NotificationConfiguration=topic))
    found = described(plane)
    domain = plane.handle("DescribeWorkforce", {"WorkforceName": "crowd"})["Workforce"]
    assert found == {
        "WorkteamName": "radiology",
        "WorkteamArn": workforce.replace("workforce/crowd", "workteam/private-crowd/radiology"),
        "WorkforceArn": workforce,
        "Description": "Reads scans.",
        "MemberDefinitions": groups("radiologists"),
        "NotificationConfiguration": topic,
        "SubDomain": domain["SubDomain"],
        "CreateDate": clock.now,
        "LastUpdatedDate": clock.now,
    }


def test_a_named_workforce_must_exist(plane: ControlPlane) -> None:
    with_workforce(plane)
    plane.handle("CreateWorkteam", team("radiology", WorkforceName="crowd"))
    fault = refusal(plane, "CreateWorkteam", team("surgery", WorkforceName="other"))
    assert "No workforce" in fault.message


def test_a_taken_name_is_said_before_the_quota(plane: ControlPlane) -> None:
    with_workforce(plane)
    for number in range(25):
        plane.handle("CreateWorkteam", team(f"team-{number}"))
    assert refusal(plane, "CreateWorkteam", team("team-3")).code == "ResourceInUse"
    assert refusal(plane, "CreateWorkteam", team("more")).code == "ResourceLimitExceeded"
    plane.handle("DeleteWorkteam", {"WorkteamName": "team-3"})
    plane.handle("CreateWorkteam", team("more"))


def test_an_update_replaces_the_whole_member_list(
    plane: ControlPlane, clock: TestClock
) -> None:
    with_workforce(plane)
    plane.handle("CreateWorkteam", team("radiology", MemberDefinitions=groups("a", "b")))
    later = clock.advance()
    answer = plane.handle("UpdateWorkteam", NAME | {"MemberDefinitions": groups("c")})
    assert answer["Workteam"] == described(plane)
    assert answer["Workteam"]["MemberDefinitions"] == groups("c")
    assert answer["Workteam"]["Description"] == "Reads scans."
    assert answer["Workteam"]["LastUpdatedDate"] == later


def test_deleting_a_team_says_so(plane: ControlPlane) -> None:
    with_workforce(plane)
    plane.handle("CreateWorkteam", team("radiology"))
    assert plane.handle("DeleteWorkteam", NAME) == {"Success": True}
    assert plane.handle("ListWorkteams", {}) == {"Workteams": []}


@pytest.mark.parametrize("operation", ["DescribeWorkteam", "DeleteWorkteam", "UpdateWorkteam"])
def test_a_missing_team_is_a_validation_exception(plane: ControlPlane, operation: str) -> None:
    change = {"Description": "Gone."} if operation == "UpdateWorkteam" else {}
    fault = refusal(plane, operation, NAME | change)
    assert fault.code == "ValidationException"
    assert fault.message.startswith("The work team")


def test_a_cognito_team_uses_the_pool_and_client_of_its_workforce(plane: ControlPlane) -> None:
    plane.handle("CreateWorkforce", {"WorkforceName": "crowd", "CognitoConfig": COGNITO})
    plane.handle("CreateWorkteam", team("nurses", MemberDefinitions=[cognito("nurses")]))
    for change in ({"UserPool": "us-east-1_Pool2"}, {"ClientId": "client2"}):
        members = [cognito("surgeons", **change)]
        fault = refusal(plane, "CreateWorkteam", team("surgery", MemberDefinitions=members))
        assert next(iter(change.values())) in fault.message
        update = {"WorkteamName": "nurses", "MemberDefinitions": members}
        assert refusal(plane, "UpdateWorkteam", update).code == "ValidationException"


def test_members_come_from_the_workforce_s_provider(plane: ControlPlane) -> None:
    with_workforce(plane)
    members = [cognito("nurses")]
    fault = refusal(plane, "CreateWorkteam", team("nurses", MemberDefinitions=members))
    assert "OidcMemberDefinition" in fault.message


def test_a_cognito_workforce_refuses_oidc_groups(plane: ControlPlane) -> None:
    plane.handle("CreateWorkforce", {"WorkforceName": "crowd", "CognitoConfig": COGNITO})
    fault = refusal(plane, "CreateWorkteam", team("nurses"))
    assert "CognitoMemberDefinition" in fault.message


def test_a_malformed_team_is_refused_in_the_service_s_style(plane: ControlPlane) -> None:
    fault = refusal(plane, "CreateWorkteam", {"WorkteamName": "-", "MemberDefinitions": []})
    assert fault.message.startswith("3 validation errors detected: ")
    assert (
        "Value '-' at 'workteamName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: " in fault.message
    )
    assert (
        "Value '[]' at 'memberDefinitions' failed to satisfy constraint: "
        "Member must have length greater than or equal to 1" in fault.message
    )
    assert (
        "Value null at 'description' failed to satisfy constraint: Member must not be null"
        in fault.message
    )


def test_a_path_into_a_list_is_written_as_the_service_writes_it(plane: ControlPlane) -> None:
    members = [*groups("a"), *groups("x" * 64)]
    fault = refusal(plane, "CreateWorkteam", team("radiology", MemberDefinitions=members))
    assert fault.message == (
        "1 validation error detected: Value '" + "x" * 64 + "' at "
        "'memberDefinitions.2.member.oidcMemberDefinition.groups.1.member' failed to satisfy "
        "constraint: Member must have length less than or equal to 63"
    )
