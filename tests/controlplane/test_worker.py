"""Jobs and their supervisor, as real processes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sagectl.controlplane import jobs
from sagectl.controlplane.objects import ObjectStore
from sagectl.controlplane.plane import ControlPlane
from sagectl.controlplane.process import identified
from sagectl.controlplane.stages import job_directory, job_stages
from sagectl.controlplane.worker import current_supervisor, launch, run_job, stop_supervisor
from sagectl.errors import InputError
from sagectl.schema.model import ServiceModel, service_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ENTRY = Path(__file__).parents[1] / "support" / "worker_entry.py"
ROOT = Path(__file__).parents[2]
ADDRESS = ("123456789012", "us-east-1")
PATIENCE_SECONDS = 20


class Site:
    """A state directory with a control plane that launches workers with one backend."""

    def __init__(self, state: Path, model: ServiceModel) -> None:
        self.state = state
        self.model = model
        self.backend = "package"
        self.environ = os.environ | {"PYTHONPATH": str(ROOT)}
        self.workers = 1
        self.plane = ControlPlane(state, model, launch=self.launch)
        self.objects = ObjectStore(state)

    @property
    def command(self) -> list[str]:
        return [sys.executable, str(ENTRY), str(self.state), self.backend]

    def launch(self) -> None:
        environ = self.environ | {"SAGECTL_WORKERS": str(self.workers)}
        launch(self.plane, workers=self.workers, command=self.command, environ=environ)

    def put_model(self, text: str = "weights") -> None:
        self.state.parent.joinpath("model").write_text(text)
        self.objects.put("s3://models/digits.tar.gz", self.state.parent / "model")

    def create(self, name: str = "job", seconds: int = 60, **changes: Any) -> None:
        params = {
            "CompilationJobName": name,
            "RoleArn": "arn:aws:iam::123456789012:role/neo",
            "InputConfig": {
                "S3Uri": "s3://models/digits.tar.gz",
                "DataInputConfig": '{"x": [1, 4]}',
                "Framework": "ONNX",
            },
            "OutputConfig": {
                "S3OutputLocation": "s3://compiled/here/",
                "TargetPlatform": {"Os": "LINUX", "Arch": "X86_64"},
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": seconds},
        }
        self.plane.handle("CreateCompilationJob", params | changes)

    def describe(self, name: str = "job") -> dict[str, Any]:
        return self.plane.handle("DescribeCompilationJob", {"CompilationJobName": name})

    def status(self, name: str = "job") -> str:
        status: str = self.describe(name)["CompilationJobStatus"]
        return status

    def ended(self, name: str = "job") -> dict[str, Any]:
        until(lambda: self.status(name) in ("COMPLETED", "FAILED", "STOPPED"))
        return self.describe(name)

    def job(self, name: str = "job") -> Path:
        return job_directory(self.state, *ADDRESS, name)

    def begun(self) -> list[int]:
        """The process ids of the jobs that sleep, in the order they began."""
        lines = self.state.joinpath("jobs", "begun")
        return [int(line) for line in lines.read_text().split()] if lines.exists() else []

    def supervisor(self) -> int:
        until(lambda: current_supervisor(self.plane) is not None)
        lease = current_supervisor(self.plane)
        assert lease is not None
        return lease.pid


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def is_dead(pid: int) -> bool:
    return identified(pid) is None


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ServiceModel:
    return service_model(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def site(tmp_path: Path, model: ServiceModel) -> Iterator[Site]:
    site = Site(tmp_path / "state", model)
    site.put_model()
    yield site
    stop_supervisor(site.plane)


def test_a_job_is_compiled_and_describes_itself(site: Site) -> None:
    site.create()
    assert site.status() in ("STARTING", "INPROGRESS", "COMPLETED")
    job = site.ended()
    assert job["CompilationJobStatus"] == "COMPLETED"
    assert job["FailureReason"] == ""
    artifact = "s3://compiled/here/digits-LINUX_X86_64.tar.gz"
    assert job["ModelArtifacts"] == {"S3ModelArtifacts": artifact}
    assert site.objects.path(artifact).read_text() == "ONNX digits weights"
    assert job["ModelDigests"]["ArtifactDigest"].startswith("sha256:")
    assert job["DerivedInformation"] == {"DerivedDataInputConfig": '{"x": [1, 4]}'}
    assert (
        job["CreationTime"]
        <= job["CompilationStartTime"]
        <= job["CompilationEndTime"]
        <= job["LastModifiedTime"]
    )
    assert [stage.name for stage in job_stages(site.state, *ADDRESS, "job")] == [
        "fetch",
        "import",
        "package",
        "store",
    ]
    assert all(stage.ended for stage in job_stages(site.state, *ADDRESS, "job"))


def test_a_job_outlives_the_process_that_created_it(site: Site) -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from tests.controlplane.test_worker import Site\n"
        "from sagectl.schema.model import service_model\n"
        "state = Path(sys.argv[2])\n"
        "Site(state, service_model(state.parent / 'cache')).create()\n"
    )
    subprocess.run([sys.executable, "-c", script, str(ROOT), str(site.state)], check=True)
    assert site.ended()["CompilationJobStatus"] == "COMPLETED"


def test_what_the_compiler_refuses_fails_in_neos_words(site: Site) -> None:
    site.backend = "refuse"
    site.create()
    job = site.ended()
    assert job["CompilationJobStatus"] == "FAILED"
    assert job["FailureReason"] == (
        "ClientError: InputConfiguration: TVM cannot convert ONNX model. Please make sure the"
        " framework you selected is correct. The following operators are not implemented:"
        " {'Foo'} (node 'n1' needs Foo)"
    )
    assert "CompileError" in (site.job() / "log.txt").read_text()


def test_a_missing_model_and_a_missing_bucket_fail_differently(site: Site) -> None:
    source = {"DataInputConfig": '{"x": [1, 4]}', "Framework": "ONNX"}
    site.create("no-object", InputConfig=source | {"S3Uri": "s3://models/other.tar.gz"})
    site.create("no-bucket", InputConfig=source | {"S3Uri": "s3://nowhere/m.tar.gz"})
    assert site.ended("no-object")["FailureReason"] == (
        "ClientError: S3 object does not exist. Bucket: models, Key: other.tar.gz"
    )
    reason = site.ended("no-bucket")["FailureReason"]
    assert reason == "ClientError: The bucket nowhere does not exist."


@pytest.mark.parametrize(
    ("backend", "reason"),
    [
        pytest.param("crash", "was ended by SIGSEGV in stage generate", id="signal"),
        pytest.param("raise", "ZeroDivisionError: a bug", id="exception"),
    ],
)
def test_a_crash_in_the_compiler_fails_the_job_with_a_reason(
    site: Site, backend: str, reason: str
) -> None:
    site.backend = backend
    site.create()
    job = site.ended()
    assert job["CompilationJobStatus"] == "FAILED"
    assert job["FailureReason"].startswith("ServerError: ")
    assert reason in job["FailureReason"]


def test_a_job_that_is_killed_fails_and_the_next_one_runs(site: Site) -> None:
    site.backend = "sleep"
    site.create("first")
    site.create("second")
    until(lambda: len(site.begun()) == 1)
    os.kill(site.begun()[0], signal.SIGKILL)
    assert "SIGKILL in stage schedule" in site.ended("first")["FailureReason"]
    until(lambda: len(site.begun()) == 2)
    assert site.status("second") == "INPROGRESS"


@pytest.mark.parametrize("backend", ["sleep", "ignore-term"])
def test_a_job_stops_when_asked(site: Site, backend: str) -> None:
    site.backend = backend
    site.create()
    until(lambda: len(site.begun()) == 1)
    site.plane.handle("StopCompilationJob", {"CompilationJobName": "job"})
    assert site.status() in ("STOPPING", "STOPPED")
    job = site.ended()
    assert (job["CompilationJobStatus"], job["FailureReason"]) == ("STOPPED", "")
    assert "CompilationEndTime" in job
    assert is_dead(site.begun()[0])
    assert not (site.job() / "work").exists()


def test_a_queued_job_stops_at_once(site: Site) -> None:
    site.backend = "sleep"
    site.create("first")
    site.create("second")
    until(lambda: len(site.begun()) == 1)
    site.plane.handle("StopCompilationJob", {"CompilationJobName": "second"})
    assert site.status("second") == "STOPPED"


def test_a_job_over_its_time_ends_stopped_with_a_reason(site: Site) -> None:
    site.backend = "sleep"
    site.create(seconds=1)
    job = site.ended()
    assert job["CompilationJobStatus"] == "STOPPED"
    assert job["FailureReason"] == (
        "The job ran for longer than MaxRuntimeInSeconds (1) allows."
    )


def test_a_job_over_its_memory_fails_with_a_reason(site: Site) -> None:
    site.backend = "allocate"
    site.environ["SAGECTL_JOB_MEMORY"] = "200MiB"
    site.create()
    job = site.ended()
    assert job["CompilationJobStatus"] == "FAILED"
    assert job["FailureReason"] == "ServerError: The job held more than 200 MiB of memory."


def test_a_killed_supervisors_job_is_tried_once_more_and_then_fails(site: Site) -> None:
    site.backend = "sleep"
    site.create()
    for attempt in (1, 2):
        until(lambda attempt=attempt: len(site.begun()) == attempt)
        os.kill(site.supervisor(), signal.SIGKILL)
        until(lambda attempt=attempt: is_dead(site.begun()[attempt - 1]))
        assert site.status() == "INPROGRESS"
        site.launch()
    job = site.ended()
    assert job["CompilationJobStatus"] == "FAILED"
    assert job["FailureReason"] == (
        "ServerError: The supervisor died 2 times while the job ran."
    )
    assert len(site.begun()) == 2


def test_a_stopped_supervisor_puts_its_job_back_in_the_queue(site: Site) -> None:
    site.backend = "sleep"
    site.create()
    for attempt in (1, 2, 3):
        until(lambda attempt=attempt: len(site.begun()) == attempt)
        assert stop_supervisor(site.plane)
        assert site.status() == "STARTING"
        assert is_dead(site.begun()[-1])
        site.launch()
    assert not any(job.attempts > 1 for job in jobs.active(site.plane.store))


def test_one_supervisor_runs_however_many_are_launched(site: Site) -> None:
    site.backend = "sleep"
    site.workers = 0
    site.create()
    racers = [
        subprocess.Popen([*site.command, "local", "supervise"], env=site.environ)
        for _ in range(4)
    ]
    until(lambda: len(site.begun()) == 1)
    until(lambda: sum(racer.poll() is None for racer in racers) <= 1)
    stop_supervisor(site.plane)
    assert [racer.wait(10) for racer in racers] == [0] * 4
    assert len(site.begun()) == 1


def test_one_process_that_launches_twice_starts_one_supervisor(site: Site) -> None:
    site.backend = "sleep"
    for _ in range(5):
        site.launch()
    site.create()
    until(lambda: len(site.begun()) == 1)
    log = (site.state / "jobs" / "supervisor.log").read_text()
    assert log.count("started as process") == 1


def test_a_supervisor_killed_while_starting_is_followed_at_once(
    site: Site, tmp_path: Path
) -> None:
    told = tmp_path / "pid"
    program = (
        f"import os, time; open({str(told)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    )
    hanging = [sys.executable, "-c", program]
    assert launch(site.plane, workers=1, command=hanging)
    until(lambda: told.exists() and told.read_text() != "")
    assert not launch(site.plane, workers=1, command=site.command, environ=site.environ)
    os.kill(int(told.read_text()), signal.SIGKILL)
    until(lambda: launch(site.plane, workers=1, command=site.command, environ=site.environ))
    site.put_model()
    site.create()
    until(lambda: site.status() == "COMPLETED")


def test_many_jobs_run_as_many_at_once_as_there_are_workers(site: Site) -> None:
    site.backend, site.workers = "sleep", 2
    for name in ("a", "b", "c"):
        site.create(name)
    until(lambda: len(site.begun()) == 2)
    assert [site.status(name) for name in "abc"] == ["INPROGRESS", "INPROGRESS", "STARTING"]


def test_without_workers_jobs_stay_queued(site: Site) -> None:
    site.workers = 0
    site.create()
    assert current_supervisor(site.plane) is None
    assert not (site.state / "jobs").exists()
    assert site.status() == "STARTING"


def test_a_supervisor_with_nothing_to_do_goes(site: Site) -> None:
    site.environ["IDLE_SECONDS"] = "0.2"
    site.create()
    site.ended()
    until(lambda: current_supervisor(site.plane) is None)
    site.create("another")
    assert site.ended("another")["CompilationJobStatus"] == "COMPLETED"


def test_a_removed_state_directory_ends_everything_and_stays_removed(site: Site) -> None:
    site.backend = "sleep"
    site.create()
    until(lambda: len(site.begun()) == 1)
    job, supervisor = site.begun()[0], site.supervisor()
    # Moved first: a tree that is written to cannot be removed in one go.
    shutil.rmtree(site.state.rename(site.state.with_name("removed")))
    until(lambda: is_dead(supervisor) and is_dead(job))
    assert not site.state.exists()


def test_a_waiting_supervisor_takes_a_new_job_promptly(site: Site) -> None:
    site.create("first")
    site.ended("first")
    waits = []
    for name in ("a", "b", "c"):
        site.create(name)
        committed = time.monotonic()
        until(
            lambda name=name: (
                bool(jobs.held(site.plane.store)) or site.status(name) != "STARTING"
            )
        )
        waits.append(time.monotonic() - committed)
        site.ended(name)
    # A tenth of a second, and what a busy machine adds to it.
    assert min(waits) < 0.3


def test_a_supervisor_holds_no_pipe_of_whoever_launched_it(site: Site) -> None:
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    site.backend = "sleep"
    site.create()
    until(lambda: len(site.begun()) == 1)
    os.close(writer)
    assert os.read(reader, 1) == b""
    os.close(reader)


def test_memory_that_is_no_amount_is_said_to_whoever_queues(site: Site) -> None:
    site.environ["SAGECTL_JOB_MEMORY"] = "plenty"
    with pytest.raises(InputError, match="SAGECTL_JOB_MEMORY"):
        site.create()


def test_only_the_supervisor_that_holds_a_job_may_run_it(site: Site) -> None:
    site.workers = 0
    site.create()
    with pytest.raises(InputError, match="not this process's to run"):
        run_job(site.plane, *ADDRESS, "job", lambda _task, _on_stage: None)  # type: ignore
