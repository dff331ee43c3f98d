"""Compilation jobs: queued here, run by workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.catalog.statuses import COMPILATION
from sagectl.controlplane import faults, jobs, resources
from sagectl.controlplane.clock import timestamp
from sagectl.controlplane.operations import tags
from sagectl.controlplane.paging import page, with_token

if TYPE_CHECKING:
    from collections.abc import Mapping
    from sqlite3 import Connection

    from sagectl.controlplane.context import Context
    from sagectl.controlplane.resources import Resource

KIND = "CompilationJob"
# "If value is not specified, default value is 1 day" (API reference, StoppingCondition).
DEFAULT_RUNTIME_SECONDS = 86_400
GIVEN = (
    "RoleArn",
    "ModelPackageVersionArn",
    "InputConfig",
    "OutputConfig",
    "VpcConfig",
    "StoppingCondition",
)
# What a worker records, as timestamps and as they are.
RECORDED_TIMES = ("CompilationStartTime", "CompilationEndTime")
RECORDED = ("InferenceImage", "ModelDigests", "DerivedInformation")
KEPT = (*GIVEN, *RECORDED)
TARGET_PLATFORM = ("Os", "Arch", "Accelerator")


def create(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """CreateCompilationJob: the job is STARTING until a worker takes it."""
    name, place = params["CompilationJobName"], context.place
    body = {field: params[field] for field in GIVEN if field in params}
    limit = {"MaxRuntimeInSeconds": DEFAULT_RUNTIME_SECONDS}
    body["StoppingCondition"] = limit | params["StoppingCondition"]
    with context.store.writing() as db:
        if taken := resources.find(db, KIND, place, name):
            raise faults.resource_in_use(
                f"A compilation job named {name!r} already exists ({taken.arn}).",
                hint="Choose another name; a job that has ended can be deleted.",
            )
        if "ModelPackageVersionArn" in params:
            raise faults.validation(
                f"There is no model package {params['ModelPackageVersionArn']}: "
                "the local plane keeps none.",
                hint="Give InputConfig instead.",
            )
        made = resources.insert(db, KIND, place, name, body, status="STARTING", now=context.now)
        jobs.enqueue(db, made)
        tags.put(context, db, made, params.get("Tags", ()))
    context.launch()
    return {"CompilationJobArn": made.arn}


def stop(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """StopCompilationJob: STOPPING until its worker has stopped; at once if it has none."""
    with context.store.writing() as db:
        job = _found(context, db, params["CompilationJobName"])
        if COMPILATION.is_final(job.status):
            raise faults.validation(
                f"The compilation job {job.name!r} is {job.status} and cannot be stopped."
            )
        has_worker = jobs.request_stop(db, job)
        if has_worker:
            if job.status != "STOPPING":
                resources.save(db, job, now=context.now, status="STOPPING")
        else:
            body = {**job.body, "CompilationEndTime": context.now}
            jobs.finish(
                db, resources.save(db, job, now=context.now, status="STOPPED", body=body)
            )
    if has_worker:
        # Its supervisor may be dead; then a new one ends the job.
        context.launch()
    return {}


def delete(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """DeleteCompilationJob: only once it has ended."""
    with context.store.writing() as db:
        job = _found(context, db, params["CompilationJobName"])
        if not COMPILATION.is_final(job.status):
            raise faults.validation(
                f"The compilation job {job.name!r} is {job.status}; "
                "only one that is COMPLETED, FAILED or STOPPED can be deleted.",
                hint="Stop it first.",
            )
        resources.remove(db, job, now=context.now)
    return {}


def describe(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """DescribeCompilationJob: FailureReason is always there, as the model requires."""
    with context.store.reading() as db:
        job = _found(context, db, params["CompilationJobName"])
    body = job.body
    return {
        "CompilationJobName": job.name,
        "CompilationJobArn": job.arn,
        "CompilationJobStatus": job.status,
        **_times(job),
        **{field: body[field] for field in KEPT if field in body},
        "CreationTime": timestamp(job.created),
        "LastModifiedTime": timestamp(job.modified),
        "FailureReason": body.get("FailureReason", ""),
        "ModelArtifacts": body.get("ModelArtifacts", {"S3ModelArtifacts": ""}),
    }


def list_(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """ListCompilationJobs."""
    with context.store.reading() as db:
        rows, token = page(context, db, KIND, params, show=_summary, sort_by="CreationTime")
    return with_token({"CompilationJobSummaries": rows}, token)


def _summary(job: Resource) -> dict[str, Any]:
    output = job.body["OutputConfig"]
    view = {
        "CompilationJobName": job.name,
        "CompilationJobArn": job.arn,
        "CreationTime": timestamp(job.created),
        **_times(job),
        "LastModifiedTime": timestamp(job.modified),
        "CompilationJobStatus": job.status,
    }
    if "TargetDevice" in output:
        view["CompilationTargetDevice"] = output["TargetDevice"]
    platform = output.get("TargetPlatform", {})
    for field in TARGET_PLATFORM:
        if field in platform:
            view[f"CompilationTargetPlatform{field}"] = platform[field]
    return view


def _times(job: Resource) -> dict[str, Any]:
    return {field: timestamp(job.body[field]) for field in RECORDED_TIMES if field in job.body}


def _found(context: Context, db: Connection, name: str) -> Resource:
    job = resources.find(db, KIND, context.place, name)
    if job is None:
        raise faults.not_found(
            f"There is no compilation job named {name!r} in {context.place.region}."
        )
    return job


OPERATIONS = {
    "CreateCompilationJob": create,
    "DescribeCompilationJob": describe,
    "ListCompilationJobs": list_,
    "StopCompilationJob": stop,
    "DeleteCompilationJob": delete,
}
