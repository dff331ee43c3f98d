"""``apply`` through botocore, against the control plane over HTTP and against moto's S3."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.support.manifests import JOB, TEAM, WORKFORCE, manifest

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.conftest import Run


def test_a_set_is_applied_in_parallel_and_again_is_a_no_op(aws: Run, tmp_path: Path) -> None:
    teams = [TEAM.replace("radiology", f"team-{number}") for number in range(12)]
    path = manifest(tmp_path, *teams, WORKFORCE, JOB)
    done = aws("apply", "-f", path, "--yes", "-o", "json")
    assert done.code == 0, done.err
    assert "talking to http://127.0.0.1:" in done.err
    rows = json.loads(done.out)["Resources"]
    assert {row["Outcome"] for row in rows} == {"created"}
    assert {row["Region"] for row in rows} == {"eu-central-1"}
    again = aws("apply", "-f", path)
    assert again.code == 0
    assert "14 unchanged." in again.err


def test_what_a_run_took_is_counted_call_by_call(aws: Run, tmp_path: Path) -> None:
    jobs = [JOB.replace("name: digits", f"name: digits-{number}") for number in range(20)]
    path = manifest(tmp_path, *jobs, name="jobs.yaml")
    assert aws("apply", "-f", path, "--set", "clinic", "--yes").code == 0
    events = tmp_path / "events.jsonl"
    few = manifest(tmp_path, *jobs[:5], name="few.yaml")

    pruned = aws("diff", "-f", few, "--set", "clinic", "--prune", "-v", "--events", str(events))

    calls = {
        "DescribeCompilationJob": 5 + 15,  # those that stay, and those that go
        "ListTags": 15,
        "ListWorkforces": 1,
        "ListWorkteams": 1,
        "ListCompilationJobs": 1,
    }
    assert pruned.code == 1
    assert "15 to delete" in pruned.out
    assert json.loads(events.read_text().splitlines()[-1])["calls"] == calls
    each = ", ".join(f"{count} {operation}" for operation, count in calls.items())
    assert f"{sum(calls.values())} calls: {each}" in pruned.err


def test_more_teams_than_allowed_are_refused_before_the_first_call(
    aws: Run, tmp_path: Path
) -> None:
    teams = [TEAM.replace("radiology", f"team-{number}") for number in range(26)]
    refused = aws("apply", "-f", manifest(tmp_path, WORKFORCE, *teams), "--yes")
    assert refused.code == 2
    assert "25 are allowed" in refused.err
    assert aws("workforce", "describe", "crowd").code == 3


def test_limits_of_the_model_are_warnings_unless_strict(aws: Run, tmp_path: Path) -> None:
    path = manifest(tmp_path, JOB.replace("Framework: ONNX", "Framework: MINDSPORE"))
    lenient = aws("validate", "-f", path)
    strict = aws("validate", "-f", path, "--strict")
    assert (lenient.code, strict.code) == (0, 2)
    assert "warning" in lenient.err
    assert "as AWS does" in lenient.err


def test_without_credentials_the_exit_code_is_four(
    aws: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    refused = aws("diff", "-f", manifest(tmp_path, TEAM))
    assert refused.code == 4
    assert "--local" in refused.err


def test_an_endpoint_where_nobody_is_is_said(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    options = ("--endpoint-url", "http://127.0.0.1:9", "--region", "us-east-1")
    refused = run("diff", "-f", manifest(tmp_path, TEAM), *options)
    assert refused.code == 3
    assert "127.0.0.1:9" in refused.err


def test_without_a_region_there_is_a_finding(run: Run, tmp_path: Path) -> None:
    refused = run("diff", "-f", manifest(tmp_path, TEAM))
    assert refused.code == 2
    assert "no region" in refused.err
