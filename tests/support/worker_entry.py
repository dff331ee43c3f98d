"""Stands in for the command line where tests run real workers: ENTRY STATE BACKEND local ..."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from sagectl.controlplane.lifecycle import CompilationResult, CompilationTask
from sagectl.controlplane.plane import ControlPlane
from sagectl.controlplane.worker import run_job, supervise
from sagectl.errors import CompileError
from sagectl.schema.model import service_model

if TYPE_CHECKING:
    from collections.abc import Callable


def package(task: CompilationTask, on_stage: Callable[[str], None]) -> CompilationResult:
    """Write a package that tells what was asked."""
    on_stage("import")
    made = task.output / "package"
    made.write_text(f"{task.framework} {task.stem} {task.model.read_text()}")
    on_stage("package")
    digest = hashlib.sha256(made.read_bytes()).hexdigest()
    return CompilationResult(made, digest, data_input_config='{"x": [1, 4]}')


def refuse(task: CompilationTask, on_stage: Callable[[str], None]) -> CompilationResult:
    """Lack an operator."""
    on_stage("import")
    raise CompileError(
        "node 'n1' needs Foo", stage="import", reason="operator", details={"operators": ["Foo"]}
    )


def crash(_task: CompilationTask, on_stage: Callable[[str], None]) -> CompilationResult:
    """Die as a compiler does that reads where nothing is."""
    on_stage("generate")
    os.kill(os.getpid(), signal.SIGSEGV)
    raise AssertionError("not reached")


def raise_(_task: CompilationTask, on_stage: Callable[[str], None]) -> CompilationResult:
    """Fail as a bug does."""
    on_stage("schedule")
    raise ZeroDivisionError("a bug")


def sleep(task: CompilationTask, on_stage: Callable[[str], None]) -> CompilationResult:
    """Take as long as it is let, saying so each time it is begun."""
    on_stage("schedule")
    with (task.output.parents[4] / "begun").open("a") as begun:
        begun.write(f"{os.getpid()}\n")
    time.sleep(60)
    raise AssertionError("not reached")


def ignore_term(task: CompilationTask, on_stage: Callable[[str], None]) -> CompilationResult:
    """Not listen to SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return sleep(task, on_stage)


def allocate(_task: CompilationTask, on_stage: Callable[[str], None]) -> CompilationResult:
    """Hold ever more memory."""
    on_stage("schedule")
    held = []
    while True:
        held.append(b"x" * (16 << 20))
        time.sleep(0.02)


BACKENDS = {
    "package": package,
    "refuse": refuse,
    "crash": crash,
    "raise": raise_,
    "sleep": sleep,
    "ignore-term": ignore_term,
    "allocate": allocate,
}


def main(state: str, backend: str, _local: str, verb: str, *job: str) -> None:
    place = Path(state)
    plane = ControlPlane(place, lambda: service_model(place / "cache"))
    if verb == "run-job":
        account, region, name = job
        run_job(plane, account, region, name, BACKENDS[backend])
        return
    supervise(
        plane,
        workers=int(os.environ.get("SAGECTL_WORKERS", "1")),
        command=[sys.executable, __file__, state, backend],
        idle_seconds=float(os.environ.get("IDLE_SECONDS", "1")),
        grace_seconds=0.3,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
