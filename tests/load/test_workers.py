"""Supervisors killed again and again while jobs run: LOAD_KILLS times (30 if not set)."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest

from sagectl.controlplane.checkup import checkup
from sagectl.controlplane.worker import current_supervisor, stop_supervisor
from sagectl.schema.model import service_model
from tests.controlplane.test_worker import Site

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.load

KILLS = int(os.environ.get("LOAD_KILLS", "30"))
JOBS = KILLS * 2
FINAL = ("COMPLETED", "FAILED")
TWICE = "ServerError: The supervisor died 2 times while the job ran."


def supervisor(site: Site) -> int:
    """The process id of a supervisor that runs, launched if there is none."""
    deadline = time.monotonic() + 60
    while (lease := current_supervisor(site.plane)) is None:
        # One that was killed as it started holds up the next for some seconds.
        assert time.monotonic() < deadline, "no supervisor"
        site.launch()
        time.sleep(0.05)
    return lease.pid


def test_every_job_ends_however_often_its_supervisor_is_killed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = Site(tmp_path / "state", service_model(tmp_path / "cache"))
    site.workers = 2
    site.put_model()
    names = [f"job-{number:03}" for number in range(JOBS)]
    try:
        for number, name in enumerate(names):
            site.create(name)
            if number % 2:
                # At another moment of a job's life each time.
                time.sleep(0.05 + 0.031 * (number % 17))
                os.kill(supervisor(site), signal.SIGKILL)
        deadline = time.monotonic() + 240
        while not all(site.status(name) in FINAL for name in names):
            assert time.monotonic() < deadline, "jobs are left"
            site.launch()
            time.sleep(0.2)
    finally:
        stop_supervisor(site.plane)
    ended = [site.describe(name) for name in names]
    failed = [job for job in ended if job["CompilationJobStatus"] == "FAILED"]
    assert {job["FailureReason"] for job in failed} <= {TWICE}
    assert [row for row in checkup(site.state) if row.against] == []
    with capsys.disabled():
        sys.stdout.write(
            f"\n{KILLS} supervisors killed, {JOBS} jobs: {JOBS - len(failed)} completed,"
            f" {len(failed)} failed for having been tried twice, none lost\n"
        )
