"""Saved plans: reviewed as a file, carried out unless something moved."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.manifests import JOB, TEAM, WORKFORCE, manifest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run

KEPT = WORKFORCE.replace("not-to-be-seen", "{env: CROWD_SECRET}")


@pytest.fixture
def saved(local: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plan that makes a workforce, a team and a job whose model is a file."""
    monkeypatch.setenv("CROWD_SECRET", "a-value")
    (tmp_path / "net.onnx").write_bytes(b"a model")
    job = JOB.replace("s3://models/digits.tar.gz", "{upload: net.onnx}")
    path = tmp_path / "approved.json"
    shown = local("diff", "-f", manifest(tmp_path, KEPT, TEAM, job), "--save-plan", str(path))
    assert shown.code == 1
    return path


def test_a_saved_plan_is_carried_out_from_anywhere(
    local: Run, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    (tmp_path / "set.yaml").unlink()
    done = local("apply", "--plan", str(saved), "--yes")
    assert done.code == 0
    assert "3 to create" in done.err
    assert local("compile", "describe", "digits").code == 0


def test_a_plan_file_holds_no_secret(saved: Path) -> None:
    assert "CROWD_SECRET" in saved.read_text()
    assert "a-value" not in saved.read_text()


def test_a_secret_in_a_manifest_keeps_its_plan_from_being_saved(
    local: Run, tmp_path: Path
) -> None:
    path = tmp_path / "plan.json"
    refused = local("diff", "-f", manifest(tmp_path, WORKFORCE), "--save-plan", str(path))
    assert refused.code == 2
    assert "set.yaml:6:19" in refused.err
    assert not path.exists()


def test_a_plan_is_refused_once_the_live_state_moved(
    local: Run, saved: Path, tmp_path: Path
) -> None:
    local("apply", "-f", manifest(tmp_path, KEPT), "--yes")
    refused = local("apply", "--plan", str(saved), "--yes")
    assert refused.code == 2
    assert "workforce/crowd in us-east-1" in refused.err
    assert local("workteam", "describe", "radiology").code == 3


def test_a_plan_is_refused_once_its_model_changed(
    local: Run, saved: Path, tmp_path: Path
) -> None:
    (tmp_path / "net.onnx").write_bytes(b"another model")
    refused = local("apply", "--plan", str(saved), "--yes")
    assert refused.code == 2
    assert "compilationjob/digits" in refused.err


def test_a_plan_is_for_one_region(local: Run, saved: Path) -> None:
    refused = local("apply", "--plan", str(saved), "--yes", "--region", "eu-west-1")
    assert refused.code == 2
    assert "local in us-east-1, not for local in eu-west-1" in refused.err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("kind: Workteam", "is not a saved plan", id="yaml"),
        pytest.param("{}", "is not a saved plan", id="other-json"),
        pytest.param('{"sagectl-plan": 99}', "another version", id="newer"),
        pytest.param('{"sagectl-plan": 1}', "is damaged", id="damaged"),
    ],
)
def test_what_is_no_plan_is_refused(
    local: Run, tmp_path: Path, content: str, message: str
) -> None:
    (tmp_path / "plan.json").write_text(content)
    refused = local("apply", "--plan", str(tmp_path / "plan.json"), "--yes")
    assert refused.code == 2
    assert message in refused.err


def test_a_plan_that_is_not_there_is_said(local: Run, tmp_path: Path) -> None:
    refused = local("apply", "--plan", str(tmp_path / "plan.json"), "--yes")

    assert refused.code == 2
    assert "plan.json cannot be read: No such file or directory" in refused.err


def test_a_plan_takes_no_other_documents(local: Run, saved: Path, tmp_path: Path) -> None:
    path = manifest(tmp_path, TEAM)
    assert local("apply", "--plan", str(saved), "-f", path, "--yes").code == 2
    assert local("apply", "--plan", str(saved), "--retry-failed", "--yes").code == 2


def test_a_changed_job_is_made_under_a_suffix_once(local: Run, tmp_path: Path) -> None:
    local("apply", "-f", manifest(tmp_path, JOB), "--yes")
    changed = manifest(tmp_path, JOB.replace("900", "600"))
    assert local("diff", "-f", changed).code == 2
    done = local("apply", "-f", changed, "--replace-jobs=suffix", "--yes", "-o", "json")
    assert done.code == 0
    (row,) = json.loads(done.out)["Resources"]
    assert row["Name"].startswith("digits-")
    assert local("compile", "describe", "digits").code == 0
    assert "600" in local("compile", "describe", row["Name"]).out
    assert local("diff", "-f", changed, "--replace-jobs=suffix").code == 0
