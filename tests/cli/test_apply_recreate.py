"""``apply --recreate``: what cannot be changed is made anew, the loss said first."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.manifests import TEAM, WORKFORCE, manifest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run

COGNITO = """\
kind: Workforce
name: crowd
spec:
  CognitoConfig: {UserPool: us-east-1_Pool, ClientId: portal}
"""
COGNITO_TEAM = """\
kind: Workteam
name: radiology
spec:
  WorkforceName: crowd
  Description: Reads scans
  MemberDefinitions:
    - CognitoMemberDefinition: {UserPool: us-east-1_Pool, UserGroup: doctors, ClientId: portal}
"""


@pytest.fixture
def live(local: Run, tmp_path: Path) -> Run:
    """``local`` with a workforce and two teams, of which the tests' sets know one."""
    other = TEAM.replace("radiology", "pathology")
    path = manifest(tmp_path, WORKFORCE, TEAM, other, name="live.yaml")
    assert local("apply", "-f", path, "--yes").code == 0
    return local


@pytest.mark.parametrize(
    "documents",
    [
        pytest.param(
            (WORKFORCE.replace("id.example.com", "login.example.com"), TEAM), id="sign-in"
        ),
        pytest.param((COGNITO, COGNITO_TEAM), id="cognito"),
    ],
)
def test_a_workforce_is_made_again_with_the_teams_of_the_set(
    live: Run, tmp_path: Path, documents: tuple[str, ...]
) -> None:
    path = manifest(tmp_path, *documents)
    refused = live("diff", "-f", path)
    assert refused.code == 2
    assert "--recreate" in refused.err
    shown = live("diff", "-f", path, "--recreate")
    assert shown.code == 1
    assert "-/+ workforce/crowd" in shown.out
    assert "its work teams too: radiology" in shown.out
    assert "lost, as no document makes them: pathology" in shown.out
    done = live("apply", "-f", path, "--recreate", "--yes", "-o", "json")
    assert done.code == 0, done.err
    assert {row["Resource"]: row["Outcome"] for row in json.loads(done.out)["Resources"]} == {
        "workforce/crowd": "replaced",
        "workteam/radiology": "created",
    }
    assert live("workteam", "describe", "pathology").code == 3
    assert live("diff", "-f", path, "--recreate").code == 0


def test_nothing_is_lost_where_a_change_is_enough(live: Run, tmp_path: Path) -> None:
    path = manifest(tmp_path, WORKFORCE.replace(", 198.51.100.0/24", ""), TEAM)
    shown = live("diff", "-f", path, "--recreate")
    assert "~ workforce/crowd" in shown.out
    assert "lost" not in shown.out


def test_a_workforce_whose_secret_cannot_be_read_is_not_deleted(
    live: Run, tmp_path: Path
) -> None:
    unset = WORKFORCE.replace("not-to-be-seen", "{env: NOT_SET}").replace("portal", "desk")
    refused = live("apply", "-f", manifest(tmp_path, unset), "--recreate", "--yes")
    assert refused.code == 2
    assert "NOT_SET is not set" in refused.err
    assert live("workforce", "describe", "crowd").code == 0
