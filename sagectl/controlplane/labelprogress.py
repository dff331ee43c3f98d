"""How far a labeling job is, and whether that is its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagectl.controlplane.resources import Resource

# TaskAvailabilityLifetimeInSeconds where the job does not say: API reference, HumanTaskConfig.
LIFETIME_SECONDS = 864_000


def is_unsettled(job: Resource) -> bool:
    """Whether a job goes on, or was stopped and nothing was made of its answers yet."""
    is_cut_short = job.status == "Stopped" and "LabelingJobOutput" not in job.body
    return job.status == "InProgress" or is_cut_short


def progress(
    job: Resource, counts: Mapping[int, int], total: int, now: int
) -> tuple[dict[str, int], bool, str]:
    """A job's counters, whether it is over, and what it is then."""
    human, limits = job.body["HumanTaskConfig"], job.body.get("StoppingConditions", {})
    wanted = human["NumberOfHumanWorkersPerDataObject"]
    labeled = sum(count >= wanted for count in counts.values())
    lifetime = human.get("TaskAvailabilityLifetimeInSeconds", LIFETIME_SECONDS)
    is_stopped = job.status == "Stopped"
    has_expired = not is_stopped and now > job.created + lifetime * 1000
    if has_expired or is_stopped:
        labeled = len(counts)  # what there is has to do
    failed = total - labeled if has_expired else 0
    share = limits.get("MaxPercentageOfInputDatasetLabeled")
    most = min(
        limits.get("MaxHumanLabeledObjectCount") or total,
        total if share is None else -(-total * share // 100),
    )
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
    is_over = total > 0 and (is_complete or labeled >= most)
    return counters, is_over, "Completed" if is_complete else "Stopped"
