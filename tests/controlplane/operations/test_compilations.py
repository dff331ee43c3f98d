"""Compilation jobs, through the plane's one door and, as a worker, through the queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sagectl.controlplane import jobs
from sagectl.controlplane.clock import milliseconds
from sagectl.controlplane.plane import ControlPlane
from tests.support.planes import compilation, refusal

if TYPE_CHECKING:
    from pathlib import Path

    from sagectl.controlplane.jobs import Job
    from sagectl.schema.model import ServiceModel
    from tests.support.planes import TestClock

NAME = {"CompilationJobName": "digits"}


def described(plane: ControlPlane, name: str = "digits") -> dict[str, Any]:
    return plane.handle("DescribeCompilationJob", {"CompilationJobName": name})


def claimed(plane: ControlPlane, clock: TestClock, owner: str = "worker") -> Job:
    job = jobs.claim(plane.store, owner, now=milliseconds(clock), lease_ms=5_000)
    assert job is not None
    return job


def ended(plane: ControlPlane, clock: TestClock, status: str = "COMPLETED") -> None:
    job = claimed(plane, clock)
    assert jobs.record(plane.store, job, status, now=milliseconds(clock))


def test_a_new_job_is_starting_and_says_all_that_it_must(
    plane: ControlPlane, clock: TestClock
) -> None:
    request = compilation("digits")
    made = plane.handle("CreateCompilationJob", request)
    assert described(plane) == request | {
        "CompilationJobArn": "arn:aws:sagemaker:us-east-1:123456789012:compilation-job/digits",
        "CompilationJobStatus": "STARTING",
        "CreationTime": clock.now,
        "LastModifiedTime": clock.now,
        "FailureReason": "",
        "ModelArtifacts": {"S3ModelArtifacts": ""},
    }
    assert made == {"CompilationJobArn": described(plane)["CompilationJobArn"]}


def test_a_job_without_a_limit_may_run_a_day(plane: ControlPlane) -> None:
    plane.handle("CreateCompilationJob", compilation("digits", StoppingCondition={}))
    assert described(plane)["StoppingCondition"] == {"MaxRuntimeInSeconds": 86_400}


def test_a_committed_job_asks_for_a_supervisor(
    state: Path, model: ServiceModel, clock: TestClock
) -> None:
    seen = []
    plane = ControlPlane(
        state, model, clock=clock, launch=lambda: seen.append(jobs.active(plane.store))
    )
    plane.handle("CreateCompilationJob", compilation("digits"))
    assert [[job.name for job in active] for active in seen] == [["digits"]]
    refusal(plane, "CreateCompilationJob", compilation("digits"))
    assert len(seen) == 1


def test_a_stop_asks_for_a_supervisor_too(
    state: Path, model: ServiceModel, clock: TestClock
) -> None:
    launches: list[str] = []
    plane = ControlPlane(state, model, clock=clock, launch=lambda: launches.append("launch"))
    for name in ("queued", "held"):
        plane.handle("CreateCompilationJob", compilation(name))
    launches.clear()
    plane.handle("StopCompilationJob", {"CompilationJobName": "queued"})
    assert launches == []
    # Its worker, and who would notice, may have died.
    claimed(plane, clock)
    plane.handle("StopCompilationJob", {"CompilationJobName": "held"})
    assert launches == ["launch"]


def test_a_completed_job_shows_what_its_worker_recorded(
    plane: ControlPlane, clock: TestClock
) -> None:
    plane.handle("CreateCompilationJob", compilation("digits"))
    job = claimed(plane, clock)
    started = clock.advance()
    running = jobs.record(
        plane.store,
        job,
        "INPROGRESS",
        now=milliseconds(clock),
        CompilationStartTime=milliseconds(clock),
    )
    assert running is not None
    assert described(plane)["CompilationJobStatus"] == "INPROGRESS"
    over = clock.advance()
    recorded = {
        "ModelArtifacts": {"S3ModelArtifacts": "s3://models/digits-LINUX_X86_64.tar.gz"},
        "ModelDigests": {"ArtifactDigest": "sha256:00"},
        "InferenceImage": "sagectl",
        "DerivedInformation": {"DerivedDataInputConfig": "{}"},
    }
    now = milliseconds(clock)
    jobs.record(plane.store, job, "COMPLETED", now=now, CompilationEndTime=now, **recorded)
    found = described(plane)
    assert found["CompilationJobStatus"] == "COMPLETED"
    assert (found["CompilationStartTime"], found["CompilationEndTime"]) == (started, over)
    assert found["LastModifiedTime"] == over
    assert {name: found[name] for name in recorded} == recorded
    assert jobs.active(plane.store) == ()


def test_a_failed_job_gives_its_reason(plane: ControlPlane, clock: TestClock) -> None:
    plane.handle("CreateCompilationJob", compilation("digits"))
    reason = "ClientError: Incompatible ONNX model"
    job = claimed(plane, clock)
    jobs.record(plane.store, job, "FAILED", now=milliseconds(clock), FailureReason=reason)
    assert described(plane)["FailureReason"] == reason


def test_a_taken_name_is_in_use(plane: ControlPlane) -> None:
    plane.handle("CreateCompilationJob", compilation("digits"))
    assert refusal(plane, "CreateCompilationJob", compilation("digits")).code == "ResourceInUse"
    plane.handle("CreateCompilationJob", compilation("digits"), region="eu-west-1")


def test_a_model_package_is_not_found(plane: ControlPlane) -> None:
    request = compilation("digits")
    del request["InputConfig"]
    request["ModelPackageVersionArn"] = (
        "arn:aws:sagemaker:us-east-1:123456789012:model-package/digits/1"
    )
    fault = refusal(plane, "CreateCompilationJob", request)
    assert fault.code == "ValidationException"
    assert "model-package/digits/1" in fault.message


@pytest.mark.parametrize(
    "operation", ["DescribeCompilationJob", "StopCompilationJob", "DeleteCompilationJob"]
)
def test_a_missing_job_is_not_found(plane: ControlPlane, operation: str) -> None:
    assert refusal(plane, operation, NAME).code == "ResourceNotFound"


def test_a_queued_job_stops_at_once(plane: ControlPlane, clock: TestClock) -> None:
    plane.handle("CreateCompilationJob", compilation("digits"))
    later = clock.advance()
    assert plane.handle("StopCompilationJob", NAME) == {}
    found = described(plane)
    assert found["CompilationJobStatus"] == "STOPPED"
    assert found["CompilationEndTime"] == later
    assert jobs.claim(plane.store, "worker", now=0, lease_ms=1) is None


def test_a_running_job_is_stopping_until_its_worker_has_stopped(
    plane: ControlPlane, clock: TestClock
) -> None:
    plane.handle("CreateCompilationJob", compilation("digits"))
    job = claimed(plane, clock)
    for _ in range(2):
        plane.handle("StopCompilationJob", NAME)
        assert described(plane)["CompilationJobStatus"] == "STOPPING"
    seen = jobs.heartbeat(plane.store, job, now=milliseconds(clock), lease_ms=1)
    assert seen is not None
    assert seen.stop_requested
    jobs.record(plane.store, job, "INPROGRESS", now=milliseconds(clock))
    assert described(plane)["CompilationJobStatus"] == "STOPPING"
    jobs.record(plane.store, job, "STOPPED", now=milliseconds(clock))
    assert described(plane)["CompilationJobStatus"] == "STOPPED"


@pytest.mark.parametrize("status", ["COMPLETED", "FAILED", "STOPPED"])
def test_a_job_that_has_ended_cannot_be_stopped_but_deleted(
    plane: ControlPlane, clock: TestClock, status: str
) -> None:
    plane.handle("CreateCompilationJob", compilation("digits"))
    ended(plane, clock, status)
    assert refusal(plane, "StopCompilationJob", NAME).code == "ValidationException"
    assert plane.handle("DeleteCompilationJob", NAME) == {}
    assert refusal(plane, "DescribeCompilationJob", NAME).code == "ResourceNotFound"


def test_a_job_that_has_not_ended_cannot_be_deleted(
    plane: ControlPlane, clock: TestClock
) -> None:
    plane.handle("CreateCompilationJob", compilation("digits"))
    assert "STARTING" in refusal(plane, "DeleteCompilationJob", NAME).message
    claimed(plane, clock)
    plane.handle("StopCompilationJob", NAME)
    assert "STOPPING" in refusal(plane, "DeleteCompilationJob", NAME).message


def test_a_summary_names_the_platform_or_the_device(plane: ControlPlane) -> None:
    platform = {"Os": "LINUX", "Arch": "ARM64", "Accelerator": "MALI"}
    location = {"S3OutputLocation": "s3://models/out"}
    outputs = {
        "board": location | {"TargetPlatform": platform},
        "cloud": location | {"TargetDevice": "ml_c5"},
    }
    for name, output in outputs.items():
        plane.handle("CreateCompilationJob", compilation(name, OutputConfig=output))
    board, cloud = plane.handle("ListCompilationJobs", {})["CompilationJobSummaries"]
    named = {
        name: value for name, value in board.items() if name.startswith("CompilationTarget")
    }
    assert named == {
        "CompilationTargetPlatformOs": "LINUX",
        "CompilationTargetPlatformArch": "ARM64",
        "CompilationTargetPlatformAccelerator": "MALI",
    }
    assert cloud["CompilationTargetDevice"] == "ml_c5"
    assert "CompilationTargetPlatformOs" not in cloud
