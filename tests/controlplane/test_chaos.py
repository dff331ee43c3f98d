"""Trouble that was asked for, and none beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sagectl.controlplane.chaos import Chaos, Unruly, chaos
from sagectl.controlplane.faults import Fault
from sagectl.controlplane.plane import ControlPlane
from sagectl.errors import InputError
from tests.support.planes import (
    OIDC,
    TestClock,
    compilation,
    labeling,
    refusal,
    team,
    with_team,
)

if TYPE_CHECKING:
    from pathlib import Path

    from sagectl.schema.model import ServiceModel

NAMES = [f"job-{number:02}" for number in range(12)]


@pytest.fixture
def jobs(plane: ControlPlane, clock: TestClock) -> ControlPlane:
    for name in NAMES:
        clock.advance()
        plane.handle("CreateCompilationJob", compilation(name))
    return plane


def codes(service: Unruly, times: int) -> list[str]:
    found = []
    for _ in range(times):
        try:
            service.handle("DescribeCompilationJob", {"CompilationJobName": NAMES[0]})
            found.append("")
        except Fault as fault:
            found.append(fault.code)
    return found


def test_a_seed_brings_the_same_trouble_each_time(jobs: ControlPlane) -> None:
    asked = chaos("seed=7,throttle=0.3,errors=0.2")
    first = codes(Unruly(jobs, asked), 60)
    assert first == codes(Unruly(jobs, asked), 60)
    assert first != codes(Unruly(jobs, asked._replace(seed=8)), 60)
    assert set(first) == {"", "ThrottlingException", "InternalFailure"}


def test_a_call_that_met_trouble_changed_nothing(plane: ControlPlane) -> None:
    service = Unruly(plane, Chaos(throttle=0.5, errors=0.5))
    made = []
    for name in NAMES:
        try:
            service.handle("CreateCompilationJob", compilation(name))
        except Fault:
            continue
        made.append(name)
    listed = plane.handle("ListCompilationJobs", {})["CompilationJobSummaries"]
    assert [row["CompilationJobName"] for row in listed] == made


def test_empty_pages_lead_on_and_hide_nothing(jobs: ControlPlane) -> None:
    service = Unruly(jobs, chaos("seed=3,empty-pages=0.5"))
    found, empty, params = [], 0, {"MaxResults": 2}
    while True:
        page = service.handle("ListCompilationJobs", params)
        found += [row["CompilationJobName"] for row in page["CompilationJobSummaries"]]
        empty += not page["CompilationJobSummaries"]
        if "NextToken" not in page:
            break
        params = {"MaxResults": 2, "NextToken": page["NextToken"]}
    assert found == NAMES
    assert empty > 0


def test_answers_come_later_by_up_to_the_delay(jobs: ControlPlane) -> None:
    slept: list[float] = []
    codes(Unruly(jobs, Chaos(delay=0.5), slept.append), 50)
    assert len(slept) == 50
    assert 0.3 < max(slept) <= 0.5


def test_reads_lag_behind_and_writes_do_not(plane: ControlPlane, clock: TestClock) -> None:
    service = Unruly(plane, Chaos(lag=2))
    service.handle("CreateCompilationJob", compilation("new"))
    wanted = {"CompilationJobName": "new"}
    with pytest.raises(Fault, match="no compilation job"):
        service.handle("DescribeCompilationJob", wanted)
    assert service.handle("ListCompilationJobs", {}) == {"CompilationJobSummaries": []}
    with pytest.raises(Fault, match="already exists"):
        service.handle("CreateCompilationJob", compilation("new"))
    clock.advance(3)
    assert service.handle("DescribeCompilationJob", wanted)["CompilationJobName"] == "new"


def test_changes_and_ends_are_seen_late_as_well(plane: ControlPlane, clock: TestClock) -> None:
    service = Unruly(plane, Chaos(lag=2))
    arn = with_team(plane)
    clock.advance(10)
    wanted = {"WorkteamName": "radiology"}
    service.handle("UpdateWorkteam", {**wanted, "Description": "New."})
    service.handle("AddTags", {"ResourceArn": arn, "Tags": [{"Key": "k", "Value": "v"}]})
    clock.advance(1)
    before = service.handle("DescribeWorkteam", wanted)["Workteam"]
    assert before["Description"] != "New."
    assert service.handle("ListTags", {"ResourceArn": arn}) == {"Tags": []}
    clock.advance(1)
    assert service.handle("DescribeWorkteam", wanted)["Workteam"]["Description"] == "New."
    assert len(service.handle("ListTags", {"ResourceArn": arn})["Tags"]) == 1
    service.handle("DeleteWorkteam", wanted)
    assert service.handle("DescribeWorkteam", wanted)
    assert len(service.handle("ListWorkteams", {})["Workteams"]) == 1
    clock.advance(2)
    assert service.handle("ListWorkteams", {}) == {"Workteams": []}


def test_what_was_just_made_cannot_be_named_at_once(
    plane: ControlPlane, clock: TestClock
) -> None:
    service = Unruly(plane, Chaos(lag=2))
    named = team("radiology", WorkforceName="crowd")
    service.handle("CreateWorkforce", {"WorkforceName": "crowd", "OidcConfig": OIDC})
    for wanted in (named, team("radiology")):
        fault = refusal(service, "CreateWorkteam", wanted)
        assert fault.code == "ValidationException"
        assert "No workforce named 'crowd'" in fault.message
    clock.advance(2)
    arn = service.handle("CreateWorkteam", named)["WorkteamArn"]
    fault = refusal(service, "CreateLabelingJob", labeling("nodules", arn))
    assert "does not exist or you do not have access" in fault.message
    clock.advance(2)
    assert service.handle("CreateLabelingJob", labeling("nodules", arn))


def test_a_burst_of_changes_keeps_few_moments(plane: ControlPlane, clock: TestClock) -> None:
    service = Unruly(plane, Chaos(lag=2))
    for number in range(100):
        service.handle("CreateCompilationJob", compilation(f"job-{number}"))
        clock.advance(0.1)
    params = {"MaxResults": 100}
    seen = service.handle("ListCompilationJobs", params)["CompilationJobSummaries"]
    assert 78 <= len(seen) <= 82


def test_a_workforce_may_end_failed_with_its_reason(
    state: Path, model: ServiceModel, clock: TestClock
) -> None:
    plane = ControlPlane(state, model, clock=clock, workforce_failures=1.0)
    plane.handle("CreateWorkforce", {"WorkforceName": "crowd", "OidcConfig": OIDC})
    workforce = plane.handle("DescribeWorkforce", {"WorkforceName": "crowd"})["Workforce"]
    assert workforce["Status"] == "Failed"
    assert workforce["FailureReason"]
    fault = refusal(
        plane,
        "CreateWorkteam",
        {
            "WorkteamName": "t",
            "Description": "d",
            "MemberDefinitions": [{"OidcMemberDefinition": {"Groups": ["g"]}}],
        },
    )
    assert "Failed" in fault.message


BAD = {
    "unknown word": "storm=1",
    "no value": "throttle",
    "no number": "throttle=often",
    "more than all": "errors=2",
    "less than nothing": "empty-pages=-0.1",
    "too long a delay": "delay=1000",
    "not a number at all": "throttle=nan",
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_trouble_that_cannot_be_made_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        chaos(text)
