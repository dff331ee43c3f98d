"""Many processes on one state directory, and processes that are killed."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sagectl.controlplane import jobs
from sagectl.controlplane.plane import ControlPlane
from sagectl.controlplane.store import Store

if TYPE_CHECKING:
    import pytest

    from sagectl.schema.model import ServiceModel

ROOT = Path(__file__).parents[2]
KILLS = 6


def started(state: Path, cache: Path, name: str, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.support.plane_entry"]
    return subprocess.Popen(
        [*command, str(state), str(cache), name, *more],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def statuses(plane: ControlPlane) -> dict[str, str]:
    found: dict[str, str] = {}
    params: dict[str, Any] = {"MaxResults": 100}
    while True:
        page = plane.handle("ListCompilationJobs", params)
        for job in page["CompilationJobSummaries"]:
            assert job["CompilationJobName"] not in found
            found[job["CompilationJobName"]] = job["CompilationJobStatus"]
        if "NextToken" not in page:
            return found
        params["NextToken"] = page["NextToken"]


def assert_sound(store: Store) -> None:
    with store.reading() as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        # No half-made job: each has its tag, and is queued exactly while it has not ended.
        half = db.execute(
            "SELECT name FROM resources r WHERE"
            " NOT EXISTS (SELECT 1 FROM tags WHERE resource = r.id AND value = r.name)"
            " OR (status = 'STARTING') != EXISTS (SELECT 1 FROM jobs WHERE resource = r.id)"
        ).fetchall()
        assert half == []


def test_processes_that_start_together_share_one_database(
    state: Path, tmp_path_factory: pytest.TempPathFactory, model: ServiceModel
) -> None:
    cache = tmp_path_factory.mktemp("cache")
    writers = [started(state, cache, f"writer{number}", "12") for number in range(4)]
    said = [writer.communicate(timeout=60)[0].split() for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0, 0, 0]
    plane = ControlPlane(state, model)
    assert set(statuses(plane)) == {name for names in said for name in names}
    assert len(statuses(plane)) == 4 * 12
    assert_sound(plane.store)


def test_claimants_never_get_the_same_job(plane: ControlPlane) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from tests.support.planes import compilation

    for number in range(30):
        plane.handle("CreateCompilationJob", compilation(f"job-{number:02}"))

    def claims(owner: int) -> list[str]:
        store = Store(plane.state)
        got = []
        while job := jobs.claim(store, f"owner-{owner}", now=0, lease_ms=1):
            got.append(job.name)
        store.close()
        return got

    with ThreadPoolExecutor(4) as pool:
        got = [name for names in pool.map(claims, range(4)) for name in names]
    assert sorted(got) == [f"job-{number:02}" for number in range(30)]


def test_nothing_acknowledged_is_lost_when_a_writer_is_killed(
    state: Path, tmp_path_factory: pytest.TempPathFactory, model: ServiceModel
) -> None:
    cache = tmp_path_factory.mktemp("cache")
    acknowledged: set[str] = set()
    for number in range(KILLS):
        writer = started(state, cache, f"life{number}")
        assert writer.stdout
        acknowledged.add(writer.stdout.readline().strip())
        # At a different statement each time.
        time.sleep(0.013 * number)
        writer.kill()
        acknowledged.update(writer.communicate()[0].splitlines()[:-1])
        plane = ControlPlane(state, model)
        assert acknowledged <= set(statuses(plane))
        assert_sound(plane.store)
        plane.store.close()
    assert len(acknowledged) > KILLS
