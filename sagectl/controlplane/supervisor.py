"""The one process that runs a state directory's jobs, each in a process group of its own."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sagectl.controlplane import jobs, leases
from sagectl.controlplane.clock import milliseconds
from sagectl.controlplane.failures import server_error
from sagectl.controlplane.jobprocess import Ending, JobProcess, started
from sagectl.controlplane.launching import end_launch
from sagectl.controlplane.memory import job_memory, readable
from sagectl.controlplane.objects import ObjectStore
from sagectl.controlplane.process import command_line, end_group
from sagectl.controlplane.store import Store
from sagectl.controlplane.worker import STALE_MS, SUPERVISOR, take_supervision
from sagectl.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sagectl.controlplane.jobs import Job
    from sagectl.controlplane.plane import ControlPlane

# A job whose supervisor dies is tried this often in all.
ATTEMPTS = 2
_ASKING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_TICK_SECONDS = 0.05
_BEAT_SECONDS = 3.0
_MEMORY_SECONDS = 0.5
_LOOK_SECONDS = 1.0
_PAUSE_SECONDS = 1.0


class Supervisor:
    """Claims queued jobs, watches their processes and records how they ended."""

    def __init__(
        self,
        plane: ControlPlane,
        *,
        workers: int,
        command: Sequence[str],
        idle_seconds: float,
        grace_seconds: float,
    ) -> None:
        self._state = plane.state
        self._clock = plane.clock
        self._store = Store(plane.state, create=False)
        self._workers = workers
        self._command = tuple(command)
        self._idle_seconds = idle_seconds
        self._grace_seconds = grace_seconds
        self._memory_bytes = job_memory(os.environ, workers)
        self._running: dict[int, JobProcess] = {}
        self._owner = ""
        self._is_asked_to_end = False
        self._version = -1
        self._due: dict[str, float] = {}

    def run(self) -> bool:
        """Supervise until there is nothing to do; False if another process does already."""
        file = self._database()
        lease = take_supervision(self._store, self._now())
        end_launch(os.environ)
        if lease is None:
            return False
        self._owner = lease.owner
        with self._signals():
            self._recover()
            ObjectStore(self._state, makes_state=False).sweep()
            while self._goes_on(file):
                time.sleep(_TICK_SECONDS)
        return True

    def _goes_on(self, file: tuple[int, int] | None) -> bool:
        """One turn; False when it was the last."""
        if self._database() != file:
            self._kill_all()  # the state directory is gone, or another: nothing of it is ours
            return False
        try:
            if self._is_asked_to_end:
                return not self._has_wound_down()
            self._reap()
            self._look()
            self._watch()
            return self._beat() and not self._has_retired()
        except StateError as error:
            if not self._running:
                raise
            # A full disk, say. The jobs' processes live on; what is due is tried again.
            self._say(str(error))
            time.sleep(_PAUSE_SECONDS)
            return True

    # --- jobs: from the queue to their end

    def _look(self) -> None:
        """Obey stops and fill free places, when anything changed in the database."""
        with self._store.reading() as db:
            version = db.execute("PRAGMA data_version").fetchone()[0]
        if version == self._version and not self._is_due("look", _LOOK_SECONDS):
            return
        self._version = version
        for job in jobs.held(self._store):
            if job.stop_requested and (running := self._running.get(job.resource.id)):
                self._end(running, Ending.STOP)
        while len(self._running) < self._workers and (claimed := self._claimed()):
            self._start(claimed)

    def _claimed(self) -> Job | None:
        return jobs.claim(self._store, self._owner, now=self._now(), lease_ms=STALE_MS)

    def _start(self, job: Job) -> None:
        try:
            running = started(job, self._state, self._command)
        except OSError as error:
            reason = server_error(f"The job's process cannot be started: {error}.")
            self._record(job, "FAILED", FailureReason=reason)
            return
        self._running[job.resource.id] = running
        now = self._now()
        jobs.heartbeat(self._store, job, now=now, lease_ms=STALE_MS, pid=running.pid)
        self._say(f"{job.name} started as process {running.pid}")

    def _reap(self) -> None:
        for key, running in list(self._running.items()):
            if running.has_ended:
                self._finish(running)
                del self._running[key]
                self._due["look"] = 0.0  # a place is free

    def _finish(self, running: JobProcess) -> None:
        """Record how a job ended, unless its process did."""
        running.clean_up()
        place, name = running.job.resource.place, running.job.name
        job = jobs.find(self._store, *place, name)
        if job and job.owner == self._owner and job.resource.id == running.job.resource.id:
            self._judge(job, running)
        self._say(f"{name} ended with code {running.process.returncode}")

    def _judge(self, job: Job, running: JobProcess) -> None:
        if job.stop_requested:
            self._record(job, "STOPPED")
        elif running.ending is Ending.SHUTDOWN:
            jobs.release(self._store, job, "STARTING", now=self._now(), is_attempt=False)
        elif running.ending is Ending.TIMEOUT:
            limit = job.resource.body["StoppingCondition"]["MaxRuntimeInSeconds"]
            reason = f"The job ran for longer than MaxRuntimeInSeconds ({limit}) allows."
            self._record(job, "STOPPED", FailureReason=reason)
        elif running.ending is Ending.MEMORY:
            reason = f"The job held more than {readable(self._memory_bytes)} of memory."
            self._record(job, "FAILED", FailureReason=server_error(reason))
        else:
            self._record(job, "FAILED", FailureReason=server_error(running.crash()))

    def _record(self, job: Job, status: str, **fields: Any) -> None:
        now = self._now()
        jobs.record(self._store, job, status, now=now, CompilationEndTime=now, **fields)

    # --- watching, ending

    def _watch(self) -> None:
        weighs = self._is_due("memory", _MEMORY_SECONDS)
        for running in self._running.values():
            running.press()
            if running.is_over_time:
                self._end(running, Ending.TIMEOUT)
            elif weighs and running.memory_bytes > self._memory_bytes:
                self._end(running, Ending.MEMORY)

    def _end(self, running: JobProcess, ending: Ending) -> None:
        if running.ending is not None:
            return
        running.end(ending, 0.0 if ending is Ending.MEMORY else self._grace_seconds)
        if ending is Ending.TIMEOUT:
            jobs.record(self._store, running.job, "STOPPING", now=self._now())

    def _kill_all(self) -> None:
        for running in self._running.values():
            running.kill()

    def _has_wound_down(self) -> bool:
        """Put all running jobs back into the queue; True when that is done."""
        for running in self._running.values():
            self._end(running, Ending.SHUTDOWN)
        self._watch()
        self._reap()
        if not self._running:
            leases.give_up(self._store, SUPERVISOR, self._owner)
        return not self._running

    def _recover(self) -> None:
        """Take over what a supervisor that died was doing: once more, then it has failed."""
        for job in jobs.held(self._store):
            if job.owner == self._owner:
                continue
            if job.pid:
                self._end_orphan(job, job.pid)
            if job.stop_requested:
                self._record(job, "STOPPED")
            elif job.attempts < ATTEMPTS:
                jobs.release(self._store, job, "STARTING", now=self._now())
            else:
                reason = f"The supervisor died {job.attempts} times while the job ran."
                self._record(job, "FAILED", FailureReason=server_error(reason))

    def _end_orphan(self, job: Job, pid: int) -> None:
        """See to it that a dead supervisor's job process is dead too, and only that."""
        words = command_line(pid)
        is_ours = words[-4:] == ["run-job", *job.resource.place, job.name]
        # Without a leader the group's number cannot have been given to anybody else.
        if is_ours or not words:
            end_group(pid)

    # --- the lease

    def _beat(self) -> bool:
        """Say that this supervisor lives; False if another took its place."""
        if not self._is_due("beat", _BEAT_SECONDS):
            return True
        now = self._now()
        if not leases.beat(self._store, SUPERVISOR, self._owner, now=now):
            self._kill_all()
            return False
        for running in self._running.values():
            jobs.heartbeat(self._store, running.job, now=now, lease_ms=STALE_MS)
        return True

    def _has_retired(self) -> bool:
        if self._running:
            self._due.pop("retire", None)
            return False
        if not self._is_due("retire", self._idle_seconds):
            return False
        leases.give_up(self._store, SUPERVISOR, self._owner)
        # A job committed until now saw our lease, so nobody was started for it.
        if not jobs.is_any_queued(self._store):
            return True
        return take_supervision(self._store, self._now()) is None

    # --- small things

    def _is_due(self, what: str, seconds: float) -> bool:
        """Whether ``seconds`` have passed since this was last true."""
        now = time.monotonic()
        if now < self._due.setdefault(what, now + seconds):
            return False
        self._due[what] = now + seconds
        return True

    def _database(self) -> tuple[int, int] | None:
        try:
            found = self._store.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _now(self) -> int:
        return milliseconds(self._clock)

    def _say(self, text: str) -> None:
        sys.stderr.write(f"{self._clock().isoformat(timespec='milliseconds')} {text}\n")
        sys.stderr.flush()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        def ask(_number: int, _frame: object) -> None:
            self._is_asked_to_end = True

        before = {number: signal.signal(number, ask) for number in _ASKING}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
