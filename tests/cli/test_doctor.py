"""``sagectl doctor``: what is installed, kept and reachable."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run


def checks(run: Run, *args: str) -> dict[str, dict[str, Any]]:
    done = run("doctor", "-o", "json", *args)
    assert done.code == 0, done.err
    answer = json.loads(done.out)
    assert any(row["Target"] == "LINUX_X86_64" for row in answer["Targets"])
    return {row["Check"]: row for row in answer["Checks"]}


def test_locally_nobody_is_asked(local: Run, home: Path) -> None:
    found = checks(local)

    assert found["apache-tvm"]["Result"] == "ok"
    assert found["AWS"]["Result"] == "not asked"
    assert "made when it is needed" in found["state directory"]["Detail"]
    assert not home.exists()


def test_people_are_told_of_extras_and_targets_in_brief(local: Run) -> None:
    brief, whole = local("doctor").out, local("doctor", "-o", "wide").out

    assert len(brief.splitlines()) < 25 < len(whole.splitlines())
    assert "extra " not in brief
    assert all(line.startswith("extras ") for line in brief.splitlines() if "sklearn" in line)
    for name in ("LINUX_X86_64", "ANDROID_ARM64_MALI"):
        assert name in brief
        assert name in whole


def test_extras_are_those_of_users(local: Run) -> None:
    found = {name.removeprefix("extra ") for name in checks(local) if name.startswith("extra ")}

    assert found.isdisjoint(("fuzz", "test", "docs", "benchmarks", "examples"))


def test_on_aws_it_tells_who_one_is_and_what_is_allowed(world: Run) -> None:
    found = checks(world)

    assert found["region"]["Detail"] == "eu-central-1 (AWS_REGION)"
    assert found["credentials"]["Detail"].startswith("arn:aws:")
    assert found["ListWorkteams"]["Result"] == found["endpoint"]["Result"] == "ok"


def test_a_missing_region_comes_with_what_to_do(run: Run) -> None:
    found = checks(run)

    assert found["region"]["Result"] == "missing"
    assert "--region" in found["region"]["Remedy"]
    assert "credentials" not in found


def test_missing_credentials_come_with_what_to_do(run: Run) -> None:
    found = checks(run, "--region", "us-east-1")

    assert found["credentials"]["Result"] == "missing"
    assert "--local" in found["credentials"]["Remedy"]


@pytest.mark.usefixtures("keys")
def test_an_endpoint_where_nobody_is_is_said(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

    found = checks(run)

    assert found["credentials"]["Result"] == found["endpoint"]["Result"] == "wrong"
    assert "127.0.0.1:9" in found["endpoint"]["Detail"]


def test_a_state_directory_that_cannot_be_is_said(
    local: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SAGECTL_HOME", str(tmp_path / "file" / "home"))

    assert checks(local)["state directory"]["Result"] == "wrong"


def test_a_state_directory_open_to_others_is_said(local: Run, home: Path) -> None:
    home.mkdir(mode=0o755)

    assert "may be read by others" in checks(local)["state directory"]["Detail"]
