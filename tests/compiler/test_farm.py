"""A matrix on a Dask cluster: a scheduler and workers in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from sagectl.compiler.cells import cells
from sagectl.compiler.farm import dask_farm
from sagectl.compiler.matrix import compile_matrix
from sagectl.compiler.request import compile_request
from sagectl.errors import InputError
from sagectl.runtime import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START_SECONDS = 60


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    file = tmp_path / "scheduler.json"
    common = ["--scheduler-file", str(file)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    commands = [
        ["scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", *common],
        ["worker", "--nthreads", "1", "--nworkers", "2", "--no-dashboard", *common],
    ]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_" + command[0], *command[1:]],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for command in commands
    ]
    until = time.monotonic() + START_SECONDS
    while not file.exists() and time.monotonic() < until:
        time.sleep(0.1)
    yield json.loads(file.read_text())["address"].replace("tcp://", "dask://")
    for process in reversed(running):
        process.terminate()
        process.wait(START_SECONDS)


@pytest.mark.targets
def test_a_cluster_makes_the_same_packages_and_what_it_made_is_kept(
    cluster: str, model: Path, tmp_path: Path
) -> None:
    targets = cells(["LINUX_X86_64,LINUX_ARM64,ml_inf1"])
    asked = compile_request(model, output=tmp_path / "there")
    here = compile_request(model, output=tmp_path / "here")
    farm = dask_farm(cluster, model)
    wait_for_workers(cluster)

    first = compile_matrix(asked, targets, cache=tmp_path / "one", spread=farm)
    again = compile_matrix(asked, targets, cache=tmp_path / "one", spread=farm)
    alone = compile_matrix(here, targets, cache=tmp_path / "two")

    assert [row.status for row in first] == ["built", "built", "refused"]
    assert [row.status for row in again] == ["cached", "cached", "refused"]
    assert [row.digest for row in first] == [row.digest for row in alone]
    assert load(first[0].package or "").inputs


def wait_for_workers(address: str) -> None:
    from distributed import Client

    with Client(address.replace("dask://", "tcp://"), set_as_default=False) as client:
        client.wait_for_workers(2, timeout=START_SECONDS)


def test_where_no_scheduler_listens_the_commands_that_start_one_are_said(
    model: Path, tmp_path: Path
) -> None:
    asked = compile_request(model, output=tmp_path)

    with pytest.raises(InputError, match="No Dask scheduler answers at dask://127") as caught:
        compile_matrix(
            asked,
            cells(["LINUX_X86_64"]),
            cache=tmp_path,
            spread=dask_farm("dask://127.0.0.1:9", model, patience_seconds=1),
        )
    assert "dask worker" in (caught.value.hint or "")
