"""``sagectl workteam members`` on the embedded control plane."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.manifests import TEAM, WORKFORCE, manifest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run

MEMBERS = ("workteam", "members")
COGNITO_WORKFORCE = """\
kind: Workforce
name: crowd
spec:
  CognitoConfig: {UserPool: us-east-1_Ab1Cd2Ef3, ClientId: portal}
"""
COGNITO_TEAM = """\
kind: Workteam
name: radiology
spec:
  WorkforceName: crowd
  Description: Reads scans
  MemberDefinitions:
    - CognitoMemberDefinition:
        {UserPool: us-east-1_Ab1Cd2Ef3, ClientId: portal, UserGroup: doctors}
"""


@pytest.fixture
def staffed(local: Run, tmp_path: Path) -> Run:
    """A plane with the team ``radiology`` of doctors and nurses."""
    done = local("apply", "-f", manifest(tmp_path, WORKFORCE, TEAM), "--yes")
    assert done.code == 0, done.err
    return local


def groups(run: Run) -> list[str]:
    rows = json.loads(run(*MEMBERS, "list", "radiology", "-o", "json").out)["Members"]
    return [row["Group"] for row in rows]


def test_groups_are_added_to_those_there_are(staffed: Run) -> None:
    done = staffed(*MEMBERS, "add", "radiology", "--group", "clerks", "--yes")

    assert done.code == 0, done.err
    assert "+ clerks" in done.err
    assert groups(staffed) == ["doctors", "nurses", "clerks"]


def test_groups_are_removed(staffed: Run) -> None:
    done = staffed(*MEMBERS, "remove", "radiology", "--group", "nurses", "--yes", "-o", "json")

    assert json.loads(done.out) == {"Changes": [{"Action": "-", "Item": "nurses"}]}
    assert groups(staffed) == ["doctors"]


def test_a_change_made_twice_changes_nothing(staffed: Run) -> None:
    done = staffed(*MEMBERS, "add", "radiology", "--group", "doctors", "--yes")

    assert (done.code, "nothing to change" in done.err) == (0, True)


def test_a_dry_run_changes_nothing(staffed: Run) -> None:
    done = staffed(*MEMBERS, "add", "radiology", "--group", "clerks", "--dry-run")

    assert "+ clerks" in done.err
    assert groups(staffed) == ["doctors", "nurses"]


def test_nothing_is_changed_without_consent(staffed: Run) -> None:
    assert staffed(*MEMBERS, "add", "radiology", "--group", "clerks").code == 2
    assert groups(staffed) == ["doctors", "nurses"]


def test_a_batch_comes_from_a_file(staffed: Run, tmp_path: Path) -> None:
    file = tmp_path / "groups.txt"
    file.write_text("# the ward\nclerks\n\n  porters # at night\n")

    done = staffed(*MEMBERS, "add", "radiology", "--from", str(file), "--yes")

    assert done.code == 0, done.err
    assert groups(staffed) == ["doctors", "nurses", "clerks", "porters"]


def test_a_batch_comes_from_stdin(staffed: Run) -> None:
    done = staffed(*MEMBERS, "add", "radiology", "--from", "-", "--yes", stdin="clerks\n")

    assert done.code == 0, done.err


def test_every_bad_name_in_a_file_is_shown_where_it_stands(
    staffed: Run, tmp_path: Path
) -> None:
    file = tmp_path / "groups.txt"
    file.write_text(f"night shift\nclerks\n  {'x' * 64}\n")

    done = staffed(*MEMBERS, "add", "radiology", "--from", str(file), "--yes")

    assert done.code == 2
    assert f"{file}:1:1" in done.err
    assert f"{file}:3:3" in done.err
    assert groups(staffed) == ["doctors", "nurses"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        pytest.param(("add", "radiology"), "nothing to go by", id="no-group"),
        pytest.param(("add", "radiology", "--from", "none.txt"), "none.txt", id="no-file"),
        pytest.param(
            ("remove", "radiology", "--group", "x"), "no group of this team", id="foreign"
        ),
        pytest.param(
            ("remove", "radiology", "--group", "doctors", "--group", "nurses"),
            "the last group",
            id="the-last",
        ),
        pytest.param(
            ("add", "radiology", *(f"--group=g{index}" for index in range(9))),
            "at most 10",
            id="eleven",
        ),
    ],
)
def test_what_cannot_be_is_refused(staffed: Run, args: tuple[str, ...], said: str) -> None:
    done = staffed(*MEMBERS, *args, "--yes")

    assert (done.code, said in done.err) == (2, True), done.err
    assert groups(staffed) == ["doctors", "nurses"]


def test_a_team_that_is_not_there_is_said(staffed: Run) -> None:
    assert staffed(*MEMBERS, "list", "nobody").code == 3


def test_a_cognito_group_is_of_the_pool_of_the_team(local: Run, tmp_path: Path) -> None:
    made = local("apply", "-f", manifest(tmp_path, COGNITO_WORKFORCE, COGNITO_TEAM), "--yes")
    assert made.code == 0, made.err

    done = local(*MEMBERS, "add", "radiology", "--group", "nurses", "--yes")

    assert done.code == 0, done.err
    rows = json.loads(local(*MEMBERS, "list", "radiology", "-o", "json").out)["Members"]
    assert rows[1] == {
        "Group": "nurses",
        "Provider": "Cognito",
        "UserPool": "us-east-1_Ab1Cd2Ef3",
        "ClientId": "portal",
    }


def test_a_bad_group_is_told_of_as_the_command_line_has_it(local: Run, tmp_path: Path) -> None:
    made = local("apply", "-f", manifest(tmp_path, COGNITO_WORKFORCE, COGNITO_TEAM), "--yes")
    assert made.code == 0, made.err

    done = local(*MEMBERS, "add", "radiology", "--group", "a b", "--yes")

    assert done.code == 2
    assert "--group" in done.err
    assert "Oidc" not in done.err


def test_a_folder_is_no_batch(staffed: Run, tmp_path: Path) -> None:
    done = staffed(*MEMBERS, "add", "radiology", "--from", str(tmp_path), "--yes")

    assert (done.code, f"{tmp_path} is a folder" in done.err) == (2, True)
