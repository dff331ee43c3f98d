"""Progress, in each of its ways."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from sagectl.catalog.kinds import WORKTEAM_KIND
from sagectl.errors import ServiceError
from sagectl.manifest.document import Document
from sagectl.plan.change import Action, Change
from sagectl.plan.events import Done, Failed, Skipped, Started, StatusSeen, Uploaded
from sagectl.render.console import Console
from sagectl.render.progress import duration, progress
from sagectl.settings import Home, Settings

CHANGE = Change(Action.CREATE, WORKTEAM_KIND, Document("Workteam", "r"), "us-east-1")
EVENTS = (
    Started(CHANGE),
    Uploaded(CHANGE, "s3://b/k", was_there=False),
    Uploaded(CHANGE, "s3://b/old", was_there=True),
    Done(CHANGE),
    Failed(CHANGE, ServiceError("Throttled", "slow", hint="Wait.")),
    Skipped(CHANGE, "it needs workforce/crowd"),
    StatusSeen("compilationjob/d", "INPROGRESS", "link", 12.3),
    StatusSeen("compilationjob/d", "FAILED", None, 65.0, "no memory", is_final=True),
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def told(mode: str, *, terminal: bool = False, **settings: Any) -> str:
    err = Terminal() if terminal else io.StringIO()
    home = Home(Path("/c"), Path("/s"), Path("/h"))
    console = Console(
        io.StringIO(), err, Settings(home, progress=mode, **settings), environ={"TERM": "xterm"}
    )
    with progress(console) as observer:
        for event in EVENTS:
            observer(event)
        with observer.stage("link"):
            pass
        observer.warn("slow operator")
    return err.getvalue()


def test_plain_is_a_line_per_change() -> None:
    assert told("plain").splitlines()[:-2] == [
        "^ s3://b/k uploaded",
        "+ workteam/r created",
        "! workteam/r failed: Throttled: slow",
        "  hint: Wait.",
        "- workteam/r skipped: it needs workforce/crowd",
        "  compilationjob/d INPROGRESS link after 12s",
        "  compilationjob/d FAILED after 1m 5s: no memory",
    ]
    assert told("plain").splitlines()[-2:] == ["link      0.0s", "warning: slow operator"]


def test_a_pipe_is_plain_unless_told_otherwise() -> None:
    assert told("auto") == told("plain")


def test_json_is_an_object_per_event() -> None:
    found = [json.loads(line) for line in told("json").splitlines()]

    assert [item["event"] for item in found] == [
        *("started", "uploaded", "uploaded", "done", "failed", "skipped", "status", "status"),
        *("stage", "stage", "warning"),
    ]
    assert found[7] == {
        "event": "status",
        "label": "compilationjob/d",
        "status": "FAILED",
        "reason": "no memory",
        "seconds": 65.0,
        "final": True,
    }


def test_none_and_quiet_say_no_progress() -> None:
    assert told("none") == "warning: slow operator\n"
    assert told("plain", quiet=True) == "warning: slow operator\n"


def test_a_terminal_keeps_what_is_done() -> None:
    text = told("auto", terminal=True)

    assert "workteam/r created" in text
    assert "\x1b[" in text


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.04, "0.0s"), (9.96, "10.0s"), (12.9, "12s"), (185, "3m 5s"), (7260, "2h 1m")],
    ids=str,
)
def test_a_duration_is_short(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected


def test_many_changes_are_a_bar_on_a_terminal() -> None:
    err = Terminal()
    home = Home(Path("/c"), Path("/s"), Path("/h"))
    settings = Settings(home, progress="tty")
    console = Console(io.StringIO(), err, settings, environ={"TERM": "xterm"}, width=100)
    with progress(console, 1000) as observer:
        for _ in range(500):
            observer(Started(CHANGE))
            observer(Done(CHANGE))
        observer(Failed(CHANGE, ServiceError("Throttled", "slow", hint="Wait.")))
    text = err.getvalue()

    assert "/1000" in text
    assert "workteam/r created" not in text
    assert "workteam/r failed: Throttled: slow" in text
