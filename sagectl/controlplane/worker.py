"""The doors to the processes that run jobs: the supervisor's, and one for each job."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from sagectl.controlplane import jobs, leases
from sagectl.controlplane.clock import milliseconds
from sagectl.controlplane.launching import VARIABLE, is_launching, launching
from sagectl.controlplane.leases import Lease
from sagectl.controlplane.memory import job_memory
from sagectl.controlplane.process import (
    identified,
    identity,
    inherited_descriptors,
    is_alive,
)
from sagectl.errors import CompileError, InputError, NotFoundError, StateError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sagectl.controlplane.lifecycle import CompileBackend
    from sagectl.controlplane.plane import ControlPlane
    from sagectl.controlplane.store import Store

SUPERVISOR = "supervisor"
FOLDER, LOG = "jobs", "supervisor.log"
# How old the last beat of a supervisor on another host, or in another container, may be.
STALE_MS = 15_000
_POLL_SECONDS = 0.02
# The shell's background job is nobody's child once the shell has ended: a server that launches
# many a supervisor in its life has none of them to bury.
_DETACHED = '"$@" </dev/null >>"$0" 2>&1 &'


def launch(
    plane: ControlPlane,
    *,
    workers: int,
    command: Sequence[str],
    environ: Mapping[str, str] | None = None,
) -> bool:
    """Make sure that a supervisor runs; True if this call started one.

    It is ``[*command, "local", "supervise"]``, detached from this process and its terminal.
    Two callers at once, or a supervisor that is just giving up, do no harm: one gets the lease
    and sees every job committed before. With no ``workers`` jobs stay queued. Raises InputError
    where ``environ`` (else this process's) asks for what no supervisor could run with.
    """
    if workers < 1 or current_supervisor(plane) is not None:
        return False
    environ = os.environ if environ is None else environ
    job_memory(environ, workers)
    plane.store.make()
    log = _folder(plane.state) / LOG
    with launching(log.parent) as lock:
        # One that was being started a moment ago has its lease by now.
        if lock is None or current_supervisor(plane) is not None:
            return False
        _spawn_detached([*command, "local", "supervise"], log, environ, lock)
    return True


def supervise(
    plane: ControlPlane,
    *,
    workers: int,
    command: Sequence[str],
    idle_seconds: float = 30.0,
    grace_seconds: float = 10.0,
) -> bool:
    """Run queued jobs, ``workers`` at once, until none came for a while.

    Returns False at once if another supervisor has the state directory. ``grace_seconds`` is
    what a job gets between SIGTERM and SIGKILL.
    """
    from sagectl.controlplane.supervisor import Supervisor

    if workers < 1:
        return False
    supervisor = Supervisor(
        plane,
        workers=workers,
        command=command,
        idle_seconds=idle_seconds,
        grace_seconds=grace_seconds,
    )
    return supervisor.run()


def run_job(
    plane: ControlPlane, account: str, region: str, name: str, backend: CompileBackend
) -> None:
    """Take one claimed job to its end; what the supervisor's child does.

    A crash in here is the supervisor's to record. Raises InputError if this process was not
    started by the supervisor that holds the job.
    """
    import traceback

    from sagectl.controlplane.failures import failure_reason
    from sagectl.controlplane.lifecycle import compilation
    from sagectl.controlplane.objects import ObjectStore
    from sagectl.controlplane.process import die_with_parent
    from sagectl.controlplane.stages import WORK, StageLog, job_directory
    from sagectl.controlplane.store import Store

    die_with_parent()
    store = Store(plane.state, create=False)
    job = jobs.find(store, account, region, name)
    parent = identified(os.getppid())
    if job is None or parent is None or job.owner != parent.token:
        raise InputError(
            f"the job {name} is not this process's to run",
            hint="Jobs are run by `sagectl local start`.",
        )
    started = milliseconds(plane.clock)
    if not jobs.record(store, job, "INPROGRESS", now=started, CompilationStartTime=started):
        return
    directory = job_directory(plane.state, account, region, name)
    stages = StageLog(directory, lambda: plane.clock().timestamp())
    body = job.resource.body
    objects = ObjectStore(plane.state, makes_state=False)
    try:
        fields = compilation(name, body, objects, directory / WORK, backend, stages.begin)
        status = "COMPLETED"
    except (CompileError, InputError, NotFoundError, StateError, OSError) as error:
        traceback.print_exc()  # for the job's log
        source = body["InputConfig"]
        reason = failure_reason(error, framework=source["Framework"], model=source["S3Uri"])
        status, fields = "FAILED", {"FailureReason": reason}
    stages.end()
    now = milliseconds(plane.clock)
    if (last := jobs.find(store, account, region, name)) and not last.stop_requested:
        jobs.record(store, job, status, now=now, CompilationEndTime=now, **fields)


def current_supervisor(plane: ControlPlane) -> Lease | None:
    """The supervisor that runs for this state directory, if one does."""
    lease = leases.holder(plane.store, SUPERVISOR)
    return lease if lease and is_held(lease, milliseconds(plane.clock)) else None


def stop_supervisor(plane: ControlPlane, *, timeout_seconds: float = 30.0) -> bool:
    """End the supervisor; its jobs go back to the queue. False if none runs.

    Raises StateError where it runs on another host, or does not end in time.
    """
    import signal

    deadline = time.monotonic() + timeout_seconds
    while (lease := current_supervisor(plane)) is None:
        if not is_launching(plane.state / FOLDER):
            return False
        time.sleep(_POLL_SECONDS)
    process = identity(lease.owner)
    if not is_alive(process):
        raise StateError(f"the supervisor runs on another host, as process {lease.pid} there")
    os.kill(lease.pid, signal.SIGTERM)
    while is_alive(process):
        if time.monotonic() > deadline:
            raise StateError(f"the supervisor, process {lease.pid}, has not ended yet")
        time.sleep(_POLL_SECONDS)
    return True


def this_lease(name: str, now: int) -> Lease:
    """A lease for this process."""
    me = identified(os.getpid())
    if me is None:
        raise StateError("this system does not say when a process was started")
    return Lease(name, me.token, me.pid, me.host, now)


def is_held(lease: Lease, now: int) -> bool:
    """Whether the holder of a lease lives; of another host's only the last beat tells."""
    alive = is_alive(identity(lease.owner))
    return lease.beat > now - STALE_MS if alive is None else alive


def take_supervision(store: Store, now: int) -> Lease | None:
    """The supervisor's lease for this process, unless another living one has it."""
    wanted = this_lease(SUPERVISOR, now)
    before = leases.holder(store, SUPERVISOR)
    if before and before.owner != wanted.owner and is_held(before, now):
        return None
    return wanted if leases.take(store, wanted, instead_of=before) else None


def _spawn_detached(
    command: Sequence[str], log: Path, environ: Mapping[str, str], lock: int
) -> None:
    # Whoever reads the other end of a pipe we were given must not wait for the supervisor.
    closed = [
        (os.POSIX_SPAWN_CLOSE, descriptor)
        for descriptor in inherited_descriptors()
        if descriptor != lock
    ]
    arguments = ["sh", "-c", _DETACHED, str(log), *command]
    environ = {**environ, VARIABLE: str(lock)}
    shell = os.posix_spawn("/bin/sh", arguments, environ, setsid=True, file_actions=closed)
    os.waitpid(shell, 0)


def _folder(state: Path) -> Path:
    folder = state / FOLDER
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StateError(f"{folder}: {error.strerror}") from error
    return folder
