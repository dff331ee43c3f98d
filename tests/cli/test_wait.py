"""``sagectl wait``: until resources are as wanted, or cannot be."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from sagectl.controlplane.plane import ControlPlane
from sagectl.schema.model import service_model
from tests.support.manifests import JOB, TEAM, WORKFORCE, manifest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run


@pytest.fixture
def live(local: Run, tmp_path: Path) -> Run:
    """``local`` with a workforce, a team and a queued job."""
    path = manifest(tmp_path, WORKFORCE, TEAM, JOB, name="live.yaml")
    assert local("apply", "-f", path, "--yes").code == 0
    return local


def test_what_is_as_wanted_is_not_waited_for(live: Run) -> None:
    assert live("wait", "workforce/crowd", "workteam/radiology").code == 0
    assert live("wait", "compilationjob/digits", "--for=status=starting").code == 0
    assert live("wait", "workteam/nobody", "--for=deleted").code == 0


def test_a_stopped_job_is_the_fifth_exit_code(live: Run) -> None:
    live("compile", "stop", "digits", "--yes")
    assert live("wait", "compilationjob/digits", "workforce/crowd").code == 5
    assert live("wait", "compilationjob/digits", "--for=status=COMPLETED").code == 5
    assert live("wait", "compilationjob/digits", "--for=status=STOPPED").code == 0


def test_a_job_that_nobody_runs_any_more_goes_on(
    live: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAGECTL_WORKERS", "1")
    try:
        ended = live("wait", "compilationjob/digits", "--timeout", "60s")
    finally:
        live("local", "stop", "--yes")

    assert ended.code == 5
    assert "compilationjob/digits ended FAILED" in ended.err


def test_what_is_not_there_yet_is_waited_for(local: Run, home: Path) -> None:
    def create() -> None:
        plane = ControlPlane(home, service_model(home / "cache"))
        workforce = {"UserPool": "us-east-1_Pool", "ClientId": "portal"}
        plane.handle("CreateWorkforce", {"WorkforceName": "crowd", "CognitoConfig": workforce})
        plane.store.close()

    timer = threading.Timer(0.3, create)
    timer.start()
    came = local("wait", "workforce/crowd", "--timeout", "20s", "--interval", "0.1")
    timer.join()
    assert came.code == 0
    assert "absent" in came.err


def test_a_time_limit_is_the_124th_exit_code(live: Run) -> None:
    late = live("wait", "compilationjob/digits", "workteam/nobody", "--timeout", "0.2")
    assert late.code == 124
    assert "compilationjob/digits (STARTING), workteam/nobody (absent)" in late.err


@pytest.mark.parametrize(
    ("goal", "message"),
    [
        pytest.param("status=Completed-ish", "never has the status", id="unknown-status"),
        pytest.param("status=", "not something to wait for", id="no-status"),
        pytest.param("happiness", "not something to wait for", id="unknown-word"),
    ],
)
def test_a_goal_that_cannot_be_is_refused(live: Run, goal: str, message: str) -> None:
    refused = live("wait", "compilationjob/digits", f"--for={goal}")
    assert refused.code == 2
    assert message in refused.err
