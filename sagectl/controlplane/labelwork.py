"""The work on labeling jobs: tasks handed out, answers taken in, jobs brought to their end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from sagectl.controlplane import labelanswers, people, resources
from sagectl.controlplane.clock import milliseconds
from sagectl.controlplane.labeldata import JobData, job_data
from sagectl.controlplane.labeloutput import write_output
from sagectl.controlplane.labelprogress import is_unsettled, progress
from sagectl.controlplane.objects import ObjectStore
from sagectl.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from sqlite3 import Connection

    from sagectl.controlplane.labeloutput import Submitted
    from sagectl.controlplane.people import Person
    from sagectl.controlplane.plane import ControlPlane
    from sagectl.controlplane.resources import Place, Resource

KIND = "LabelingJob"


class Consolidator(Protocol):
    """Makes one label of several answers, and refuses an answer that it could not read."""

    def check(
        self,
        task: str,
        content: Mapping[str, Any],
        labels: Sequence[str],
        beside: Mapping[str, Any] | None = None,
    ) -> None: ...

    def labels(
        self,
        task: str,
        answers: Sequence[Sequence[tuple[str, Mapping[str, Any]]]],
        labels: Sequence[str],
    ) -> list[tuple[Any, Mapping[str, Any]] | None]: ...


class Task(NamedTuple):
    """An object in a worker's hands until ``expires`` (milliseconds since the epoch)."""

    job: str
    number: int
    expires: int


class Answer(NamedTuple):
    """An answer that comes from a file: the object's number, who, what and how long it took.

    ``place`` is where it stands, as a line of the file.
    """

    number: int
    worker: str
    content: Mapping[str, Any]
    seconds: float = 0.0
    place: str = ""


class LabelingWork:
    """The jobs of one account and region, as those who work on them see them."""

    def __init__(self, plane: ControlPlane, place: Place, consolidator: Consolidator) -> None:
        self.plane = plane
        self.place = place
        self._store = plane.store
        self._objects = ObjectStore(plane.state, makes_state=False)
        self._consolidator = consolidator

    @property
    def objects(self) -> ObjectStore:
        return self._objects

    def job(self, name: str) -> Resource:
        """The job of that name. Raises NotFoundError."""
        with self._store.reading() as db:
            found = resources.find(db, KIND, self.place, name)
        if found is None:
            raise NotFoundError("NoSuchJob", f"there is no labeling job named {name!r}")
        return found

    def data(self, job: Resource) -> JobData:
        return job_data(job, self._objects)

    def open_jobs(self, person: Person) -> tuple[tuple[Resource, str], ...]:
        """The jobs in progress that are given to a team of ``person``, with the team's name."""
        with self._store.reading() as db:
            teams = {team.arn: team.name for team in people.teams_of(db, self.place, person)}
            rows = db.execute(
                f"SELECT {resources.COLUMNS} FROM resources"
                " WHERE kind = ? AND account = ? AND region = ? AND status = 'InProgress'"
                " ORDER BY created, id",
                (KIND, *self.place),
            )
            jobs = [resources.resource(row) for row in rows]
        return tuple((job, teams[job.parent]) for job in jobs if job.parent in teams)

    def left(self, job: Resource, worker: str) -> int:
        """How many objects ``worker`` may still be given."""
        with self._store.reading() as db:
            return len(self._free(db, job, worker))

    def accept(self, job: Resource, worker: str) -> Task | None:
        """The task in a worker's hands, or the next one; None if there is nothing to do."""
        now = self._now()
        limit = job.body["HumanTaskConfig"]["TaskTimeLimitInSeconds"] * 1000
        with self._store.writing() as db:
            held = db.execute(
                "SELECT object, expires FROM answers WHERE resource = ? AND worker = ?"
                " AND status = 'working' AND expires > ?",
                (job.id, worker, now),
            ).fetchone()
            if held:
                return Task(job.name, *held)
            free = self._free(db, job, worker)
            if not free:
                return None
            db.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, 'working', ?, ?, NULL, NULL)",
                (job.id, free[0], worker, now, now + limit),
            )
        return Task(job.name, free[0], now + limit)

    def submit(
        self, job: Resource, number: int, worker: str, content: Mapping[str, Any]
    ) -> None:
        """Take the answer to a task in ``worker``'s hands. Raises InputError if it is not."""
        with self._store.reading() as db:
            beside = labelanswers.beside(db, job, number, worker)
        self._check(self.data(job), content, beside)
        self._close(job, number, worker, "submitted", content)
        self.settle(job.name)

    def stands(self, name: str, number: int, worker: str, content: Mapping[str, Any]) -> bool:
        """Whether ``worker`` submitted just this for an object of the job of that name."""
        with self._store.reading() as db:
            job = resources.find(db, KIND, self.place, name)
            return job is not None and labelanswers.kept(db, job, number, worker) == content

    def skip(self, job: Resource, number: int, worker: str) -> None:
        """Take a task back from a worker, who is not given it again."""
        self._close(job, number, worker, "skipped", None)

    def take(self, name: str, answers: Iterable[Answer]) -> int:
        """Take answers from a file: all of them, or none. Gives how many objects are left.

        Raises InputError naming the first answer that does not fit.
        """
        job = self.job(name)
        data, now = self.data(job), self._now()
        with self._store.writing() as db:
            labelanswers.require_open(db, job)
            for line, answer in enumerate(answers, start=1):
                try:
                    self._fits(db, job, data, answer)
                except InputError as error:
                    place = answer.place or f"answer {line}"
                    raise InputError(f"{place}: {error}", hint=error.hint) from error
                accepted = now - round(answer.seconds * 1000)
                row = (job.id, answer.number, answer.worker, accepted, now, now)
                db.execute(
                    "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, 'submitted', ?, ?, ?, ?)",
                    (*row, json.dumps(answer.content)),
                )
        return self.settle(name)

    def settle(self, name: str) -> int:
        """Bring a job's counters up to date, and the job to its end if that has come.

        Gives how many objects are left.
        """
        while (left := self._settled(self.job(name))) is None:
            pass  # answers came meanwhile, and no one who was told so must be left out
        return left

    def _settled(self, job: Resource) -> int | None:
        """How many objects are left; None where answers came while that was found out."""
        if not is_unsettled(job):
            return int(job.body["LabelCounters"]["Unlabeled"])
        data, now = self.data(job), self._now()
        with self._store.reading() as db:
            counts = labelanswers.counts(db, job)
        counters, is_over, status = progress(job, counts, len(data.objects), now)
        fields: dict[str, Any] = {"LabelCounters": counters}
        if is_over:
            fields["LabelingJobOutput"] = {"OutputDatasetS3Uri": self._output(job, data, now)}
        with self._store.writing() as db:
            current = resources.find(db, KIND, self.place, job.name)
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

    # --- how far a job is

    def _output(self, job: Resource, data: JobData, now: int) -> str:
        answers = self.answers(job)
        given = [
            [(one.worker, one.content) for one in answers.get(number, ())]
            for number in range(len(data.objects))
        ]
        labels = self._consolidator.labels(data.task, given, data.labels)
        return write_output(job, data, answers, labels, self._objects, now=now)

    def answers(self, job: Resource) -> dict[int, list[Submitted]]:
        """What was submitted for each object, in the order it came."""
        with self._store.reading() as db:
            return labelanswers.by_object(db, job)

    # --- one task

    def _free(self, db: Connection, job: Resource, worker: str) -> list[int]:
        total = len(self.data(job).objects)
        return labelanswers.free(db, job, total, worker, self._now())

    def _close(
        self,
        job: Resource,
        number: int,
        worker: str,
        status: str,
        content: Mapping[str, Any] | None,
    ) -> None:
        now, kept = self._now(), json.dumps(content)
        with self._store.writing() as db:
            before = db.execute(
                "SELECT status, content FROM answers"
                " WHERE resource = ? AND object = ? AND worker = ?",
                (job.id, number, worker),
            ).fetchone()
            # A button pressed twice sends the same twice: that is no mistake to tell of.
            if before == (status, kept):
                return
            labelanswers.require_open(db, job)
            changed = db.execute(
                "UPDATE answers SET status = ?, submitted = ?, content = ? WHERE resource = ?"
                " AND object = ? AND worker = ? AND status = 'working' AND expires > ?",
                (status, now, kept, job.id, number, worker, now),
            ).rowcount
        if changed:
            return
        if before and before[0] == "submitted":
            raise InputError(
                "you have answered this before, and that answer stands",
                hint="Go back to the list of tasks and take another.",
            )
        raise InputError(
            "the time for this task is over, or it was not yours",
            hint="Go back to the list of tasks and take another.",
        )

    def _fits(self, db: Connection, job: Resource, data: JobData, answer: Answer) -> None:
        number, worker = answer.number, answer.worker
        if not 0 <= number < len(data.objects):
            raise InputError(
                f"there is no object {number}; the job has {len(data.objects)}, from 0"
            )
        self._check(data, answer.content, labelanswers.beside(db, job, number, worker))
        before = labelanswers.kept(db, job, number, worker)
        if before not in (None, answer.content):
            raise InputError(
                f"{worker} has answered object {number} before, and that answer stands",
                hint="Leave the line out, or say what another worker answered.",
            )

    def _check(
        self, data: JobData, content: Mapping[str, Any], beside: Mapping[str, Any] | None
    ) -> None:
        self._consolidator.check(data.task, content, data.labels, beside)

    def _now(self) -> int:
        return milliseconds(self.plane.clock)
