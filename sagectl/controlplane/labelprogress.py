"""How far a labeling job is, and whether that is its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagectl.controlplane.resources import Resource

# TaskAvailabilityLifetimeInSeconds where the job does not say: API reference, HumanTaskConfig.
LIFETIME_SECONDS = 864_000


def is_unsettled(job: Resource) -> bool:
    """Whether a job goes on, or was stopped and nothing was made of its answers yet."""
    is_cut_short = job.status == "Stopped" and "LabelingJobOutput" not in job.body
    return job.status == "InProgress" or is_cut_short


def is_overdue(job: Resource, now: int) -> bool:
    """Whether the time is over in which workers may take tasks of a job that goes on.

    A streaming job goes on until it is stopped: developer guide, "Streaming labeling jobs".
    """
    is_streaming = "SnsDataSource" in job.body["InputConfig"]["DataSource"]
    return job.status == "InProgress" and not is_streaming and now > _due(job)


def counted(job: Resource, answers: int) -> dict[str, Any] | None:
    """A job's body once an object has so many answers, one more than before.

    None where the counters stay as they are: only the last answer wanted makes a label.
    """
    if answers != job.body["HumanTaskConfig"]["NumberOfHumanWorkersPerDataObject"]:
        return None
    counters = dict(job.body["LabelCounters"])
    counters["TotalLabeled"] += 1
    counters["HumanLabeled"] += 1
    counters["Unlabeled"] -= 1
    return {**job.body, "LabelCounters": counters}


def may_be_over(job: Resource, total: int, now: int) -> bool:
    """Whether a look at all answers is due: it decides if the job has come to its end."""
    labeled = job.body["LabelCounters"]["TotalLabeled"]
    return labeled >= _most(job, total) or now > _due(job)


def _due(job: Resource) -> int:
    human = job.body["HumanTaskConfig"]
    lifetime = human.get("TaskAvailabilityLifetimeInSeconds", LIFETIME_SECONDS)
    return int(job.created + lifetime * 1000)


def _most(job: Resource, total: int) -> int:
    """How many of ``total`` objects are to be labeled."""
    limits = job.body.get("StoppingConditions", {})
    share = limits.get("MaxPercentageOfInputDatasetLabeled")
    return min(
        limits.get("MaxHumanLabeledObjectCount") or total,
        total if share is None else -(-total * share // 100),
    )


def progress(
    job: Resource, counts: Mapping[int, int], total: int, now: int
) -> tuple[dict[str, int], bool, str]:
    """A job's counters, whether it is over, and what it is then."""
    wanted = job.body["HumanTaskConfig"]["NumberOfHumanWorkersPerDataObject"]
    labeled = sum(count >= wanted for count in counts.values())
    is_stopped = job.status == "Stopped"
    has_expired = not is_stopped and now > _due(job)
    if has_expired or is_stopped:
        labeled = len(counts)  # what there is has to do
    failed = total - labeled if has_expired else 0
    counters = {
        "TotalLabeled": labeled,
        "HumanLabeled": labeled,
        "MachineLabeled": 0,
        "FailedNonRetryableError": failed,
        "Unlabeled": total - labeled - failed,
    }
    if is_stopped:
        return counters, bool(counts), "Stopped"
    is_complete = labeled + failed >= total
    is_over = total > 0 and (is_complete or labeled >= _most(job, total))
    return counters, is_over, "Completed" if is_complete else "Stopped"
