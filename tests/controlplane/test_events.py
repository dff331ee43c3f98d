"""Every change has its event, and every event its change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.controlplane import events, jobs
from sagectl.controlplane.resources import Place
from tests.support.planes import OIDC, TestClock, compilation, labeling, refusal, team

if TYPE_CHECKING:
    from sagectl.controlplane.plane import ControlPlane


def told(plane: ControlPlane) -> list[tuple[str, str, str]]:
    return [(e.kind, e.name, e.status) for e in events.events_after(plane.store, 0)]


def test_the_life_of_each_kind_is_told_in_order(plane: ControlPlane, clock: TestClock) -> None:
    plane.handle("CreateWorkforce", {"WorkforceName": "crowd", "OidcConfig": OIDC})
    arn = plane.handle("CreateWorkteam", team("radiology"))["WorkteamArn"]
    plane.handle("UpdateWorkteam", {"WorkteamName": "radiology", "Description": "New."})
    plane.handle("CreateLabelingJob", labeling("nodules", arn))
    plane.handle("StopLabelingJob", {"LabelingJobName": "nodules"})
    plane.handle("CreateCompilationJob", compilation("digits"))
    job = jobs.claim(plane.store, "me", now=0, lease_ms=1)
    assert job
    jobs.record(plane.store, job, "INPROGRESS", now=1)
    jobs.record(plane.store, job, "FAILED", now=2, FailureReason="ClientError: no")
    plane.handle("DeleteCompilationJob", {"CompilationJobName": "digits"})
    plane.handle("DeleteWorkteam", {"WorkteamName": "radiology"})
    assert told(plane) == [
        ("Workforce", "crowd", "Active"),
        ("Workteam", "radiology", "Created"),
        ("Workteam", "radiology", "Updated"),
        ("LabelingJob", "nodules", "Initializing"),
        ("LabelingJob", "nodules", "InProgress"),
        ("LabelingJob", "nodules", "Stopped"),
        ("CompilationJob", "digits", "STARTING"),
        ("CompilationJob", "digits", "INPROGRESS"),
        ("CompilationJob", "digits", "FAILED"),
        ("CompilationJob", "digits", "Deleted"),
        ("Workteam", "radiology", "Deleted"),
    ]


def test_a_refused_call_leaves_no_event(plane: ControlPlane) -> None:
    plane.handle("CreateCompilationJob", compilation("digits"))
    refusal(plane, "CreateCompilationJob", compilation("digits"))
    assert len(told(plane)) == 1


def test_an_event_has_eventbridge_s_shape(plane: ControlPlane) -> None:
    plane.handle("CreateCompilationJob", compilation("digits"), account="111122223333")
    event = events.events_after(plane.store, 0)[0].as_dict()
    arn = "arn:aws:sagemaker:us-east-1:111122223333:compilation-job/digits"
    assert len(event.pop("id")) == 36
    assert event == {
        "version": "0",
        "detail-type": "SageMaker Compilation Job State Change",
        "source": "aws.sagemaker",
        "account": "111122223333",
        "time": "2020-07-24T12:00:00Z",
        "region": "us-east-1",
        "resources": [arn],
        "detail": {
            "CompilationJobName": "digits",
            "CompilationJobArn": arn,
            "CompilationJobStatus": "STARTING",
        },
    }


def test_old_events_are_forgotten(plane: ControlPlane) -> None:
    with plane.store.writing() as db:
        for number in range(events.EVENTS_KEPT + 1000):
            events.record(db, "Workteam", Place("1", "r"), f"t{number}", "Created", now=number)
        kept = db.execute("SELECT count(*) FROM events").fetchone()[0]
    assert kept == events.EVENTS_KEPT
    assert events.last_event(plane.store) == events.EVENTS_KEPT + 1000
