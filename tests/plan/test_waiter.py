"""The waiter: under a clock that moves only when it sleeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sagectl.catalog.kinds import COMPILATION_JOB_KIND, WORKFORCE_KIND, WORKTEAM_KIND
from sagectl.errors import InterruptedRunError, NotFoundError, WaitTimeoutError
from sagectl.plan.events import StatusSeen
from sagectl.plan.waiter import Goal, Pace, Target, wait

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagectl.plan.events import Event
    from sagectl.plan.live import Caller

JOB = Target(COMPILATION_JOB_KIND, "digits", "us-east-1")


class Told:
    """A service whose jobs go through these statuses, one for each look; None is not there."""

    def __init__(self, *statuses: str | None) -> None:
        self.statuses = list(statuses)
        self.now = 0.0
        self.looks: list[float] = []

    def __call__(self, region: str) -> Caller:
        return self

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        self.looks.append(self.now)
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        if status is None:
            raise NotFoundError("ResourceNotFound", "not there")
        return {"CompilationJobStatus": status, "FailureReason": "ClientError: no model"}

    def pause(self, seconds: float) -> None:
        self.now += seconds

    def pace(self, **limits: Any) -> Pace:
        return Pace(clock=lambda: self.now, pause=self.pause, **limits)


def test_every_change_of_status_is_told_once() -> None:
    told = Told(None, "STARTING", "STARTING", "INPROGRESS", "INPROGRESS", "COMPLETED")
    events: list[Event] = []
    (verdict,) = wait([JOB], told, observer=events.append, pace=told.pace())
    assert verdict.is_good
    seen = [event.status for event in events if isinstance(event, StatusSeen)]
    assert seen == ["absent", "STARTING", "INPROGRESS", "COMPLETED"]


def test_a_change_of_stage_is_told() -> None:
    told = Told("INPROGRESS", "INPROGRESS", "INPROGRESS", "COMPLETED")
    stages = iter(("import", "import", "link"))
    events: list[Event] = []
    wait([JOB], told, observer=events.append, pace=told.pace(), stage=lambda _: next(stages))
    assert [event.stage for event in events if isinstance(event, StatusSeen)] == [
        "import",
        "link",
        None,
    ]


def test_looks_grow_apart_up_to_the_interval() -> None:
    told = Told(*["INPROGRESS"] * 20, "COMPLETED")
    wait([JOB], told, pace=told.pace(first=0.5, interval=4.0))
    gaps = [late - early for early, late in zip(told.looks, told.looks[1:], strict=False)]
    assert gaps[0] == pytest.approx(0.5)
    assert gaps == sorted(gaps)
    assert gaps[-1] == pytest.approx(4.0)


@pytest.mark.parametrize("status", ["FAILED", "STOPPED"])
def test_a_job_that_ended_badly_never_will_be_ready(status: str) -> None:
    told = Told(status)
    (verdict,) = wait([JOB], told, pace=told.pace())
    assert (verdict.is_good, verdict.status, verdict.reason) == (
        False,
        status,
        "ClientError: no model",
    )


def test_time_is_up_exactly_when_it_was_said() -> None:
    told = Told("INPROGRESS")
    with pytest.raises(WaitTimeoutError, match=r"compilationjob/digits \(INPROGRESS\)"):
        wait([JOB], told, pace=told.pace(timeout=10, interval=3))
    assert told.looks[-1] == pytest.approx(10)


def test_an_interrupt_is_noticed_within_a_look() -> None:
    told = Told("INPROGRESS")
    with pytest.raises(InterruptedRunError):
        wait([JOB], told, pace=told.pace(first=60, interval=60), stops=lambda: told.now > 1)
    assert told.now < 2


def test_deleted_is_what_is_no_longer_there() -> None:
    told = Told("STOPPING", "STOPPED", None)
    (verdict,) = wait([JOB], told, Goal("deleted"), pace=told.pace())
    assert (verdict.is_good, verdict.status) == (True, "absent")


@pytest.mark.parametrize(
    ("target", "word", "live", "expected"),
    [
        pytest.param(WORKFORCE_KIND, "ready", {"Status": "Updating"}, None, id="not-yet"),
        pytest.param(WORKFORCE_KIND, "ready", {"Status": "Active"}, True, id="active"),
        pytest.param(WORKFORCE_KIND, "ready", {}, True, id="a-service-without-a-status"),
        pytest.param(WORKTEAM_KIND, "ready", {}, True, id="a-kind-without-a-status"),
        pytest.param(WORKTEAM_KIND, "exists", None, None, id="absent"),
        pytest.param(
            WORKFORCE_KIND, "Active", {"Status": "Failed"}, None, id="a-workforce-may-recover"
        ),
    ],
)
def test_verdicts(target: Any, word: str, live: Any, expected: bool | None) -> None:
    assert Goal(word).verdict(Target(target, "a", "us-east-1"), live) is expected
