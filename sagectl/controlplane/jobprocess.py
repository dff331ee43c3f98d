"""The process group that one job runs in, as its supervisor sees it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from sagectl.controlplane.process import end_group, group_members, signal_group
from sagectl.controlplane.stages import LOG, STAGES, WORK, make_job_directory, stages_in

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sagectl.controlplane.jobs import Job


class Ending(Enum):
    """Why a supervisor ends a job."""

    STOP = "stop"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    SHUTDOWN = "shutdown"


@dataclass(slots=True)
class JobProcess:
    """A running job; times are of the monotonic clock."""

    job: Job
    process: subprocess.Popen[bytes]
    directory: Path
    deadline: float
    ending: Ending | None = None
    _kill_at: float = float("inf")

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    @property
    def is_over_time(self) -> bool:
        return time.monotonic() > self.deadline

    @property
    def memory_bytes(self) -> int:
        """What all processes of the job hold together."""
        return sum(group_members(self.pid).values())

    def end(self, ending: Ending, grace_seconds: float) -> None:
        """Ask the job to end; ``press`` makes it, once the grace is over."""
        self.ending = ending
        self._kill_at = time.monotonic() + grace_seconds
        signal_group(self.pid, signal.SIGTERM)

    def press(self) -> None:
        if time.monotonic() > self._kill_at:
            signal_group(self.pid, signal.SIGKILL)

    def kill(self) -> None:
        """End the job here and now."""
        end_group(self.pid)
        self.process.wait()

    def clean_up(self) -> None:
        """Remove what an ended job leaves: processes it started, and its work files."""
        signal_group(self.pid, signal.SIGKILL)
        shutil.rmtree(self.directory / WORK, ignore_errors=True)

    def crash(self) -> str:
        """How the job's process ended, where it did not say so itself."""
        stages = stages_in(self.directory)
        where = f" in stage {stages[-1].name}" if stages else ""
        code = self.process.returncode
        if code < 0:
            return f"The job's process was ended by {signal.Signals(-code).name}{where}."
        last = _last_line(self.directory / LOG)
        return f"The job's process ended with exit code {code}{where}. {last}"


def started(job: Job, state: Path, command: Sequence[str]) -> JobProcess:
    """Start ``[*command, "local", "run-job", ...]`` for a job just claimed; raises OSError."""
    address = (*job.resource.place, job.name)
    directory = make_job_directory(state, *address)
    shutil.rmtree(directory / WORK, ignore_errors=True)
    (directory / WORK).mkdir(mode=0o700)
    (directory / STAGES).unlink(missing_ok=True)
    # A log begins anew with a job's first attempt.
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | (os.O_TRUNC if job.attempts == 1 else 0)
    with os.fdopen(os.open(directory / LOG, flags, 0o600), "ab") as log:
        process = subprocess.Popen(
            [*command, "local", "run-job", *address],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            process_group=0,
        )
    limit = job.resource.body["StoppingCondition"]["MaxRuntimeInSeconds"]
    return JobProcess(job, process, directory, time.monotonic() + limit)


def _last_line(log: Path) -> str:
    lines: list[str] = []
    with suppress(OSError), log.open("rb") as stream:
        stream.seek(0, os.SEEK_END)
        stream.seek(max(0, stream.tell() - 4096))
        lines = stream.read().decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
