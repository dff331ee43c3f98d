"""Tags, through the plane's one door."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.planes import compilation, refusal, team, with_team, with_workforce

if TYPE_CHECKING:
    from sagectl.controlplane.plane import ControlPlane


def tag(key: str, value: str = "") -> dict[str, str]:
    return {"Key": key, "Value": value}


def tags(plane: ControlPlane, arn: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = plane.handle("ListTags", {"ResourceArn": arn})["Tags"]
    return found


def test_tags_given_at_creation_are_listed(plane: ControlPlane) -> None:
    with_workforce(plane)
    given = [tag("site", "north"), tag("cost", "7")]
    arn = plane.handle("CreateWorkteam", team("radiology", Tags=given))["WorkteamArn"]
    assert tags(plane, arn) == given
    job = plane.handle("CreateCompilationJob", compilation("digits", Tags=given))
    assert tags(plane, job["CompilationJobArn"]) == given


def test_added_tags_overwrite_and_all_are_answered(plane: ControlPlane) -> None:
    arn = with_team(plane)
    plane.handle("AddTags", {"ResourceArn": arn, "Tags": [tag("a", "1"), tag("b", "1")]})
    answer = plane.handle("AddTags", {"ResourceArn": arn, "Tags": [tag("a", "2"), tag("c")]})
    assert answer["Tags"] == tags(plane, arn) == [tag("a", "2"), tag("b", "1"), tag("c")]


def test_deleted_tags_are_gone_and_absent_ones_no_matter(plane: ControlPlane) -> None:
    arn = with_team(plane)
    plane.handle("AddTags", {"ResourceArn": arn, "Tags": [tag("a"), tag("b")]})
    assert plane.handle("DeleteTags", {"ResourceArn": arn, "TagKeys": ["a", "zz"]}) == {}
    assert tags(plane, arn) == [tag("b")]


def test_fifty_tags_are_the_most_and_a_refusal_adds_none(plane: ControlPlane) -> None:
    arn = with_team(plane)
    plane.handle("AddTags", {"ResourceArn": arn, "Tags": [tag(f"k{n}") for n in range(49)]})
    fault = refusal(plane, "AddTags", {"ResourceArn": arn, "Tags": [tag("x"), tag("y")]})
    assert fault.code == "ValidationException"
    assert len(tags(plane, arn)) == 49
    plane.handle("AddTags", {"ResourceArn": arn, "Tags": [tag("x"), tag("k1", "again")]})
    assert len(tags(plane, arn)) == 50


@pytest.mark.parametrize("key", ["aws:site", "AWS:site"])
def test_aws_keeps_its_prefix(plane: ControlPlane, key: str) -> None:
    arn = with_team(plane)
    params = {"ResourceArn": arn, "Tags": [tag(key)]}
    assert refusal(plane, "AddTags", params).code == "ValidationException"


@pytest.mark.parametrize("operation", ["ListTags", "AddTags", "DeleteTags"])
def test_a_workforce_cannot_be_tagged_though_its_creation_takes_tags(
    plane: ControlPlane, operation: str
) -> None:
    arn = with_workforce(plane, Tags=[tag("site")])
    more = {"AddTags": {"Tags": [tag("a")]}, "DeleteTags": {"TagKeys": ["a"]}}
    fault = refusal(plane, operation, {"ResourceArn": arn, **more.get(operation, {})})
    assert (fault.code, fault.message) == (
        "ValidationException",
        "Invalid resource type: workforce",
    )


@pytest.mark.parametrize(
    "arn",
    [
        pytest.param("{0}-2", id="missing"),
        pytest.param("arn:aws:sagemaker:us-east-1:123456789012:model/m", id="of-no-kind-here"),
        pytest.param("{0}@eu-west-1", id="other-region"),
        pytest.param("arn:aws-cn:sagemaker:us-east-1:123456789012:workteam/private-crowd/radiology",
                     id="other-partition"),
    ],
)  # fmt: skip
def test_what_is_not_there_cannot_be_tagged(plane: ControlPlane, arn: str) -> None:
    team_arn = with_team(plane)
    asked = arn.format(team_arn)
    if "@" in asked:
        asked = team_arn.replace("us-east-1", asked.partition("@")[2])
    assert refusal(plane, "ListTags", {"ResourceArn": asked}).code == "ValidationException"


def test_tags_go_with_their_resource(plane: ControlPlane) -> None:
    arn = with_team(plane)
    plane.handle("AddTags", {"ResourceArn": arn, "Tags": [tag("site")]})
    plane.handle("DeleteWorkteam", {"WorkteamName": "radiology"})
    plane.handle("CreateWorkteam", team("radiology"))
    assert tags(plane, arn) == []


def test_a_token_that_listtags_never_gives_is_refused(plane: ControlPlane) -> None:
    params = {"ResourceArn": with_team(plane), "NextToken": "abc"}
    assert refusal(plane, "ListTags", params).code == "ValidationException"
