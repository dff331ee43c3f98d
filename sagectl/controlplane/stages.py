"""The steps of a job as it went through them, in a file that a progress view can follow."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sagectl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LOG = "log.txt"
STAGES = "stages.jsonl"
WORK = "work"

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")


@dataclass(frozen=True, slots=True)
class Stage:
    """One step; times are seconds since the epoch, ``ended`` None while it goes on."""

    name: str
    started: float
    ended: float | None = None


def job_directory(state: Path, account: str, region: str, name: str) -> Path:
    """Where a job has its log, its stages and, while it runs, its work files."""
    for part in (account, region, name):
        if not _PLAIN.fullmatch(part):
            raise InputError(f"{part!r} cannot be part of a job's address")
    return state / "jobs" / account / region / name


def make_job_directory(state: Path, account: str, region: str, name: str) -> Path:
    """The job's directory, made below ``state``, which itself is never made anew."""
    directory = job_directory(state, account, region, name)
    for folder in (*reversed(directory.relative_to(state).parents[:-1]), directory):
        (state / folder).mkdir(mode=0o700, exist_ok=True)
    return directory


def job_stages(state: Path, account: str, region: str, name: str) -> tuple[Stage, ...]:
    """The stages of a job's latest attempt so far, in their order; empty before the first."""
    return stages_in(job_directory(state, account, region, name))


def stages_in(directory: Path) -> tuple[Stage, ...]:
    """The stages of the job that has this directory."""
    try:
        lines = (directory / STAGES).read_text(encoding="utf-8").splitlines(keepends=True)
    except FileNotFoundError:
        return ()
    stages: list[Stage] = []
    for line in lines:
        if not line.endswith("\n"):
            break  # still being written
        event = json.loads(line)
        if "ended" in event:
            stages.pop()
        stages.append(Stage(**event))
    return tuple(stages)


class StageLog:
    """Writes a job's stages: one begins as the one before it ends."""

    def __init__(self, directory: Path, clock: Callable[[], float]) -> None:
        self._path = directory / STAGES
        self._clock = clock
        self._current: Stage | None = None

    def begin(self, name: str) -> None:
        self.end()
        self._current = Stage(name, self._clock())
        self._write({"name": name, "started": self._current.started})

    def end(self) -> None:
        if self._current:
            stage, self._current = self._current, None
            self._write({"name": stage.name, "started": stage.started, "ended": self._clock()})

    def _write(self, event: dict[str, str | float]) -> None:
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(event) + "\n")
