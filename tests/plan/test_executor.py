"""The executor: order, failure, interruption and convergence."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from sagectl.errors import ServiceError
from sagectl.manifest.document import Document, Reference
from sagectl.plan.events import Done, Failed, Skipped, Started
from sagectl.plan.executor import apply_plan
from sagectl.plan.planner import Choices, planned
from tests.support.planes import COGNITO, cognito, compilation, labeling

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sagectl.controlplane.objects import ObjectStore
    from sagectl.plan.change import Plan
    from sagectl.plan.events import Event
    from sagectl.plan.live import Caller, Callers
    from sagectl.plan.secrets import Secrets
    from sagectl.schema.model import ServiceModel

    PlanOf = Callable[..., Plan]


def workforce(name: str = "crowd") -> Document:
    return Document("Workforce", name, {"CognitoConfig": COGNITO})


def team(name: str, workforce: Any = "crowd") -> Document:
    members = [cognito("doctors")]
    spec = {"WorkforceName": workforce, "Description": "Reads", "MemberDefinitions": members}
    return Document("Workteam", name, spec)


def job(name: str) -> Document:
    spec = compilation(name)
    del spec["CompilationJobName"]
    return Document("CompilationJob", name, spec)


def labeling_of(name: str, team_name: str) -> Document:
    spec = labeling(name, "")
    del spec["LabelingJobName"]
    spec["HumanTaskConfig"]["WorkteamArn"] = Reference("Workteam", team_name)
    return Document("LabelingJob", name, spec)


class Watched:
    """Callers that note every call, and break some."""

    def __init__(
        self,
        callers: Callers,
        *,
        breaks: Callable[[str, Mapping[str, Any]], ServiceError | None] = lambda *_: None,
        loses: str = "",
        seconds: float = 0.0,
    ) -> None:
        self.calls: list[str] = []
        self.most = 0
        self._callers = callers
        self._breaks = breaks
        self._loses = loses
        self._seconds = seconds
        self._active = 0
        self._lock = threading.Lock()

    def __call__(self, region: str) -> Caller:
        self._inner = self._callers(region)
        return self

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        with self._lock:
            self.calls.append(operation)
            self._active += 1
            self.most = max(self.most, self._active)
        time.sleep(self._seconds)
        try:
            if error := self._breaks(operation, params):
                raise error
            answer = self._inner.call(operation, params)
            if operation == self._loses:
                self._loses = ""
                raise ServiceError("ReadTimeoutError", "the answer was lost", status=0)
            return answer
        finally:
            with self._lock:
                self._active -= 1


def test_arns_of_what_was_just_made_reach_those_who_need_them(
    plan_of: PlanOf, callers: Callers, objects: ObjectStore, secrets: Secrets
) -> None:
    plan = plan_of(labeling_of("boxes", "readers"), team("readers"), workforce())
    assert [change.label for change in plan.changes] == [
        "workforce/crowd",
        "workteam/readers",
        "labelingjob/boxes",
    ]
    outcome = apply_plan(plan, callers, objects, secrets)
    assert outcome.is_complete
    live = callers("us-east-1").call("DescribeLabelingJob", {"LabelingJobName": "boxes"})
    assert live["HumanTaskConfig"]["WorkteamArn"].endswith("workteam/private-crowd/readers")
    assert not plan_of(labeling_of("boxes", "readers"), team("readers"), workforce()).pending


@pytest.mark.parametrize("parallel", [1, 8], ids=["one-lane", "eight-lanes"])
def test_a_failure_takes_along_only_what_needs_it(
    plan_of: PlanOf, callers: Callers, objects: ObjectStore, secrets: Secrets, parallel: int
) -> None:
    def refuse(operation: str, params: Mapping[str, Any]) -> ServiceError | None:
        is_it = operation == "CreateWorkteam" and params["WorkteamName"] == "broken"
        return ServiceError("ValidationException", "no") if is_it else None

    documents = [workforce(), team("broken"), labeling_of("needs-broken", "broken")]
    documents += [team("sound"), labeling_of("needs-sound", "sound"), job("alone")]
    events: list[Event] = []
    outcome = apply_plan(
        plan_of(*documents),
        Watched(callers, breaks=refuse),
        objects,
        secrets,
        events.append,
        parallel=parallel,
    )
    assert [event.change.label for event in outcome.failed] == ["workteam/broken"]
    assert [(event.change.label, event.because) for event in outcome.skipped] == [
        ("labelingjob/needs-broken", "it needs workteam/broken")
    ]
    assert {event.change.label for event in outcome.done} == {
        "workforce/crowd",
        "workteam/sound",
        "labelingjob/needs-sound",
        "compilationjob/alone",
    }
    assert sum(isinstance(event, Started) for event in events) == 5
    assert sum(isinstance(event, Done | Failed | Skipped) for event in events) == 6


def test_independent_changes_are_under_way_together(
    plan_of: PlanOf, callers: Callers, objects: ObjectStore, secrets: Secrets
) -> None:
    watched = Watched(callers, seconds=0.05)
    plan = plan_of(*(job(f"job-{number}") for number in range(12)))
    assert apply_plan(plan, watched, objects, secrets, parallel=4).is_complete
    assert watched.most == 4


@pytest.mark.parametrize("parallel", [1, 4], ids=["one-lane", "four-lanes"])
def test_after_an_interrupt_running_calls_end_and_no_other_begins(
    plan_of: PlanOf, callers: Callers, objects: ObjectStore, secrets: Secrets, parallel: int
) -> None:
    watched = Watched(callers, seconds=0.02)
    documents = [job(f"job-{number}") for number in range(20)]
    outcome = apply_plan(
        plan_of(*documents),
        watched,
        objects,
        secrets,
        parallel=parallel,
        stops=lambda: len(watched.calls) >= 5,
    )
    assert outcome.was_interrupted
    assert 5 <= len(outcome.done) < 5 + parallel
    assert {event.because for event in outcome.skipped} == {"interrupted"}
    assert len(outcome.done) + len(outcome.skipped) == 20
    rest = plan_of(*documents)
    assert len(rest.pending) == len(outcome.skipped)


def test_an_answer_that_was_lost_is_looked_up(
    plan_of: PlanOf, callers: Callers, objects: ObjectStore, secrets: Secrets
) -> None:
    lost = Watched(callers, loses="CreateCompilationJob")
    outcome = apply_plan(plan_of(job("digits")), lost, objects, secrets)
    assert outcome.is_complete
    assert lost.calls == ["CreateCompilationJob", "DescribeCompilationJob"]


def test_another_resource_of_that_name_is_no_success(
    plan_of: PlanOf, callers: Callers, objects: ObjectStore, secrets: Secrets
) -> None:
    plan = plan_of(job("digits"))
    callers("us-east-1").call(
        "CreateCompilationJob",
        compilation("digits", StoppingCondition={"MaxRuntimeInSeconds": 1}),
    )
    outcome = apply_plan(plan, callers, objects, secrets)
    assert [str(event.error).partition(":")[0] for event in outcome.failed] == ["ResourceInUse"]


def test_a_crash_between_delete_and_create_converges(
    plan_of: PlanOf, callers: Callers, objects: ObjectStore, secrets: Secrets
) -> None:
    apply_plan(plan_of(job("digits")), callers, objects, secrets)
    callers("us-east-1").call("StopCompilationJob", {"CompilationJobName": "digits"})

    def die(operation: str, _: Mapping[str, Any]) -> None:
        if operation == "CreateCompilationJob":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply_plan(
            plan_of(job("digits"), retry_failed=True),
            Watched(callers, breaks=die),
            objects,
            secrets,
        )
    assert apply_plan(plan_of(job("digits")), callers, objects, secrets).is_complete
    assert not plan_of(job("digits")).pending


def test_a_team_waits_until_its_workforce_can_be_seen(
    plan_of: PlanOf, callers: Callers, objects: ObjectStore, secrets: Secrets
) -> None:
    unseen = [ServiceError("ValidationException", "Workforce crowd does not exist.")] * 3

    def refuse(operation: str, _: Mapping[str, Any]) -> ServiceError | None:
        return unseen.pop() if operation == "CreateWorkteam" and unseen else None

    pauses: list[float] = []
    plan = plan_of(workforce(), team("readers"))
    watched = Watched(callers, breaks=refuse)
    assert apply_plan(plan, watched, objects, secrets, pause=pauses.append).is_complete
    assert len(pauses) == 3
    assert watched.calls.count("CreateWorkteam") == 4


def test_of_many_documents_only_those_that_a_list_has_are_described(
    plan_of: PlanOf,
    callers: Callers,
    objects: ObjectStore,
    secrets: Secrets,
    model: ServiceModel,
) -> None:
    apply_plan(plan_of(job("job-3"), job("job-7")), callers, objects, secrets)
    watched = Watched(callers)
    documents = [job(f"job-{number}") for number in range(40)]
    plan = planned(documents, watched, model, Choices("us-east-1"), secrets)
    assert len(plan.pending) == 38
    assert watched.calls == ["ListCompilationJobs"] + ["DescribeCompilationJob"] * 2
