"""Folders for work under way, and what becomes of them when their process ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

# Tests that run behind nohup, or in a shell's background, inherit ears that are closed.
WORKER = """
import signal, sys, time
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
from sagectl.compiler.workplace import workplace
with workplace("test") as place, workplace("inner"):
    (place / "file").write_text("here")
    print(place, flush=True)
    time.sleep(float(sys.argv[1]))
"""


def worker(tmp: Path, seconds: float) -> tuple[subprocess.Popen[str], str]:
    """A process that works in two folders for a while, and the name of the first."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(seconds)],
        env={**os.environ, "TMPDIR": str(tmp)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout:
        return process, process.stdout.readline().strip().rpartition("/")[2]


def aged(folder: Path) -> None:
    hour_ago = time.time() - 3600
    os.utime(folder, (hour_ago, hour_ago))


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_process_that_is_told_to_end_leaves_nothing(tmp_path: Path, name: str) -> None:
    number = signal.Signals[name]
    process, _ = worker(tmp_path, 60)
    process.send_signal(number)

    # Ended by the signal, as it would have been without a folder.
    assert process.wait(20) == -number
    assert list(tmp_path.iterdir()) == []


def test_the_next_process_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    process, name = worker(tmp_path, 60)
    process.kill()
    process.wait(20)
    assert (tmp_path / name / "file").exists()
    for each in tmp_path.iterdir():
        aged(each)

    assert worker(tmp_path, 0)[0].wait(20) == 0
    assert list(tmp_path.iterdir()) == []


def test_what_a_living_process_works_in_stays(tmp_path: Path) -> None:
    process, name = worker(tmp_path, 60)
    for each in tmp_path.iterdir():
        aged(each)
    try:
        assert worker(tmp_path, 0)[0].wait(20) == 0
        assert (tmp_path / name / "file").exists()
    finally:
        process.terminate()
        process.wait(20)


def test_folders_of_others_stay(tmp_path: Path) -> None:
    (tmp_path / "sagectl-notes").mkdir()
    aged(tmp_path / "sagectl-notes")
    (tmp_path / "sagectl-work-test-link").symlink_to(tmp_path / "sagectl-notes")

    assert worker(tmp_path, 0)[0].wait(20) == 0
    assert (tmp_path / "sagectl-notes").exists()
