"""``sagectl workteam notifications``: teams of the plane over HTTP, topics of moto's SNS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sagectl.plan.notifications import may_publish
from tests.support.manifests import TEAM, WORKFORCE, manifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Run

REGION = "eu-central-1"
TOPIC = f"arn:aws:sns:{REGION}:123456789012:jobs"
TEAM_ARN = f"arn:aws:sagemaker:{REGION}:123456789012:workteam/private-crowd/radiology"
TOLD = f"""{TEAM}\
  NotificationConfiguration:
    NotificationTopicArn: {TOPIC}
"""


def statement(**changes: Any) -> dict[str, Any]:
    """What the developer guide has people add to a topic's policy, with ``changes``."""
    guide = {
        "Effect": "Allow",
        "Principal": {"Service": "sagemaker.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": TOPIC,
        "Condition": {
            "ArnLike": {"aws:SourceArn": f"arn:aws:sagemaker:{REGION}:123456789012:workteam/*"},
            "StringEquals": {"aws:SourceAccount": "123456789012"},
        },
    }
    return {**guide, **changes}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture
def sns(world: Run) -> Iterator[Any]:
    """A client of moto's SNS, which forgets the topic afterwards."""
    from sagectl.gateway.session import client

    made = client("sns", REGION)
    yield made
    made.delete_topic(TopicArn=TOPIC)


def test_a_topic_that_reaches_people_has_no_problems(
    world: Run, sns: Any, tmp_path: Path
) -> None:
    sns.create_topic(Name="jobs", Attributes={"Policy": policy(statement())})
    sns.subscribe(TopicArn=TOPIC, Protocol="email", Endpoint="ann@example.com")
    world("apply", "-f", manifest(tmp_path, WORKFORCE, TOLD), "--yes")

    done = world("workteam", "notifications", "-o", "json")

    (row,) = json.loads(done.out)["Notifications"]
    assert (done.code, row["Problems"]) == (0, [])
    assert (row["Exists"], row["MayPublish"], row["Subscribers"]) == (True, True, 1)
    assert row["Subscriptions"][0]["Endpoint"] == "ann@example.com"
    hidden = world("workteam", "notifications", "radiology", "--redact", "-o", "json")
    assert (hidden.code, "ann@" in hidden.out) == (0, False)


def test_a_new_topic_neither_lets_sagemaker_publish_nor_reaches_anybody(
    world: Run, sns: Any, tmp_path: Path
) -> None:
    sns.create_topic(Name="jobs")
    world("apply", "-f", manifest(tmp_path, WORKFORCE, TOLD), "--yes")

    done = world("workteam", "notifications", "radiology")

    assert done.code == 1
    assert "does not let sagemaker.amazonaws.com publish" in done.out
    assert "nobody has subscribed" in done.out


def test_a_topic_that_is_gone_and_a_team_without_one_are_said(
    world: Run, tmp_path: Path
) -> None:
    night = TEAM.replace("radiology", "night")
    world("apply", "-f", manifest(tmp_path, WORKFORCE, TOLD, night), "--yes")

    done = world("workteam", "notifications", "-o", "json")

    rows = {row["WorkteamName"]: row for row in json.loads(done.out)["Notifications"]}
    assert done.code == 1
    assert rows["radiology"]["Problems"] == ["the topic does not exist"]
    assert rows["night"]["Problems"] == ["names no topic: nobody is told of new jobs"]


def test_a_team_that_is_not_there_is_an_error_of_the_service(world: Run) -> None:
    assert world("workteam", "notifications", "nobody").code == 3


def test_the_local_plane_has_no_topics(local: Run) -> None:
    refused = local("workteam", "notifications")
    assert (refused.code, "has no topics" in refused.err) == (2, True)


OTHERS = {"StringEquals": {"aws:SourceAccount": "999999999999"}}
TAGGED = {"StringEquals": {"aws:PrincipalTag/team": "x"}}
OWNERS = {"StringEquals": {"AWS:SourceOwner": "123456789012"}}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        pytest.param([statement()], True, id="as-the-guide-has-it"),
        pytest.param([statement(Condition={})], True, id="unconditional"),
        pytest.param([statement(Principal="*", Condition={})], True, id="everybody"),
        pytest.param([statement(Action=["sns:*"], Resource="*")], True, id="wildcards"),
        pytest.param([], False, id="no-statement"),
        pytest.param([statement(Action="sns:Subscribe")], False, id="another-action"),
        pytest.param([statement(Resource=f"{TOPIC}-2")], False, id="another-topic"),
        pytest.param([statement(Condition=OTHERS)], False, id="another-account"),
        pytest.param(
            [statement(Principal={"AWS": "*"}, Condition=OWNERS)], False, id="owners-only"
        ),
        pytest.param([statement(Condition=TAGGED)], None, id="a-condition-unknown-here"),
        pytest.param([statement(), statement(Effect="Deny")], False, id="denied"),
        pytest.param(
            [statement(), statement(Effect="Deny", Condition=OTHERS)], True, id="denied-others"
        ),
        pytest.param(
            [statement(), statement(Effect="Deny", Condition=TAGGED)], None, id="denied-perhaps"
        ),
    ],
)
def test_policies_are_read_as_iam_reads_them(
    statements: list[dict[str, Any]], expected: bool | None
) -> None:
    assert may_publish(policy(*statements), TOPIC, TEAM_ARN) is expected


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_a_policy_that_is_none_lets_nobody(text: str) -> None:
    assert may_publish(text, TOPIC, TEAM_ARN) is False
