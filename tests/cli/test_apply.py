"""``sagectl apply``: a set of files becomes what is live, and stays so."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.manifests import JOB, TEAM, WORKFORCE, manifest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Outcome, Run


def outcomes(outcome: Outcome) -> dict[str, str]:
    """Resource -> what was done with it, from ``-o json``."""
    return {row["Resource"]: row["Outcome"] for row in json.loads(outcome.out)["Resources"]}


def test_a_set_is_created_workforce_before_team(local: Run, tmp_path: Path) -> None:
    done = local("apply", "-f", manifest(tmp_path, TEAM, WORKFORCE), "--yes")
    assert done.code == 0
    assert done.err.index("workforce/crowd created") < done.err.index(
        "workteam/radiology created"
    )
    assert local("workteam", "describe", "radiology").code == 0


def test_applying_again_does_nothing(local: Run, tmp_path: Path) -> None:
    path = manifest(tmp_path, WORKFORCE, TEAM, JOB)
    assert local("apply", "-f", path, "--yes").code == 0
    again = local("apply", "-f", path, "-o", "json")  # no --yes: nothing is to be agreed to
    assert again.code == 0
    assert set(outcomes(again).values()) == {"unchanged"}
    assert "3 unchanged." in again.err


def test_order_and_server_defaults_are_no_change(local: Run, tmp_path: Path) -> None:
    local("apply", "-f", manifest(tmp_path, WORKFORCE, TEAM, JOB), "--yes")
    turned = (
        WORKFORCE.replace("203.0.113.0/24, 198.51.100.0/24", "198.51.100.0/24, 203.0.113.0/24"),
        TEAM.replace("doctors, nurses", "nurses, doctors").replace(
            "  WorkforceName: crowd\n", ""
        ),
        JOB.replace("{image: [1, 64]}", "'{ \"image\" : [1,64]}'"),
    )
    assert local("diff", "-f", manifest(tmp_path, *turned)).code == 0


def test_mutable_fields_are_updated(local: Run, tmp_path: Path) -> None:
    local("apply", "-f", manifest(tmp_path, WORKFORCE, TEAM), "--yes")
    changed = manifest(
        tmp_path,
        WORKFORCE.replace(", 198.51.100.0/24", ""),
        TEAM.replace("Reads scans", "Reads X-rays").replace("doctors, nurses", "doctors"),
    )
    done = local("apply", "-f", changed, "--yes", "-o", "json")
    assert outcomes(done) == {"workforce/crowd": "updated", "workteam/radiology": "updated"}
    team = json.loads(local("workteam", "describe", "radiology", "-o", "json").out)["Workteam"]
    assert team["Description"] == "Reads X-rays"
    assert team["MemberDefinitions"] == [{"OidcMemberDefinition": {"Groups": ["doctors"]}}]
    assert local("diff", "-f", changed).code == 0


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        pytest.param("Framework: ONNX", "Framework: PYTORCH", "Framework", id="job"),
        pytest.param("[1, 64]", "[1, 65]", "DataInputConfig", id="json-text"),
        pytest.param("WorkforceName: crowd", "WorkforceName: mob", "WorkforceName", id="team"),
    ],
)
def test_an_immutable_change_is_refused_before_any_call(
    local: Run, tmp_path: Path, before: str, after: str, field: str
) -> None:
    local("apply", "-f", manifest(tmp_path, WORKFORCE, TEAM, JOB), "--yes")
    documents = [item.replace(before, after) for item in (WORKFORCE, TEAM, JOB)]
    documents[0] = documents[0].replace(", 198.51.100.0/24", "")  # would be updated otherwise
    refused = local("apply", "-f", manifest(tmp_path, *documents), "--yes")
    assert refused.code == 2
    assert field in refused.err
    assert "cannot be changed" in refused.err or "no update can change" in refused.err
    assert "set.yaml:" in refused.err
    assert "198.51.100.0/24" in local("workforce", "describe", "crowd").out


def test_a_job_that_was_stopped_is_reported_and_remade_on_request(
    local: Run, tmp_path: Path
) -> None:
    path = manifest(tmp_path, JOB)
    local("apply", "-f", path, "--yes")
    local("compile", "stop", "digits", "--yes")
    reported = local("apply", "-f", path, "--yes", "-o", "json")
    assert reported.code == 0
    assert outcomes(reported) == {"compilationjob/digits": "failed before"}
    assert "STOPPED" in reported.out
    assert local("apply", "-f", path, "--wait", "--yes").code == 5
    remade = local("apply", "-f", path, "--retry-failed", "--yes", "-o", "json")
    assert outcomes(remade) == {"compilationjob/digits": "replaced"}
    assert "STARTING" in local("compile", "describe", "digits").out


def test_a_stopped_job_may_be_remade_otherwise(local: Run, tmp_path: Path) -> None:
    local("apply", "-f", manifest(tmp_path, JOB), "--yes")
    local("compile", "stop", "digits", "--yes")
    changed = manifest(tmp_path, JOB.replace("900", "600"))
    refused = local("apply", "-f", changed, "--yes")
    assert refused.code == 2
    assert "--retry-failed" in refused.err
    assert local("apply", "-f", changed, "--yes", "--retry-failed").code == 0


def test_a_failure_stops_only_what_needs_it(local: Run, tmp_path: Path) -> None:
    local("apply", "-f", manifest(tmp_path, WORKFORCE), "--yes")
    second = WORKFORCE.replace("crowd", "mob")
    team = TEAM.replace("WorkforceName: crowd", "WorkforceName: mob")
    partly = local("apply", "-f", manifest(tmp_path, second, team, JOB), "--yes", "-o", "json")
    assert partly.code == 6
    assert outcomes(partly) == {
        "workforce/mob": "failed",
        "workteam/radiology": "not tried",
        "compilationjob/digits": "created",
    }
    error = json.loads(partly.err[partly.err.index('{\n  "error"') :])["error"]
    assert error["message"].startswith("1 done, 1 failed (workforce/mob), 1 not tried")
    reasons = {
        row["Resource"]: row.get("Reason") for row in json.loads(partly.out)["Resources"]
    }
    assert "more than one workforce" in str(reasons["workforce/mob"])
    assert reasons["workteam/radiology"] == "it needs workforce/mob"


def test_without_a_terminal_yes_must_be_said(local: Run, tmp_path: Path) -> None:
    refused = local("apply", "-f", manifest(tmp_path, WORKFORCE))
    assert refused.code == 2
    assert "--yes" in refused.err
    assert local("workforce", "describe", "crowd").code == 3


def test_a_client_dry_run_asks_nobody_and_shows_no_secret(
    local: Run, tmp_path: Path, home: Path
) -> None:
    shown = local("apply", "-f", manifest(tmp_path, WORKFORCE, TEAM), "--dry-run")
    assert shown.code == 0
    assert "kind: Workteam" in shown.out
    assert "not-to-be-seen" not in shown.out + shown.err
    assert not (home / "plane.db").exists()


def test_a_server_dry_run_shows_the_plan_and_changes_nothing(
    local: Run, tmp_path: Path
) -> None:
    path = manifest(tmp_path, WORKFORCE, TEAM)
    shown = local("apply", "-f", path, "--dry-run=server")
    assert shown.code == 0
    assert "2 to create" in shown.out
    assert local("workforce", "describe", "crowd").code == 3


def test_a_set_is_read_from_stdin(local: Run) -> None:
    assert local("apply", "-f", "-", "--yes", stdin=WORKFORCE).code == 0


def test_folders_give_their_yaml_files_and_descend_on_request(
    local: Run, tmp_path: Path
) -> None:
    (tmp_path / "teams").mkdir()
    manifest(tmp_path, WORKFORCE, name="workforce.yml")
    manifest(tmp_path / "teams", TEAM, name="radiology.yaml")
    (tmp_path / "notes.txt").write_text("no manifest")
    flat = local("apply", "-f", str(tmp_path), "--dry-run", "-o", "name")
    deep = local("apply", "-f", str(tmp_path), "-R", "--dry-run", "-o", "name")
    assert flat.out.split() == ["workforce/crowd"]
    assert sorted(deep.out.split()) == ["workforce/crowd", "workteam/radiology"]


def test_documents_go_to_their_own_region(local: Run, tmp_path: Path) -> None:
    east = WORKFORCE
    west = WORKFORCE.replace("name: crowd", "name: crowd\nregion: eu-west-1", 1)
    path = manifest(tmp_path, east, west)
    assert local("apply", "-f", path, "--yes").code == 0
    assert local("workforce", "describe", "crowd", "--region", "eu-west-1").code == 0
    assert local("workforce", "describe", "crowd", "--region", "us-east-1").code == 0
    assert local("apply", "-f", path).code == 0


def test_tags_are_added_to_what_is_live(local: Run, tmp_path: Path) -> None:
    local("apply", "-f", manifest(tmp_path, JOB), "--yes")
    tagged = JOB.replace("name: digits\n", "name: digits\ntags: {owner: ada}\n")
    done = local("apply", "-f", manifest(tmp_path, tagged), "--yes", "-o", "json")
    assert outcomes(done) == {"compilationjob/digits": "updated"}
    assert local("diff", "-f", manifest(tmp_path, tagged)).code == 0


def test_nothing_to_read_is_said(local: Run) -> None:
    nothing = local("apply", "--yes")
    assert nothing.code == 2
    assert "-f" in nothing.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_an_interrupted_wait_says_what_was_done(
    home: Path, tmp_path: Path, number: signal.Signals
) -> None:
    command = ["apply", "-f", manifest(tmp_path, JOB), "--local", "--wait", "--yes"]
    with subprocess.Popen(
        [sys.executable, "-m", "sagectl", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr
        # SAGECTL_WORKERS is 0 here, so that the job stays queued for ever.
        said = next(line for line in process.stderr if "STARTING" in line)
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 130, said + err
    assert "interrupted while waiting for compilationjob/digits" in err
    assert "compilationjob/digits  created" in out


def test_a_job_that_fails_is_the_fifth_exit_code(
    local: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its input is in a bucket that was never written to."""
    monkeypatch.setenv("SAGECTL_WORKERS", "1")
    try:
        failed = local(
            "apply", "-f", manifest(tmp_path, JOB), "--wait", "--yes", "--timeout", "60"
        )
    finally:
        local("local", "stop", "--yes")
    assert failed.code == 5
    assert "ended FAILED: ClientError: " in failed.err
    assert "--retry-failed" in failed.err
    assert "FAILED" in failed.out


def test_a_wait_that_takes_too_long_is_said(local: Run, tmp_path: Path) -> None:
    late = local("apply", "-f", manifest(tmp_path, JOB), "--wait", "--yes", "--timeout", "0.3")
    assert late.code == 124
    assert "compilationjob/digits (STARTING)" in late.err
    assert "created" in late.out


def test_the_local_path_never_imports_botocore(home: Path, tmp_path: Path) -> None:
    path = manifest(tmp_path, WORKFORCE, TEAM, JOB)
    script = (
        "import sys; from sagectl.cli.main import main\n"
        f"code = main(['diff', '-f', {path!r}, '--local']) - 1\n"
        f"code += main(['apply', '-f', {path!r}, '--local', '--yes'])\n"
        "heavy = {'botocore', 'asyncio', 'concurrent.futures', 'tvm', 'numpy', 'rich'}\n"
        "found = heavy & set(sys.modules)\n"
        "sys.exit(f'{code} {found}' if code or found else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
