"""Labeling jobs: work that is given to a team."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.catalog.statuses import LABELING
from sagectl.controlplane import faults, resources
from sagectl.controlplane.clock import timestamp
from sagectl.controlplane.labelprogress import LIFETIME_SECONDS, is_overdue
from sagectl.controlplane.operations import tags
from sagectl.controlplane.paging import page, with_token

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from sqlite3 import Connection

    from sagectl.controlplane.context import Context
    from sagectl.controlplane.resources import Resource

KIND = "LabelingJob"
GIVEN = (
    "LabelAttributeName",
    "InputConfig",
    "OutputConfig",
    "RoleArn",
    "LabelCategoryConfigS3Uri",
    "StoppingConditions",
    "LabelingJobAlgorithmsConfig",
    "HumanTaskConfig",
)
RECORDED = ("FailureReason", "LabelingJobOutput")
COUNTERS = (
    "TotalLabeled",
    "HumanLabeled",
    "MachineLabeled",
    "FailedNonRetryableError",
    "Unlabeled",
)
# A manifest is counted in less; whoever counted it has died since.
ABANDONED_MS = 10_000
EMPTY = "ClientError: The input manifest {} has no data objects to label."
_LIFETIME = "$.HumanTaskConfig.TaskAvailabilityLifetimeInSeconds"
_CODE_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_CODE_LENGTH = 16


def create(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """CreateLabelingJob."""
    name, place = params["LabelingJobName"], context.place
    team = params["HumanTaskConfig"]["WorkteamArn"]
    body = {field: params[field] for field in GIVEN if field in params}
    body["LabelCounters"] = dict.fromkeys(COUNTERS, 0)
    body["JobReferenceCode"] = _reference_code(context)
    with context.store.writing() as db:
        if taken := resources.find(db, KIND, place, name):
            raise faults.resource_in_use(
                f"A labeling job named {name!r} already exists ({taken.arn}).",
                hint="Choose another name.",
            )
        if not _has_team(context, db, team):
            # The service's text, seen in issues.
            raise faults.validation(
                f"The specified Workteam '{team}' does not exist "
                "or you do not have access to it."
            )
        made = resources.insert(
            db, KIND, place, name, body, status="Initializing", now=context.now, parent=team
        )
        tags.put(context, db, made, params.get("Tags", ()))
    _initialise(context, made.name, params)
    return {"LabelingJobArn": made.arn}


def _initialise(context: Context, name: str, params: Mapping[str, Any]) -> None:
    """Count the objects of a job just made; others see it Initializing until that is done.

    A job with nothing to label has failed, unless more may be streamed to it.
    """
    source = params["InputConfig"]["DataSource"]
    manifest = source.get("S3DataSource", {}).get("ManifestS3Uri")
    count = context.count_objects(manifest) if manifest else None
    is_vain = count == 0 and "SnsDataSource" not in source
    status = "Failed" if is_vain else "InProgress"
    reason = {"FailureReason": EMPTY.format(manifest)} if is_vain else {}
    with context.store.writing() as db:
        made = resources.find(db, KIND, context.place, name)
        if made is not None and made.status == "Initializing":
            counters = {**made.body["LabelCounters"], "Unlabeled": count or 0}
            body = {**made.body, "LabelCounters": counters, **reason}
            resources.save(db, made, now=context.now, status=status, body=body)


def _settle(context: Context, overdue: Iterable[Resource]) -> None:
    """Bring jobs to their end whose time was over before anybody looked."""
    if context.consolidator is None:
        return
    for job in overdue:
        from sagectl.controlplane.labelending import Ending
        from sagectl.controlplane.objects import ObjectStore

        objects = ObjectStore(context.store.state, makes_state=False)
        Ending(context.store, objects, context.consolidator).settle_overdue(job, context.now)


def _overdue(context: Context) -> list[Resource]:
    with context.store.reading() as db:
        rows = db.execute(
            f"SELECT {resources.COLUMNS} FROM resources"
            " WHERE kind = ? AND account = ? AND region = ? AND status = 'InProgress' AND"
            " created + 1000 * coalesce(json_extract(body, ?), ?) < ?",
            (KIND, *context.place, _LIFETIME, LIFETIME_SECONDS, context.now),
        )
        found = [resources.resource(row) for row in rows]
    return [job for job in found if is_overdue(job, context.now)]


def stop(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """StopLabelingJob."""
    _settle(context, _overdue(context))
    with context.store.writing() as db:
        job = _found(context, db, params["LabelingJobName"])
        if LABELING.is_final(job.status):
            raise faults.validation(
                f"The labeling job {job.name!r} is {job.status} and cannot be stopped."
            )
        resources.save(db, job, now=context.now, status="Stopped")
    return {}


def describe(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """DescribeLabelingJob."""
    job, tagged = _looked_up(context, params["LabelingJobName"])
    if job.status == "Initializing" and context.now > job.created + ABANDONED_MS:
        _initialise(context, job.name, job.body)
        job, tagged = _looked_up(context, job.name)
    if is_overdue(job, context.now):
        _settle(context, [job])
        job, tagged = _looked_up(context, job.name)
    body = job.body
    return {
        "LabelingJobStatus": job.status,
        "LabelCounters": body["LabelCounters"],
        "CreationTime": timestamp(job.created),
        "LastModifiedTime": timestamp(job.modified),
        "JobReferenceCode": body["JobReferenceCode"],
        "LabelingJobName": job.name,
        "LabelingJobArn": job.arn,
        **{field: body[field] for field in (*GIVEN, *RECORDED) if field in body},
        "Tags": tagged,
    }


def _looked_up(context: Context, name: str) -> tuple[Resource, list[dict[str, str]]]:
    with context.store.reading() as db:
        job = _found(context, db, name)
        return job, tags.of(db, job)


def list_(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """ListLabelingJobs."""
    if "NextToken" not in params:
        _settle(context, _overdue(context))
    with context.store.reading() as db:
        rows, token = page(context, db, KIND, params, show=_summary, sort_by="CreationTime")
    return with_token({"LabelingJobSummaryList": rows}, token)


def list_for_team(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """ListLabelingJobsForWorkteam."""
    team = params["WorkteamArn"]
    if "NextToken" not in params:
        _settle(context, _overdue(context))
    with context.store.reading() as db:
        if not _has_team(context, db, team):
            raise faults.not_found(f"There is no work team {team}.")
        rows, token = page(
            context,
            db,
            KIND,
            params,
            show=_team_summary,
            sort_by="CreationTime",
            parent=team,
        )
    return with_token({"LabelingJobSummaryList": rows}, token)


def _summary(job: Resource) -> dict[str, Any]:
    body = job.body
    task = body["HumanTaskConfig"]
    view: dict[str, Any] = {
        "LabelingJobName": job.name,
        "LabelingJobArn": job.arn,
        "CreationTime": timestamp(job.created),
        "LastModifiedTime": timestamp(job.modified),
        "LabelingJobStatus": job.status,
        "LabelCounters": body["LabelCounters"],
        "WorkteamArn": task["WorkteamArn"],
        **{field: body[field] for field in (*RECORDED, "InputConfig") if field in body},
    }
    if "PreHumanTaskLambdaArn" in task:
        view["PreHumanTaskLambdaArn"] = task["PreHumanTaskLambdaArn"]
    view |= task.get("AnnotationConsolidationConfig", {})
    return view


def _team_summary(job: Resource) -> dict[str, Any]:
    counters, task = job.body["LabelCounters"], job.body["HumanTaskConfig"]
    return {
        "LabelingJobName": job.name,
        "JobReferenceCode": job.body["JobReferenceCode"],
        "WorkRequesterAccountId": job.place.account,
        "CreationTime": timestamp(job.created),
        "LabelCounters": {
            "HumanLabeled": counters["HumanLabeled"],
            "PendingHuman": counters["Unlabeled"],
            "Total": counters["TotalLabeled"] + counters["Unlabeled"],
        },
        "NumberOfHumanWorkersPerDataObject": task["NumberOfHumanWorkersPerDataObject"],
    }


def _reference_code(context: Context) -> str:
    letters = (
        _CODE_LETTERS[byte % len(_CODE_LETTERS)] for byte in context.entropy(_CODE_LENGTH)
    )
    return context.place.account + "".join(letters)


def _has_team(context: Context, db: Connection, arn: str) -> bool:
    """Whether jobs may be given to a team; public and vendor teams are not kept here."""
    _, is_private, name = arn.partition(":workteam/private-crowd/")
    if not is_private:
        return True
    team = resources.find(db, "Workteam", context.place, name)
    return team is not None and team.arn == arn and resources.is_seen(context.store, team)


def _found(context: Context, db: Connection, name: str) -> Resource:
    job = resources.find(db, KIND, context.place, name)
    if job is None:
        raise faults.not_found(
            f"There is no labeling job named {name!r} in {context.place.region}."
        )
    return job


OPERATIONS = {
    "CreateLabelingJob": create,
    "DescribeLabelingJob": describe,
    "ListLabelingJobs": list_,
    "ListLabelingJobsForWorkteam": list_for_team,
    "StopLabelingJob": stop,
}
