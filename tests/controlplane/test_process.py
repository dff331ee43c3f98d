"""Processes, and how much memory they may hold."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from sagectl.controlplane.memory import job_memory, machine_memory, readable
from sagectl.controlplane.process import (
    Identity,
    command_line,
    end_group,
    group_members,
    identified,
    identity,
    is_alive,
)
from sagectl.errors import InputError

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
# A parent whose child stays in its group when it goes.
FAMILY = [
    sys.executable,
    "-c",
    (
        "import subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)"
    ),
]


def test_this_process_lives_and_its_identity_survives_text() -> None:
    me = identified(os.getpid())
    assert me is not None
    assert identity(me.token) == me
    assert is_alive(me) is True


def test_a_process_id_used_again_is_another_process() -> None:
    me = identified(os.getpid())
    assert me is not None
    assert is_alive(Identity(me.host, me.pid, "long ago")) is False


def test_of_another_host_nothing_can_be_seen() -> None:
    assert is_alive(Identity("elsewhere", os.getpid(), "1")) is None


def test_a_zombie_does_not_live() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    deadline = time.monotonic() + 10
    while identified(child.pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(child.pid, 0)  # it is still there, unburied
    assert identified(child.pid) is None
    assert command_line(child.pid) == []
    assert group_members(child.pid) == {}
    child.wait()


def test_a_group_is_seen_whole_and_ends_whole() -> None:
    parent = subprocess.Popen(FAMILY, process_group=0, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"ready\n"
    members = group_members(parent.pid)
    assert len(members) == 2
    assert all(size > 1 << 20 for size in members.values())
    parent.kill()
    parent.wait()
    assert len(group_members(parent.pid)) == 1
    end_group(parent.pid)
    assert group_members(parent.pid) == {}
    parent.stdout.close()


def test_a_command_line_tells_what_a_process_is() -> None:
    child = subprocess.Popen(SLEEP)
    while command_line(child.pid) != SLEEP:
        time.sleep(0.01)
    child.kill()
    child.wait()
    assert command_line(child.pid) == []


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512MiB", 512 << 20),
        ("4GiB", 4 << 30),
        ("4g", 4 << 30),
        ("1000", 1000),
        ("2 TB", 2 << 40),
    ],
)
def test_an_amount_of_memory_is_read(text: str, size: int) -> None:
    assert job_memory({"SAGECTL_JOB_MEMORY": text}) == size


@pytest.mark.parametrize("text", ["much", "-1", "0", "4 GiBs", "1.5GiB"])
def test_what_is_no_amount_of_memory_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="SAGECTL_JOB_MEMORY"):
        job_memory({"SAGECTL_JOB_MEMORY": text})


def test_without_a_setting_workers_share_most_of_the_machine() -> None:
    assert 0 < job_memory({}, workers=2) * 2 <= machine_memory()


def test_amounts_are_told_in_the_largest_unit() -> None:
    told = [readable(size) for size in (4 << 30, 1536 << 20, 300 << 10, 12)]
    assert told == ["4 GiB", "1.5 GiB", "300 KiB", "12 bytes"]
