"""``sagectl local events``: a table for people, lines for their code."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import count
from pathlib import Path
from select import select
from typing import TYPE_CHECKING

import pytest

from tests.support.manifests import TEAM, WORKFORCE, manifest

if TYPE_CHECKING:
    from tests.conftest import Run

ROOT = Path(__file__).parents[2]


@pytest.fixture
def happened(local: Run, tmp_path: Path) -> Run:
    local("apply", "-f", manifest(tmp_path, WORKFORCE, TEAM), "--yes")
    return local


def test_events_are_a_table(happened: Run) -> None:
    titles, *rows = happened("local", "events").out.splitlines()
    assert titles.split() == ["TIME", "RESOURCE", "STATUS", "REASON"]
    assert [row.split()[1:] for row in rows] == [
        ["workforce/crowd", "Active"],
        ["workteam/radiology", "Created"],
    ]


def test_events_as_lines_are_what_eventbridge_delivers(happened: Run) -> None:
    lines = happened("local", "events", "-o", "jsonl").out.splitlines()
    events = [json.loads(line) for line in lines]
    assert [event["detail"].get("WorkforceStatus") for event in events] == ["Active", None]
    assert {event["source"] for event in events} == {"aws.sagemaker"}
    assert events[0]["time"].endswith("Z")
    whole = json.loads(happened("local", "events", "-o", "json").out)
    assert whole == {"Events": events}


def test_without_events_there_is_a_remark(local: Run) -> None:
    done = local("local", "events")
    assert (done.code, done.out) == (0, "")
    assert "No events" in done.err


def test_a_command_reads_each_event_whatever_is_printed(happened: Run, tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    happened("local", "events", "--exec", f"cat >> {heard}")
    assert [json.loads(line)["version"] for line in heard.read_text().splitlines()] == ["0"] * 2


def test_followed_events_come_as_they_happen(happened: Run) -> None:
    command = [sys.executable, "-m", "sagectl", "local", "events", "--follow"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout
        try:
            # Until the follower looks, a change is one of before.
            for number in count():
                happened(
                    "workteam", "update", "radiology", "--description", f"{number}", "--yes"
                )
                if select([process.stdout], [], [], 0.1)[0]:
                    break
            line = process.stdout.readline()
        finally:
            process.kill()
    assert line.split()[1:] == ["Updated", "workteam/radiology"]


def test_yaml_cannot_be_followed(happened: Run) -> None:
    done = happened("local", "events", "--follow", "-o", "yaml")
    assert done.code == 2
    assert "-o jsonl" in done.err
