"""``sagectl workteam`` and ``workforce`` on the embedded control plane."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sagectl.settings import CHOICES
from tests.support.manifests import TEAM, WORKFORCE, manifest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run

CREATE = ("workteam", "create", "radiology", "--group", "doctors", "--description", "X-rays")


@pytest.fixture
def staffed(local: Run, tmp_path: Path) -> Run:
    """A plane with the workforce ``crowd``."""
    done = local("workforce", "create", "-f", manifest(tmp_path, WORKFORCE), "--yes")
    assert done.code == 0, done.err
    return local


def test_create_prints_the_arn_alone(staffed: Run) -> None:
    done = staffed(*CREATE, "--yes")

    arn = "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/radiology"
    assert (done.code, done.out) == (0, f"{arn}\n")
    assert "workteam/radiology created" in done.err


def test_create_twice_is_refused_by_the_service(staffed: Run) -> None:
    staffed(*CREATE, "--yes")

    again = staffed(*CREATE, "--yes")

    assert (again.code, again.out) == (3, "")
    assert "error: " in again.err


@pytest.mark.parametrize("form", CHOICES["output"])
def test_a_list_is_written_in_every_format(staffed: Run, form: str) -> None:
    staffed(*CREATE, "--yes")

    done = staffed("workteam", "list", "-o", form)

    assert (done.code, "radiology" in done.out) == (0, True), done.err


def test_dry_run_prints_a_manifest_that_applies(staffed: Run, tmp_path: Path) -> None:
    printed = staffed(*CREATE, "--tag", "project=chest", "--dry-run", "-o", "yaml")
    assert printed.code == 0
    path = tmp_path / "team.yaml"
    path.write_text(printed.out)

    assert staffed("workteam", "describe", "radiology").code == 3, "nothing was made"
    assert staffed("apply", "-f", str(path), "--yes").code == 0
    described = json.loads(staffed("workteam", "describe", "radiology", "-o", "json").out)
    assert described["Workteam"]["Description"] == "X-rays"


def test_dry_run_on_the_server_says_what_would_happen(staffed: Run) -> None:
    assert "+ workteam/radiology" in staffed(*CREATE, "--dry-run=server").err


def test_flags_go_over_a_file(staffed: Run, tmp_path: Path) -> None:
    path = manifest(tmp_path, TEAM)

    done = staffed("workteam", "create", "-f", path, "--description", "Knees", "--yes")

    assert done.code == 0, done.err
    assert "Knees" in staffed("workteam", "list").out


def test_flags_complete_an_incomplete_file(staffed: Run, tmp_path: Path) -> None:
    path = manifest(tmp_path, TEAM.replace("  Description: Reads scans\n", ""))

    done = staffed("workteam", "create", "other", "-f", path, "--description", "K", "--yes")

    assert done.code == 0, done.err
    assert staffed("workteam", "list", "-o", "name").out == "workteam/other\n"


def test_what_a_file_has_wrong_is_shown_where_it_stands(staffed: Run, tmp_path: Path) -> None:
    path = manifest(tmp_path, TEAM.replace("Description:", "Describtion:"))

    done = staffed("workteam", "create", "-f", path, "--yes")

    assert done.code == 2
    assert f"{path}:5:3  spec.Describtion" in done.err
    assert "Did you mean" in done.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(WORKFORCE, "makes one Workteam", id="another-kind"),
        pytest.param(f"{TEAM}---\n{TEAM}", "makes one Workteam", id="several-documents"),
        pytest.param("", "no document", id="empty"),
        pytest.param("kind: [", "team.yaml:", id="broken-yaml"),
    ],
)
def test_a_file_that_is_not_the_one_document_is_refused(
    staffed: Run, tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "team.yaml"
    path.write_text(text)

    done = staffed("workteam", "create", "-f", str(path), "--yes")

    assert done.code == 2
    assert said in done.err


def test_a_missing_file_is_said(staffed: Run) -> None:
    done = staffed("workteam", "create", "-f", "nowhere.yaml", "--yes")

    assert (done.code, "nowhere.yaml" in done.err) == (2, True)


def test_every_missing_field_is_named_with_its_flag(local: Run) -> None:
    done = local("workteam", "create", "radiology", "--yes")

    assert done.code == 2
    assert "spec.MemberDefinitions\n  hint: Set it by --group" in done.err
    assert "spec.Description\n  hint: Set it by --description" in done.err
    assert "2 errors." in done.err


def test_a_command_without_a_name_or_file_is_refused(local: Run) -> None:
    assert "neither a NAME nor -f FILE" in local("workteam", "create", "--yes").err


def test_update_changes_what_is_given(staffed: Run) -> None:
    staffed(*CREATE, "--yes")

    done = staffed("workteam", "update", "radiology", "--description", "Knees", "--yes")

    assert done.code == 0, done.err
    row = json.loads(staffed("workteam", "list", "-o", "json").out)["Workteams"][0]
    groups = row["MemberDefinitions"][0]["OidcMemberDefinition"]["Groups"]
    assert (row["Description"], groups) == ("Knees", ["doctors"])


def test_cognito_groups_need_their_pool(local: Run) -> None:
    done = local("workteam", "create", "x", "--cognito-group", "g", "--yes")

    assert (done.code, "--user-pool" in done.err) == (2, True)


def test_cognito_groups_become_members(local: Run) -> None:
    done = local(
        *("workteam", "create", "x", "--description", "d", "--cognito-group", "g"),
        *(
            "--user-pool",
            "us-east-1_Ab1Cd2Ef3",
            "--client-id",
            "abc",
            "--dry-run",
            "-o",
            "json",
        ),
    )

    (member,) = json.loads(done.out)["spec"]["MemberDefinitions"]
    assert member["CognitoMemberDefinition"]["UserGroup"] == "g"


def test_delete_takes_an_arn_too(staffed: Run) -> None:
    arn = staffed(*CREATE, "--yes").out.strip()

    assert staffed("workteam", "delete", arn, "--yes", "--wait").code == 0
    assert staffed("workteam", "list", "-o", "json").out == '{\n  "Workteams": []\n}\n'


def test_delete_in_a_dry_run_deletes_nothing(staffed: Run) -> None:
    staffed(*CREATE, "--yes")

    assert staffed("workteam", "delete", "radiology", "--dry-run").out == "radiology\n"
    assert staffed("workteam", "delete", "nobody", "--dry-run=server").code == 3
    assert staffed("workteam", "describe", "radiology").code == 0


def test_wait_returns_what_there_is(staffed: Run) -> None:
    done = staffed("workforce", "wait", "crowd", "-o", "json")

    assert json.loads(done.out)["Workforce"]["Status"] == "Active"


def test_a_wait_runs_out_of_time(staffed: Run) -> None:
    assert staffed("workteam", "wait", "nobody", "--timeout", "0.1s").code == 124


def test_an_unknown_goal_is_refused(staffed: Run) -> None:
    done = staffed("workforce", "wait", "crowd", "--for", "status=Perfect")

    assert (done.code, "never has the status" in done.err) == (2, True)


def test_list_filters_sorts_and_limits(staffed: Run) -> None:
    for name in ("knees", "chest-1", "chest-2"):
        staffed("workteam", "create", name, *CREATE[3:], "--yes")

    done = staffed(
        *("workteam", "list", "--name-contains", "chest", "--sort-by", "name"),
        *("--sort-order", "descending", "--page-size", "1", "-o", "name"),
    )
    assert done.out == "workteam/chest-2\nworkteam/chest-1\n"
    limited = staffed("workteam", "list", "--limit", "1", "--sort-by", "Name", "-o", "name")
    assert limited.out == "workteam/chest-1\n"


def test_a_secret_is_never_printed(local: Run) -> None:
    done = local(
        *("workforce", "create", "crowd", "--oidc-client-secret", "hunter2-hunter2"),
        "--dry-run",
    )

    assert done.code == 2
    assert "hunter2" not in done.out + done.err


def test_a_secret_comes_from_where_it_is_kept(
    local: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = manifest(tmp_path, WORKFORCE.replace("    ClientSecret: not-to-be-seen\n", ""))
    create = ("workforce", "create", "-f", path, "--oidc-client-secret", "env:PORTAL_SECRET")
    monkeypatch.setenv("PORTAL_SECRET", "hunter2-hunter2")

    printed = local(*create, "--dry-run")
    made = local(*create, "--yes")

    assert "ClientSecret:\n      env: PORTAL_SECRET\n" in printed.out
    assert made.code == 0, made.err
    assert "hunter2" not in printed.out + printed.err + made.out + made.err


def test_a_secret_is_left_out_of_a_dry_run(local: Run, tmp_path: Path) -> None:
    done = local("workforce", "create", "-f", manifest(tmp_path, WORKFORCE), "--dry-run")

    assert done.code == 0
    assert "not-to-be-seen" not in done.out + done.err
    assert "OidcConfig.ClientSecret is a secret and left out" in done.err


def test_update_of_a_workforce_checks_the_whole_identity_provider(staffed: Run) -> None:
    done = staffed("workforce", "update", "crowd", "--oidc-issuer", "https://x", "--yes")

    assert done.code == 2
    assert "--oidc-jwks-uri" in done.err
