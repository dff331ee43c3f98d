"""Differences: what the manifest sets, compared as the service means it."""

from __future__ import annotations

from typing import Any

import pytest

from sagectl.catalog.kinds import COMPILATION_JOB_KIND, WORKFORCE_KIND, WORKTEAM_KIND
from sagectl.manifest.document import Reference
from sagectl.plan.change import ABSENT
from sagectl.plan.diff import differences


def found(kind: Any, desired: dict[str, Any], live: dict[str, Any]) -> list[tuple[Any, ...]]:
    changes = differences(kind, desired, live)
    return [(item.path, item.before, item.after) for item in changes]


def members(*groups: list[str]) -> dict[str, Any]:
    return {
        "MemberDefinitions": [{"OidcMemberDefinition": {"Groups": item}} for item in groups]
    }


@pytest.mark.parametrize(
    ("kind", "desired", "live"),
    [
        pytest.param(WORKTEAM_KIND, {}, {"Description": "x"}, id="server-default"),
        pytest.param(
            WORKTEAM_KIND, {"WorkteamName": "a", "Tags": []}, {}, id="name-and-tags-aside"
        ),
        pytest.param(
            WORKTEAM_KIND,
            members(["a", "b"], ["c"]),
            members(["c"], ["b", "a"]),
            id="unordered-in-unordered",
        ),
        pytest.param(
            WORKTEAM_KIND, {"NotificationConfiguration": {}}, {}, id="empty-mapping-is-absent"
        ),
        pytest.param(
            WORKFORCE_KIND,
            {"SourceIpConfig": {"Cidrs": []}},
            {"SourceIpConfig": {}},
            id="empty-list-is-absent",
        ),
        pytest.param(
            WORKTEAM_KIND,
            {"WorkforceName": Reference("Workforce", "crowd")},
            {"WorkforceArn": "arn:aws:sagemaker:us-east-1:1:workforce/crowd"},
            id="reference-to-arn",
        ),
        pytest.param(
            WORKFORCE_KIND,
            {"OidcConfig": {"ClientSecret": "new"}},
            {"OidcConfig": {}},
            id="secret",
        ),
        pytest.param(
            COMPILATION_JOB_KIND,
            {"OutputConfig": {"CompilerOptions": "{'mcpu': 'skylake', 'a': 1}"}},
            {"OutputConfig": {"CompilerOptions": '{"a": 1, "mcpu":"skylake"}'}},
            id="python-literal-and-json",
        ),
        pytest.param(
            COMPILATION_JOB_KIND,
            {"InputConfig": {"DataInputConfig": "not json ["}},
            {"InputConfig": {"DataInputConfig": "not json ["}},
            id="text-that-is-no-json",
        ),
    ],
)
def test_no_difference(kind: Any, desired: dict[str, Any], live: dict[str, Any]) -> None:
    assert found(kind, desired, live) == []


def test_an_unordered_list_tells_what_came_and_what_went() -> None:
    assert found(
        WORKFORCE_KIND,
        {"SourceIpConfig": {"Cidrs": ["a", "b", "c"]}},
        {"SourceIpConfig": {"Cidrs": ["c", "d", "a"]}},
    ) == [
        ("SourceIpConfig.Cidrs[]", "d", ABSENT),
        ("SourceIpConfig.Cidrs[]", ABSENT, "b"),
    ]


def test_one_edited_member_reads_as_an_edit() -> None:
    assert found(WORKTEAM_KIND, members(["a"], ["b"]), members(["a"], ["b", "c"])) == [
        ("MemberDefinitions[].OidcMemberDefinition.Groups[]", "c", ABSENT)
    ]


def test_json_text_is_shown_as_the_value_it_spells() -> None:
    assert found(
        COMPILATION_JOB_KIND,
        {"InputConfig": {"DataInputConfig": '{"x": [1, 3]}'}},
        {"InputConfig": {"DataInputConfig": '{"x": [1, 4]}'}},
    ) == [("InputConfig.DataInputConfig", {"x": [1, 4]}, {"x": [1, 3]})]


def test_an_ordered_list_is_compared_place_by_place() -> None:
    desired = {"OutputConfig": {"Unheard": ["a", "b"]}}
    live = {"OutputConfig": {"Unheard": ["a", "c", "d"]}}
    assert found(COMPILATION_JOB_KIND, desired, live) == [
        ("OutputConfig.Unheard[1]", "c", "b"),
        ("OutputConfig.Unheard[2]", "d", ABSENT),
    ]


def test_a_duplicate_in_an_unordered_list_is_no_difference() -> None:
    desired = {"SourceIpConfig": {"Cidrs": ["a", "a"]}}
    assert found(WORKFORCE_KIND, desired, {"SourceIpConfig": {"Cidrs": ["a"]}}) == []
