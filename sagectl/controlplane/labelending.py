"""How labeling jobs come to their end, with the labels that were made of the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from sagectl.controlplane import labelanswers, resources
from sagectl.controlplane.labeldata import job_data
from sagectl.controlplane.labeloutput import write_output
from sagectl.controlplane.labelprogress import is_overdue, is_unsettled, progress
from sagectl.errors import SagectlError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagectl.controlplane.labeldata import JobData
    from sagectl.controlplane.objects import ObjectStore
    from sagectl.controlplane.resources import Resource
    from sagectl.controlplane.store import Store


class Consolidator(Protocol):
    """Makes one label of several answers, and refuses an answer that it could not read."""

    def check(
        self,
        task: str,
        content: Mapping[str, Any],
        labels: Sequence[str],
        beside: Mapping[str, Any] | None = None,
        text: str | None = None,
    ) -> None: ...

    def labels(
        self,
        task: str,
        answers: Sequence[Sequence[tuple[str, Mapping[str, Any]]]],
        labels: Sequence[str],
        short_names: Mapping[str, str],
    ) -> list[tuple[Any, Mapping[str, Any]] | None]: ...


class Ending(NamedTuple):
    """What it takes to bring labeling jobs to their end."""

    store: Store
    objects: ObjectStore
    consolidator: Consolidator

    def settle(self, job: Resource, now: int) -> int:
        """Bring a job's counters up to date, and the job to its end if that has come.

        Gives how many objects are left. ``now`` is in milliseconds since the epoch.
        """
        while (left := self._settled(job, now)) is None:
            job = self._again(job)  # answers came meanwhile, and are not to be left out
        return left

    def settle_overdue(self, job: Resource, now: int) -> None:
        """End a job whose time is over, if it is: Failed where what it is about is gone."""
        if not is_overdue(job, now):
            return
        try:
            self.settle(job, now)
        except SagectlError as error:
            body = {**job.body, "FailureReason": f"ClientError: {error}"}
            with self.store.writing() as db:
                if self._again(job).status == job.status:
                    resources.save(db, job, now=now, status="Failed", body=body)

    def _again(self, job: Resource) -> Resource:
        with self.store.reading() as db:
            return resources.find(db, job.kind, job.place, job.name) or job

    def _settled(self, job: Resource, now: int) -> int | None:
        """How many objects are left; None where answers came while that was found out."""
        if not is_unsettled(job):
            return int(job.body["LabelCounters"]["Unlabeled"])
        data = job_data(job, self.objects)
        with self.store.reading() as db:
            counts = labelanswers.counts(db, job)
        counters, is_over, status = progress(job, counts, len(data.objects), now)
        fields: dict[str, Any] = {"LabelCounters": counters}
        if is_over:
            fields["LabelingJobOutput"] = {"OutputDatasetS3Uri": self._output(job, data, now)}
        with self.store.writing() as db:
            current = resources.find(db, job.kind, job.place, job.name)
            if current is not None and current.status == job.status:
                if labelanswers.submitted(db, job) != sum(counts.values()):
                    return None
                body = {**current.body, **fields}
                state = status if is_over else job.status
                resources.save(db, current, now=now, status=state, body=body)
                return int(counters["Unlabeled"])
        if is_over:  # whoever was quicker wrote the same files, maybe of fewer answers
            self._output(job, data, now)
        return int(counters["Unlabeled"])

    def _output(self, job: Resource, data: JobData, now: int) -> str:
        with self.store.reading() as db:
            answers = labelanswers.by_object(db, job)
        given = [
            [(one.worker, one.content) for one in answers.get(number, ())]
            for number in range(len(data.objects))
        ]
        labels = self.consolidator.labels(data.task, given, data.labels, data.short_names)
        return write_output(job, data, answers, labels, self.objects, now=now)
