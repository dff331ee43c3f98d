"""Labeling jobs, through the plane's one door."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sagectl.catalog.task_types import TASK_TYPES
from sagectl.controlplane.objects import ObjectStore
from sagectl.controlplane.plane import ControlPlane
from tests.support.planes import labeling, refusal, team, with_team

if TYPE_CHECKING:
    from pathlib import Path

    from sagectl.schema.model import ServiceModel
    from tests.support.planes import TestClock

NAME = {"LabelingJobName": "nodules"}


def described(plane: ControlPlane) -> dict[str, Any]:
    return plane.handle("DescribeLabelingJob", NAME)


def test_a_new_job_is_in_progress_and_says_all_that_it_must(
    state: Path, model: ServiceModel, clock: TestClock
) -> None:
    manifests = {"s3://scans/in.manifest": 40}
    plane = ControlPlane(state, model, clock=clock, count_objects=manifests.get)
    request = labeling("nodules", with_team(plane), Tags=[{"Key": "site", "Value": "north"}])
    made = plane.handle("CreateLabelingJob", request)
    found = described(plane)
    code = found.pop("JobReferenceCode")
    assert len(code) == 28
    assert code.startswith("123456789012")
    assert found == request | {
        "LabelingJobArn": made["LabelingJobArn"],
        "LabelingJobStatus": "InProgress",
        "LabelCounters": {
            "TotalLabeled": 0,
            "HumanLabeled": 0,
            "MachineLabeled": 0,
            "FailedNonRetryableError": 0,
            "Unlabeled": 40,
        },
        "CreationTime": clock.now,
        "LastModifiedTime": clock.now,
    }
    assert made["LabelingJobArn"].endswith(":labeling-job/nodules")


def test_the_objects_of_a_local_manifest_are_counted(
    plane: ControlPlane, tmp_path: Path
) -> None:
    manifest = tmp_path / "in.manifest"
    manifest.write_text('{"source-ref": "s3://scans/1"}\n\n{"source-ref": "s3://scans/2"}')
    ObjectStore(plane.state).put("s3://scans/in.manifest", manifest)
    plane.handle("CreateLabelingJob", labeling("nodules", with_team(plane)))
    assert described(plane)["LabelCounters"]["Unlabeled"] == 2


def test_a_missing_team_is_refused_in_the_service_s_words(plane: ControlPlane) -> None:
    arn = "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/nobody"
    fault = refusal(plane, "CreateLabelingJob", labeling("nodules", arn))
    assert fault.code == "ValidationException"
    assert fault.message == (
        f"The specified Workteam '{arn}' does not exist or you do not have access to it."
    )


def test_another_region_s_team_is_no_team_here(plane: ControlPlane) -> None:
    request = labeling("nodules", with_team(plane).replace("us-east-1", "eu-west-1"))
    task, there = request["HumanTaskConfig"], TASK_TYPES["BoundingBox"]
    task["PreHumanTaskLambdaArn"] = there.pre_function_arn("eu-west-1")
    task["AnnotationConsolidationConfig"] = {
        "AnnotationConsolidationLambdaArn": there.consolidation_arn("eu-west-1")
    }
    assert "does not exist" in refusal(plane, "CreateLabelingJob", request).message


def test_a_taken_name_is_in_use(plane: ControlPlane) -> None:
    request = labeling("nodules", with_team(plane))
    plane.handle("CreateLabelingJob", request)
    assert refusal(plane, "CreateLabelingJob", request).code == "ResourceInUse"


def test_a_job_stops_once(plane: ControlPlane, clock: TestClock) -> None:
    plane.handle("CreateLabelingJob", labeling("nodules", with_team(plane)))
    later = clock.advance()
    assert plane.handle("StopLabelingJob", NAME) == {}
    assert described(plane)["LabelingJobStatus"] == "Stopped"
    assert described(plane)["LastModifiedTime"] == later
    assert refusal(plane, "StopLabelingJob", NAME).code == "ValidationException"


@pytest.mark.parametrize("operation", ["DescribeLabelingJob", "StopLabelingJob"])
def test_a_missing_job_is_not_found(plane: ControlPlane, operation: str) -> None:
    assert refusal(plane, operation, NAME).code == "ResourceNotFound"


def test_a_summary_names_team_and_functions(plane: ControlPlane, clock: TestClock) -> None:
    request = labeling("nodules", with_team(plane))
    plane.handle("CreateLabelingJob", request)
    (found,) = plane.handle("ListLabelingJobs", {})["LabelingJobSummaryList"]
    task = request["HumanTaskConfig"]
    assert found["WorkteamArn"] == task["WorkteamArn"]
    assert found["PreHumanTaskLambdaArn"] == task["PreHumanTaskLambdaArn"]
    assert found["AnnotationConsolidationLambdaArn"].endswith(":ACS-BoundingBox")
    assert found["InputConfig"] == request["InputConfig"]
    assert found["CreationTime"] == found["LastModifiedTime"] == clock.now
    assert set(found["LabelCounters"].values()) == {0}


def test_a_team_s_jobs_are_listed_with_what_its_workers_need(
    plane: ControlPlane, clock: TestClock
) -> None:
    mine = with_team(plane)
    other = plane.handle("CreateWorkteam", team("surgery"))["WorkteamArn"]
    for name, arn in {"first": mine, "second": other, "third": mine}.items():
        plane.handle("CreateLabelingJob", labeling(name, arn))
        clock.advance()
    params = {"WorkteamArn": mine, "SortOrder": "Descending"}
    found = plane.handle("ListLabelingJobsForWorkteam", params)["LabelingJobSummaryList"]
    assert [job["LabelingJobName"] for job in found] == ["third", "first"]
    assert found[0]["WorkRequesterAccountId"] == "123456789012"
    assert found[0]["NumberOfHumanWorkersPerDataObject"] == 3
    assert found[0]["LabelCounters"] == {"HumanLabeled": 0, "PendingHuman": 0, "Total": 0}
    params["JobReferenceCodeContains"] = found[1]["JobReferenceCode"][12:]
    again = plane.handle("ListLabelingJobsForWorkteam", params)["LabelingJobSummaryList"]
    assert again == found[1:]


def test_the_jobs_of_a_missing_team_are_not_found(plane: ControlPlane) -> None:
    arn = "arn:aws:sagemaker:us-east-1:123456789012:workteam/private-crowd/nobody"
    fault = refusal(plane, "ListLabelingJobsForWorkteam", {"WorkteamArn": arn})
    assert fault.code == "ResourceNotFound"


def test_a_job_whose_maker_died_is_initialised_by_whoever_looks(
    state: Path, model: ServiceModel, clock: TestClock
) -> None:
    def die(_: str) -> int:
        raise SystemExit

    plane = ControlPlane(state, model, clock=clock, count_objects=die)
    with pytest.raises(SystemExit):
        plane.handle("CreateLabelingJob", labeling("nodules", with_team(plane)))
    plane = ControlPlane(state, model, clock=clock, count_objects=lambda _: 3)
    assert described(plane)["LabelingJobStatus"] == "Initializing"
    clock.advance(11)
    found = described(plane)
    assert found["LabelingJobStatus"] == "InProgress"
    assert found["LabelCounters"]["Unlabeled"] == 3


@pytest.mark.parametrize("text", ["", "\n \n"], ids=["empty", "blank"])
def test_a_job_with_an_empty_manifest_fails_at_once(
    plane: ControlPlane, tmp_path: Path, text: str
) -> None:
    manifest = tmp_path / "in.manifest"
    manifest.write_text(text)
    ObjectStore(plane.state).put("s3://scans/in.manifest", manifest)
    plane.handle("CreateLabelingJob", labeling("nodules", with_team(plane)))
    found = described(plane)
    assert found["LabelingJobStatus"] == "Failed"
    assert found["FailureReason"] == (
        "ClientError: The input manifest s3://scans/in.manifest has no data objects to label."
    )


def test_a_streaming_job_may_begin_with_nothing(plane: ControlPlane, tmp_path: Path) -> None:
    manifest = tmp_path / "in.manifest"
    manifest.write_text("")
    ObjectStore(plane.state).put("s3://scans/in.manifest", manifest)
    request = labeling("nodules", with_team(plane))
    topic = {"SnsTopicArn": "arn:aws:sns:us-east-1:123456789012:in.fifo"}
    request["InputConfig"]["DataSource"]["SnsDataSource"] = topic
    plane.handle("CreateLabelingJob", request)
    assert described(plane)["LabelingJobStatus"] == "InProgress"
