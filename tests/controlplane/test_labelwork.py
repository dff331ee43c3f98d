"""Labeling jobs worked on to their end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sagectl.app.consolidation import Consolidation
from sagectl.controlplane import people, resources
from sagectl.controlplane.labelwork import Answer, LabelingWork
from sagectl.controlplane.plane import ControlPlane
from sagectl.diagnostics import SourceSpan
from sagectl.errors import InputError, NotFoundError
from tests.support.labelings import PLACE, put, with_job
from tests.support.planes import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from sagectl.schema.model import ServiceModel
    from tests.support.planes import TestClock

TEXTS = [{"source": "purrs"}, {"source": "barks"}]
CAT, DOG = {"c": {"label": "cat"}}, {"c": {"label": "dog"}}


@pytest.fixture
def work(plane: ControlPlane, tmp_path: Path) -> LabelingWork:
    return with_job(plane, tmp_path, TEXTS)


@pytest.fixture
def consolidating(state: Path, model: ServiceModel, clock: TestClock) -> Iterator[ControlPlane]:
    """A plane that ends jobs by itself, as that of the command line does."""
    plane = ControlPlane(state, model, clock=clock, consolidator=Consolidation())
    yield plane
    plane.store.close()


def described(plane: ControlPlane) -> dict[str, Any]:
    return plane.handle("DescribeLabelingJob", {"LabelingJobName": "pets"})


def lines(work: LabelingWork, uri: str) -> list[dict[str, Any]]:
    text = work.objects.path(uri).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_tasks_go_to_workers_until_every_object_has_enough(
    plane: ControlPlane, work: LabelingWork
) -> None:
    counted = []
    for worker, answers in {"ann": (CAT, DOG), "bob": (CAT, CAT)}.items():
        for answer in answers:
            job = work.job("pets")
            task = work.accept(job, worker)
            assert task is not None
            work.submit(job, task.number, worker, answer)
            counted.append(described(plane)["LabelCounters"]["HumanLabeled"])
        assert work.accept(work.job("pets"), worker) is None
    assert counted == [0, 0, 1, 2]
    assert described(plane)["LabelingJobStatus"] == "Completed"


def test_the_output_is_an_augmented_manifest(plane: ControlPlane, work: LabelingWork) -> None:
    rows = [(number, who) for number in (0, 1) for who in ("ann", "bob")]
    work.take("pets", [Answer(number, who, (CAT, DOG)[number], 3.5) for number, who in rows])
    found = described(plane)
    uri = "s3://pets/out/pets/manifests/output/output.manifest"
    assert found["LabelingJobOutput"] == {"OutputDatasetS3Uri": uri}
    first, second = lines(work, uri)
    assert first["source"] == "purrs"
    assert first["pet"] == 0
    assert second["pet"] == 1
    assert second["pet-metadata"] == {
        "class-name": "dog",
        "confidence": second["pet-metadata"]["confidence"],
        "type": "groundtruth/text-classification",
        "job-name": "labeling-job/pets",
        "human-annotated": "yes",
        "creation-date": "2020-07-24T12:00:00.000Z",
    }


def test_the_output_keeps_what_every_worker_said(
    plane: ControlPlane, work: LabelingWork
) -> None:
    work.take("pets", [Answer(n, who, CAT, 3.5) for n in (0, 1) for who in ("ann", "bob")])
    root = "s3://pets/out/pets/annotations/worker-response/"
    [uri, _] = [row.uri for row in work.objects.listing(root)]
    [said] = lines(work, uri)
    assert [one["workerId"] for one in said["answers"]] == ["ann", "bob"]
    assert said["answers"][0]["answerContent"] == CAT
    assert said["answers"][0]["timeSpentInSeconds"] == 3.5


def test_a_worker_has_one_task_at_a_time_until_its_time_is_over(
    work: LabelingWork, clock: TestClock
) -> None:
    job = work.job("pets")
    first = work.accept(job, "ann")
    assert work.accept(job, "ann") == first
    assert first is not None
    clock.advance(601)
    with pytest.raises(InputError, match="the time for this task is over"):
        work.submit(job, first.number, "ann", CAT)
    again = work.accept(job, "ann")
    assert again is not None
    assert again.expires > first.expires


def test_no_more_workers_than_wanted_get_an_object(work: LabelingWork) -> None:
    job = work.job("pets")
    given = [work.accept(job, worker) for worker in ("ann", "bob", "cid", "dan", "eve")]
    assert [task and task.number for task in given] == [0, 0, 1, 1, None]


def test_a_skipped_object_goes_to_others(work: LabelingWork) -> None:
    job = work.job("pets")
    work.accept(job, "ann")
    work.skip(job, 0, "ann")
    second = work.accept(job, "ann")
    assert second is not None
    assert second.number == 1
    assert work.left(job, "bob") == 2


def test_nobody_submits_what_another_holds(work: LabelingWork) -> None:
    job = work.job("pets")
    work.accept(job, "ann")
    with pytest.raises(InputError, match="not yours"):
        work.submit(job, 0, "bob", CAT)


def test_answers_from_a_file_are_all_taken_or_none(work: LabelingWork) -> None:
    bad = Answer(1, "ann", {"c": {"label": "fish"}})
    with pytest.raises(InputError, match="answer 2: 'fish' is not one of the labels cat, dog"):
        work.take("pets", [Answer(0, "ann", CAT), bad])
    assert work.answers(work.job("pets")) == {}
    with pytest.raises(InputError, match="there is no object 7"):
        work.take("pets", [Answer(7, "ann", CAT)])


def test_an_answer_of_a_worker_is_replaced_by_no_file(work: LabelingWork) -> None:
    job = work.job("pets")
    work.accept(job, "ann")
    work.submit(job, 0, "ann", CAT)
    assert work.take("pets", [Answer(0, "ann", CAT)]) == 2
    with pytest.raises(InputError, match="f:1:1: ann has answered object 0 before"):
        work.take("pets", [Answer(0, "ann", DOG, place=SourceSpan("f", 1, 1))])
    with pytest.raises(InputError, match="answer 2: ann has answered object 1 before"):
        work.take("pets", [Answer(1, "ann", CAT), Answer(1, "ann", DOG)])
    assert [one.content for one in work.answers(job)[0]] == [CAT]


def test_an_object_of_any_number_is_looked_for(work: LabelingWork) -> None:
    with pytest.raises(InputError, match="there is no object 1000000"):
        work.take("pets", [Answer(10**30, "ann", CAT)])


def test_what_was_labeled_before_a_job_was_stopped_is_its_output(
    plane: ControlPlane, work: LabelingWork
) -> None:
    work.take("pets", [Answer(0, "ann", CAT)])
    plane.handle("StopLabelingJob", {"LabelingJobName": "pets"})
    work.settle("pets")
    found = described(plane)
    assert found["LabelingJobStatus"] == "Stopped"
    assert found["LabelCounters"]["HumanLabeled"] == 1
    assert found["LabelCounters"]["Unlabeled"] == 1
    first, second = lines(work, found["LabelingJobOutput"]["OutputDatasetS3Uri"])
    assert first["pet"] == 0
    assert "pet" not in second


def test_a_job_stopped_without_answers_has_no_output(
    plane: ControlPlane, work: LabelingWork
) -> None:
    plane.handle("StopLabelingJob", {"LabelingJobName": "pets"})
    work.settle("pets")
    assert "LabelingJobOutput" not in described(plane)


class Eager(Consolidation):
    """Puts labels together while one more answer comes in, the first time."""

    def __init__(self, work: LabelingWork) -> None:
        self.work = work
        self.is_first = True

    def labels(self, *given: Any) -> list[tuple[Any, Mapping[str, Any]] | None]:
        if self.is_first:
            self.is_first = False
            self.work.submit(self.work.job("pets"), 0, "bob", DOG)
        return super().labels(*given)


def test_an_answer_that_comes_while_the_output_is_written_is_in_it(
    plane: ControlPlane, tmp_path: Path
) -> None:
    stop = {"MaxHumanLabeledObjectCount": 1}
    work = with_job(plane, tmp_path, TEXTS, workers=1)
    job = work.job("pets")
    eager = LabelingWork(plane, PLACE, Eager(work))
    with plane.store.writing() as db:
        resources.save(db, job, now=job.modified, body={**job.body, "StoppingConditions": stop})
    work.accept(job, "bob")
    eager.take("pets", [Answer(1, "ann", CAT)])
    found = described(plane)
    rows = lines(work, found["LabelingJobOutput"]["OutputDatasetS3Uri"])
    assert sum("pet" in row for row in rows) == len(work.answers(job)) == 2


def test_a_stopped_job_keeps_no_answer_that_comes_late(
    plane: ControlPlane, work: LabelingWork
) -> None:
    job = work.job("pets")
    work.accept(job, "ann")
    plane.handle("StopLabelingJob", {"LabelingJobName": "pets"})
    with pytest.raises(InputError, match="is Stopped and takes no answers"):
        work.submit(job, 0, "ann", CAT)
    assert work.answers(job) == {}


def test_a_job_that_is_over_takes_nothing(plane: ControlPlane, work: LabelingWork) -> None:
    plane.handle("StopLabelingJob", {"LabelingJobName": "pets"})
    with pytest.raises(InputError, match="is Stopped"):
        work.take("pets", [Answer(0, "ann", CAT)])


def test_objects_that_nobody_labels_in_time_have_failed(
    plane: ControlPlane, tmp_path: Path, clock: TestClock
) -> None:
    work = with_job(plane, tmp_path, TEXTS, TaskAvailabilityLifetimeInSeconds=60)
    work.take("pets", [Answer(0, "ann", CAT)])
    clock.advance(61)
    work.settle("pets")
    found = described(plane)
    assert found["LabelingJobStatus"] == "Completed"
    assert found["LabelCounters"]["FailedNonRetryableError"] == 1
    rows = lines(work, found["LabelingJobOutput"]["OutputDatasetS3Uri"])
    assert rows[0]["pet-metadata"]["confidence"] == 0.0
    assert "failure-reason" in rows[1]["pet-metadata"]


def test_an_unknown_job_is_not_found(plane: ControlPlane, work: LabelingWork) -> None:
    with pytest.raises(NotFoundError):
        work.job("others")


def test_people_sign_in_and_see_the_jobs_of_their_teams(
    plane: ControlPlane, work: LabelingWork
) -> None:
    store = plane.store
    ann = people.add(store, PLACE, "ann", ["radiologists"], "open", now=0)
    bob = people.add(store, PLACE, "bob", ["drivers"], "sesame", now=0)
    assert people.signed_in(store, PLACE, "ann", "open") == ann
    assert people.signed_in(store, PLACE, "ann", "sesame") is None
    assert people.signed_in(store, PLACE, "eve", "open") is None
    assert [(job.name, team) for job, team in work.open_jobs(ann)] == [("pets", "radiology")]
    assert work.open_jobs(bob) == ()
    people.remove(store, PLACE, "ann")
    assert people.signed_in(store, PLACE, "ann", "open") is None


@pytest.mark.parametrize("name", ["", "a b", "x" * 129, "../x"])
def test_names_that_nobody_signs_in_with_are_refused(plane: ControlPlane, name: str) -> None:
    with pytest.raises(InputError):
        people.add(plane.store, PLACE, name, ["g"], "open", now=0)


def test_a_password_is_not_kept(plane: ControlPlane) -> None:
    people.add(plane.store, PLACE, "ann", ["g"], "open-sesame", now=0)
    plane.store.close()
    assert b"open-sesame" not in (plane.state / "plane.db").read_bytes()


def test_a_damaged_manifest_says_so(
    plane: ControlPlane, work: LabelingWork, tmp_path: Path
) -> None:
    put(plane, "s3://pets/in.manifest", "nope\n", tmp_path)
    with pytest.raises(InputError, match="of pets are damaged"):
        work.take("pets", [Answer(0, "ann", CAT)])


def test_whoever_looks_sees_that_the_time_of_a_job_is_over(
    consolidating: ControlPlane, tmp_path: Path, clock: TestClock
) -> None:
    work = with_job(consolidating, tmp_path, TEXTS, TaskAvailabilityLifetimeInSeconds=60)
    work.take("pets", [Answer(0, "ann", CAT)])
    clock.advance(61)
    [row] = consolidating.handle("ListLabelingJobs", {})["LabelingJobSummaryList"]
    assert row["LabelingJobStatus"] == "Completed"
    found = described(consolidating)
    assert found["LabelCounters"]["FailedNonRetryableError"] == 1
    assert lines(work, found["LabelingJobOutput"]["OutputDatasetS3Uri"])[0]["pet"] == 0


@pytest.mark.parametrize("look", ["DescribeLabelingJob", "ListLabelingJobs", "StopLabelingJob"])
def test_a_job_without_anything_to_label_fails_when_its_time_is_over(
    consolidating: ControlPlane, tmp_path: Path, clock: TestClock, look: str
) -> None:
    work = with_job(consolidating, tmp_path, TEXTS, TaskAvailabilityLifetimeInSeconds=60)
    work.objects.path("s3://pets/in.manifest").unlink()
    assert described(consolidating)["LabelingJobStatus"] == "InProgress"
    clock.advance(61)
    params = {} if look.startswith("List") else {"LabelingJobName": "pets"}
    if look == "StopLabelingJob":
        assert "is Failed" in refusal(consolidating, look, params).message
    else:
        consolidating.handle(look, params)
    found = described(consolidating)
    assert found["LabelingJobStatus"] == "Failed"
    assert found["FailureReason"].startswith("ClientError: ")
    assert "s3://pets/in.manifest" in found["FailureReason"]


def test_names_beyond_the_end_of_a_text_are_refused(
    plane: ControlPlane, tmp_path: Path
) -> None:
    put(plane, "s3://pets/2.txt", "wags \N{DOG FACE}", tmp_path)
    rows = [
        {"source": "purrs"},
        {"source-ref": "s3://pets/2.txt"},
        {"source-ref": "s3://pets/3.txt"},
    ]
    work = with_job(plane, tmp_path, rows, task="NamedEntityRecognition", template=" ")

    def named(number: int, end: int) -> Answer:
        mark = {"label": "cat", "startOffset": 0, "endOffset": end}
        return Answer(number, "ann", {"e": {"entities": [mark]}})

    with pytest.raises(InputError, match="answer 1: an entity goes from 0 to 6, and the text"):
        work.take("pets", [named(0, 6)])
    with pytest.raises(InputError, match="from 0 to 7, and the text has 6 characters"):
        work.take("pets", [named(1, 7)])
    assert work.take("pets", [named(0, 5), named(1, 6), named(2, 9)]) == 3


def test_counters_follow_answers_of_the_portal_one_by_one(
    plane: ControlPlane, tmp_path: Path
) -> None:
    work = with_job(plane, tmp_path, [{"source": str(number)} for number in range(5)])
    for number in range(4):
        for worker in ("ann", "bob"):
            task = work.accept(work.job("pets"), worker)
            assert task is not None
            work.submit(work.job("pets"), task.number, worker, CAT)
            quick = described(plane)["LabelCounters"]
            work.settle("pets")
            assert described(plane)["LabelCounters"] == quick
        assert quick["HumanLabeled"] == number + 1


def test_objects_come_back_to_a_worker_with_a_backup(
    plane: ControlPlane, work: LabelingWork
) -> None:
    job = work.job("pets")
    for worker in ("ann", "bob"):
        work.accept(job, worker)
        work.submit(job, 0, worker, CAT)
    assert work.accept(job, "eve") == work.accept(job, "eve")
    work.skip(job, 1, "eve")
    assert work.accept(job, "eve") is None
    with plane.store.writing() as db:
        db.execute("DELETE FROM answers")
    again = work.accept(job, "eve")
    assert again is not None
    assert again.number == 0
