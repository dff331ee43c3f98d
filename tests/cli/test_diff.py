"""``sagectl diff``: what apply would change, for people and for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.manifests import JOB, TEAM, WORKFORCE, manifest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run


@pytest.fixture
def live(local: Run, tmp_path: Path) -> Run:
    """``local`` with a workforce, a team and a job."""
    path = manifest(tmp_path, WORKFORCE, TEAM, JOB, name="live.yaml")
    assert local("apply", "-f", path, "--yes").code == 0
    return local


def test_the_same_is_zero_and_a_change_is_one(live: Run, tmp_path: Path) -> None:
    assert live("diff", "-f", manifest(tmp_path, WORKFORCE, TEAM, JOB)).code == 0
    changed = manifest(tmp_path, TEAM.replace("Reads scans", "Reads X-rays"))
    shown = live("diff", "-f", changed)
    assert shown.code == 1
    assert "~ workteam/radiology" in shown.out
    assert "Reads scans" in shown.out
    assert "Reads X-rays" in shown.out


def test_programs_get_the_fields_on_both_sides(live: Run, tmp_path: Path) -> None:
    changed = manifest(
        tmp_path,
        WORKFORCE.replace(", 198.51.100.0/24", ", 192.0.2.0/24"),
        TEAM.replace("doctors, nurses", "doctors, students"),
    )
    shown = live("diff", "-f", changed, "-o", "json")
    assert shown.code == 1
    changes = {row["Name"]: row for row in json.loads(shown.out)["Changes"]}
    assert changes["crowd"]["Fields"] == [
        {"Path": "SourceIpConfig.Cidrs[]", "Before": "198.51.100.0/24"},
        {"Path": "SourceIpConfig.Cidrs[]", "After": "192.0.2.0/24"},
    ]
    group = "MemberDefinitions[].OidcMemberDefinition.Groups[]"
    assert changes["radiology"]["Fields"] == [
        {"Path": group, "Before": "nurses"},
        {"Path": group, "After": "students"},
    ]


def test_a_new_sign_in_is_refused_while_there_are_teams(live: Run, tmp_path: Path) -> None:
    changed = manifest(tmp_path, WORKFORCE.replace("id.example.com", "login.example.com"))
    refused = live("diff", "-f", changed)
    assert refused.code == 2
    assert "radiology" in refused.err
    live("delete", "workteam/radiology", "--yes")
    assert live("diff", "-f", changed).code == 1
    assert live("apply", "-f", changed, "--yes").code == 0


def test_another_way_to_sign_in_is_refused(live: Run, tmp_path: Path) -> None:
    cognito = (
        "kind: Workforce\nname: crowd\nspec:\n  CognitoConfig:\n    UserPool: us-east-1_A\n"
    )
    refused = live("diff", "-f", manifest(tmp_path, cognito + "    ClientId: portal\n"))
    assert refused.code == 2
    assert "no update can change it" in refused.err


def test_a_reference_that_leads_nowhere_is_a_finding(local: Run, tmp_path: Path) -> None:
    team = TEAM.replace("WorkforceName: crowd", "WorkforceName: {ref: Workforce/nobody}")
    refused = local("diff", "-f", manifest(tmp_path, team))
    assert refused.code == 2
    assert "workforce/nobody, which neither exists nor is in this set" in refused.err


def test_a_reference_to_what_is_live_is_a_name(live: Run, tmp_path: Path) -> None:
    team = TEAM.replace("WorkforceName: crowd", "WorkforceName: {ref: Workforce/crowd}")
    assert live("diff", "-f", manifest(tmp_path, team)).code == 0


def test_an_error_is_more_than_one(local: Run, tmp_path: Path) -> None:
    assert local("diff", "-f", str(tmp_path / "nowhere.yaml")).code == 2


def test_the_full_difference_shows_what_no_manifest_sets(live: Run, tmp_path: Path) -> None:
    team = TEAM.replace("  WorkforceName: crowd\n", "")
    path = manifest(tmp_path, team)
    assert "SubDomain" not in live("diff", "-f", path).out
    full = live("diff", "-f", path, "--full")
    assert full.code == 0
    assert "    WorkforceName: " in full.out
    assert "    SubDomain: " in full.out
    assert "Description" not in full.out
    rows = json.loads(live("diff", "-f", path, "--full", "-o", "json").out)["Changes"]
    assert {"Path": "WorkforceName", "Value": "crowd"} in rows[0]["Unset"]
