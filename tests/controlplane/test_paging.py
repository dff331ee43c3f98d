"""Lists: order, filters, pages and tokens."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from sagectl.controlplane import jobs
from sagectl.controlplane.answers import answer
from sagectl.controlplane.clock import milliseconds
from sagectl.controlplane.plane import ControlPlane
from tests.support.planes import compilation, refusal, team, with_workforce

if TYPE_CHECKING:
    from pathlib import Path

    from sagectl.schema.model import ServiceModel
    from tests.support.planes import TestClock

LIST = "ListCompilationJobs"


@pytest.fixture
def listed(plane: ControlPlane, clock: TestClock) -> ControlPlane:
    """Jobs b, a, d, c made a second apart; b has failed, a was stopped."""
    for name in ("bee", "ant", "doe", "cat"):
        plane.handle("CreateCompilationJob", compilation(name))
        clock.advance()
    job = jobs.claim(plane.store, "worker", now=0, lease_ms=1)
    assert job is not None
    jobs.record(plane.store, job, "FAILED", now=milliseconds(clock))
    clock.advance()
    plane.handle("StopCompilationJob", {"CompilationJobName": "ant"})
    return plane


def names(plane: ControlPlane, **params: Any) -> list[str]:
    found = plane.handle(LIST, params)["CompilationJobSummaries"]
    return [job["CompilationJobName"] for job in found]


def walked(plane: ControlPlane, size: int, **params: Any) -> list[str]:
    """The names of all pages of ``size``."""
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = plane.handle(LIST, {**params, "MaxResults": size, **token})
        rows = [job["CompilationJobName"] for job in page["CompilationJobSummaries"]]
        assert 0 < len(rows) <= size
        seen += rows
        if "NextToken" not in page:
            return seen
        token = {"NextToken": page["NextToken"]}


@pytest.mark.parametrize(
    ("sort_by", "expected"),
    [
        ("CreationTime", ["bee", "ant", "doe", "cat"]),
        ("Name", ["ant", "bee", "cat", "doe"]),
        ("Status", ["bee", "doe", "cat", "ant"]),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 4, 100])
def test_pages_of_any_size_give_the_whole_list_in_order(
    listed: ControlPlane, sort_by: str, expected: list[str], size: int
) -> None:
    assert walked(listed, size, SortBy=sort_by) == expected
    assert walked(listed, size, SortBy=sort_by, SortOrder="Descending") == expected[::-1]


def test_a_list_is_ascending_by_creation_unless_told_otherwise(listed: ControlPlane) -> None:
    assert names(listed) == ["bee", "ant", "doe", "cat"]


@pytest.mark.parametrize("sort_by", ["CreationTime", "Status"])
def test_jobs_of_the_same_moment_are_neither_lost_nor_doubled(
    plane: ControlPlane, sort_by: str
) -> None:
    made = [f"job-{number}" for number in range(7)]
    for name in made:
        plane.handle("CreateCompilationJob", compilation(name))
    for order in ("Ascending", "Descending"):
        assert sorted(walked(plane, 3, SortBy=sort_by, SortOrder=order)) == made


def test_filters_narrow_the_list(listed: ControlPlane) -> None:
    times = {
        job["CompilationJobName"]: (job["CreationTime"], job["LastModifiedTime"])
        for job in listed.handle(LIST, {})["CompilationJobSummaries"]
    }
    assert names(listed, NameContains="e") == ["bee", "doe"]
    assert names(listed, NameContains="E") == []
    assert names(listed, StatusEquals="STARTING") == ["doe", "cat"]
    assert names(listed, CreationTimeAfter=times["ant"][0]) == ["doe", "cat"]
    assert names(listed, CreationTimeBefore=times["ant"][0]) == ["bee"]
    assert names(listed, LastModifiedTimeAfter=times["cat"][1]) == ["bee", "ant"]
    assert names(listed, LastModifiedTimeBefore=times["cat"][1]) == ["doe"]
    assert names(listed, StatusEquals="STARTING", NameContains="a", SortBy="Name") == ["cat"]


def test_time_filters_are_exact_to_less_than_a_millisecond(listed: ControlPlane) -> None:
    made = listed.handle(LIST, {})["CompilationJobSummaries"][0]["CreationTime"]
    shortly = timedelta(microseconds=1)
    assert "bee" in names(listed, CreationTimeBefore=made + shortly)
    assert "bee" in names(listed, CreationTimeAfter=made - shortly)
    assert "bee" not in names(listed, CreationTimeAfter=made + shortly)


def test_time_filters_take_seconds_and_text_too(listed: ControlPlane) -> None:
    made = listed.handle(LIST, {})["CompilationJobSummaries"][0]["CreationTime"]
    assert names(listed, CreationTimeAfter=made.timestamp()) == ["ant", "doe", "cat"]
    assert names(listed, CreationTimeAfter=made.isoformat()) == ["ant", "doe", "cat"]


def test_a_list_that_changes_between_pages_skips_and_repeats_nothing_old(
    listed: ControlPlane, clock: TestClock
) -> None:
    first = listed.handle(LIST, {"MaxResults": 2})
    listed.handle("DeleteCompilationJob", {"CompilationJobName": "bee"})
    listed.handle("CreateCompilationJob", compilation("elk"))
    assert names(listed, NextToken=first["NextToken"]) == ["doe", "cat", "elk"]


def token(plane: ControlPlane, **params: Any) -> str:
    found: str = plane.handle(LIST, {"MaxResults": 1, **params})["NextToken"]
    return found


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"SortBy": "Name"}, id="other-order"),
        pytest.param({"NameContains": "a"}, id="other-filter"),
        pytest.param({"SortOrder": "Descending"}, id="other-direction"),
    ],
)
def test_a_token_is_good_for_the_same_question_alone(
    listed: ControlPlane, change: dict[str, str]
) -> None:
    fault = refusal(listed, LIST, {"NextToken": token(listed), **change})
    assert fault.code == "ValidationException"
    assert "NextToken" in fault.message


def test_a_token_is_good_in_its_account_and_region_alone(listed: ControlPlane) -> None:
    params = {"NextToken": token(listed)}
    refusal(listed, LIST, params, region="eu-west-1")
    refusal(listed, LIST, params, account="210987654321")


def test_a_token_is_good_for_its_operation_alone(listed: ControlPlane) -> None:
    refusal(listed, "ListWorkteams", {"NextToken": token(listed)})


def test_a_token_outlives_the_process_and_the_page_size(
    listed: ControlPlane, state: Path, model: ServiceModel
) -> None:
    again = ControlPlane(state, model)
    assert names(again, NextToken=token(listed), MaxResults=2) == ["ant", "doe"]


@pytest.mark.parametrize("forged", ["", "x", "====", "é", "a" * 5000, "AAAA" * 20])
def test_a_forged_token_is_refused(listed: ControlPlane, forged: str) -> None:
    if forged:
        assert refusal(listed, LIST, {"NextToken": forged}).code == "ValidationException"
    else:
        assert len(names(listed, NextToken=forged)) == 4


def test_every_changed_letter_of_a_token_is_noticed(listed: ControlPlane) -> None:
    good = token(listed)
    for place in range(0, len(good) - 1, 5):
        other = "A" if good[place] != "A" else "B"
        refusal(listed, LIST, {"NextToken": good[:place] + other + good[place + 1 :]})


def test_workteams_and_workforces_page_alike(plane: ControlPlane, clock: TestClock) -> None:
    with_workforce(plane)
    for name in ("delta", "alpha", "charlie", "bravo"):
        plane.handle("CreateWorkteam", team(name))
        clock.advance()
    first = plane.handle("ListWorkteams", {"MaxResults": 3, "SortBy": "Name"})
    rest = plane.handle(
        "ListWorkteams", {"MaxResults": 3, "SortBy": "Name", "NextToken": first["NextToken"]}
    )
    found = [row["WorkteamName"] for row in (*first["Workteams"], *rest["Workteams"])]
    assert found == ["alpha", "bravo", "charlie", "delta"]
    newest = plane.handle("ListWorkteams", {"SortOrder": "Descending"})["Workteams"]
    assert all(one["CreateDate"] > other["CreateDate"] for one, other in pairwise(newest))
    assert plane.handle("ListWorkforces", {"NameContains": "zz"}) == {"Workforces": []}


def test_page_sizes_have_bounds(plane: ControlPlane) -> None:
    for size in (0, 101):
        fault = refusal(plane, LIST, {"MaxResults": size})
        assert f"Value '{size}' at 'maxResults'" in fault.message


def told(plane: ControlPlane) -> list[dict[str, Any]]:
    """The rows of a list as they go over the wire."""
    place = {"account": "123456789012", "region": "us-east-1"}
    _, _, said = answer(plane, f"SageMaker.{LIST}", b"{}", **place, request_id="r")
    rows: list[dict[str, Any]] = json.loads(said)["CompilationJobSummaries"]
    return rows


def test_a_list_tells_what_another_process_changed_a_moment_ago(
    listed: ControlPlane, model: ServiceModel, clock: TestClock
) -> None:
    before = told(listed)
    assert before == told(listed)
    other = ControlPlane(listed.state, model, clock=clock)
    other.handle("StopCompilationJob", {"CompilationJobName": "doe"})
    other.handle("DeleteCompilationJob", {"CompilationJobName": "ant"})
    other.handle("CreateCompilationJob", compilation("ant"))
    after = {row["CompilationJobName"]: row for row in told(listed)}
    assert after["doe"]["CompilationJobStatus"] == "STOPPED"
    assert after["ant"]["CompilationJobStatus"] == "STARTING"
    assert [after["bee"], after["cat"]] == [before[0], before[3]]


def test_what_a_caller_does_to_a_row_is_its_own_affair(listed: ControlPlane) -> None:
    rows = listed.handle(LIST, {})["CompilationJobSummaries"]
    rows[0].clear()
    assert listed.handle(LIST, {})["CompilationJobSummaries"][0] != {}


def test_a_row_keeps_whatever_its_fields_hold(plane: ControlPlane) -> None:
    with_workforce(plane)
    said = 'tab\tand "quotes", \x1e\x1f and ünïcödé'
    plane.handle("CreateWorkteam", team("odd", Description=said))
    plane.handle("CreateWorkteam", team("plain"))
    rows = plane.handle("ListWorkteams", {})["Workteams"]
    assert [row["WorkteamName"] for row in rows] == ["odd", "plain"]
    assert rows[0]["Description"] == said
