"""The work on labeling jobs: tasks handed out, answers taken in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.controlplane import labelanswers, people, resources
from sagectl.controlplane.clock import milliseconds
from sagectl.controlplane.labeldata import JobData, job_data
from sagectl.controlplane.labelending import Ending
from sagectl.controlplane.labelprogress import counted, may_be_over
from sagectl.controlplane.objects import ObjectStore
from sagectl.diagnostics import Diagnostic
from sagectl.errors import FindingsError, InputError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from sqlite3 import Connection

    from sagectl.controlplane.labelending import Consolidator
    from sagectl.controlplane.labeloutput import Submitted
    from sagectl.controlplane.people import Person
    from sagectl.controlplane.plane import ControlPlane
    from sagectl.controlplane.resources import Place, Resource
    from sagectl.diagnostics import SourceSpan

KIND = "LabelingJob"
# A text is shown no further; findings are told no further.
TEXT_BYTES = 1 << 20
TOLD = 20


class Task(NamedTuple):
    """An object in a worker's hands until ``expires`` (milliseconds since the epoch)."""

    job: str
    number: int
    expires: int


class Answer(NamedTuple):
    """An answer that comes from a file: the object's number, who, what and how long it took.

    ``place`` is where it stands.
    """

    number: int
    worker: str
    content: Mapping[str, Any]
    seconds: float = 0.0
    place: SourceSpan | None = None


class LabelingWork:
    """The jobs of one account and region, as those who work on them see them."""

    def __init__(self, plane: ControlPlane, place: Place, consolidator: Consolidator) -> None:
        self.plane = plane
        self.place = place
        self._store = plane.store
        self._objects = ObjectStore(plane.state, makes_state=False)
        self._consolidator = consolidator
        self._ending = Ending(plane.store, self._objects, consolidator)
        # Job and worker -> the objects before this one are not for that worker any more.
        self._done: dict[tuple[int, str], int] = {}

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
            return labelanswers.left(db, job, self._total(job), worker, self._now())

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
            number = self._next(db, job, worker, now)
            if number is None:
                return None
            db.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, 'working', ?, ?, NULL, NULL)",
                (job.id, number, worker, now, now + limit),
            )
        return Task(job.name, number, now + limit)

    def _next(self, db: Connection, job: Resource, worker: str, now: int) -> int | None:
        """The first object that still needs ``worker``, looked for from where the last was."""
        total, key = self._total(job), (job.id, worker)
        begin = self._done.get(key, 0)
        found, done = labelanswers.next_free(db, job, total, worker, now, begin)
        if found is None and begin:  # answers may have gone since, with a backup restored
            found, done = labelanswers.next_free(db, job, total, worker, now, 0)
        self._done[key] = done
        return found

    def submit(
        self, job: Resource, number: int, worker: str, content: Mapping[str, Any]
    ) -> None:
        """Take the answer to a task in ``worker``'s hands. Raises InputError if it is not."""
        with self._store.reading() as db:
            beside = labelanswers.beside(db, job, number, worker)
        data = self.data(job)
        self._check(data, number, content, beside)
        if self._close(job, number, worker, "submitted", content):
            now = self._now()
            if may_be_over(self.job(job.name), len(data.objects), now):
                self.settle(job.name)

    def stands(self, name: str, number: int, worker: str, content: Mapping[str, Any]) -> bool:
        """Whether ``worker`` submitted just this for an object of the job of that name."""
        with self._store.reading() as db:
            job = resources.find(db, KIND, self.place, name)
            return job is not None and labelanswers.kept(db, job, number, worker) == content

    def skip(self, job: Resource, number: int, worker: str) -> None:
        """Take a task back from a worker, who is not given it again."""
        self._close(job, number, worker, "skipped", None)

    def take(
        self, name: str, answers: Iterable[Answer], known: Sequence[Diagnostic] = ()
    ) -> int:
        """Take answers from a file: all of them, or none. Gives how many objects are left.

        Raises FindingsError with all that is wrong with them, or is ``known`` to be wrong with
        the file that they come from.
        """
        job = self.job(name)
        data, now, found = self.data(job), self._now(), list(known)
        with self._store.writing() as db:
            labelanswers.require_open(db, job)
            for line, answer in enumerate(answers, start=1):
                try:
                    self._fits(db, job, data, answer)
                except InputError as error:
                    where = "" if answer.place else f"answer {line}"
                    found.append(Diagnostic(error.message, where, answer.place, error.hint))
                    continue
                accepted = now - round(answer.seconds * 1000)
                row = (job.id, answer.number, answer.worker, accepted, now, now)
                db.execute(
                    "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, 'submitted', ?, ?, ?, ?)",
                    (*row, json.dumps(answer.content)),
                )
            if found:
                raise FindingsError(_told(found))
        return self.settle(name)

    def settle(self, name: str) -> int:
        """Bring a job's counters up to date, and the job to its end if that has come.

        Gives how many objects are left.
        """
        return self._ending.settle(self.job(name), self._now())

    def answers(self, job: Resource) -> dict[int, list[Submitted]]:
        """What was submitted for each object, in the order it came."""
        with self._store.reading() as db:
            return labelanswers.by_object(db, job)

    # --- one task

    def _total(self, job: Resource) -> int:
        return len(self.data(job).objects)

    def _close(
        self,
        job: Resource,
        number: int,
        worker: str,
        status: str,
        content: Mapping[str, Any] | None,
    ) -> bool:
        """End a task in a worker's hands; False if it was ended just so before."""
        now, kept = self._now(), json.dumps(content)
        with self._store.writing() as db:
            before = db.execute(
                "SELECT status, content FROM answers"
                " WHERE resource = ? AND object = ? AND worker = ?",
                (job.id, number, worker),
            ).fetchone()
            # A button pressed twice sends the same twice: that is no mistake to tell of.
            if before == (status, kept):
                return False
            labelanswers.require_open(db, job)
            changed = db.execute(
                "UPDATE answers SET status = ?, submitted = ?, content = ? WHERE resource = ?"
                " AND object = ? AND worker = ? AND status = 'working' AND expires > ?",
                (status, now, kept, job.id, number, worker, now),
            ).rowcount
            if changed and status == "submitted":
                self._count(db, job, number, now)
        if changed:
            return True
        if before and before[0] == "submitted":
            raise InputError(
                "you have answered this before, and that answer stands",
                hint="Go back to the list of tasks and take another.",
            )
        raise InputError(
            "the time for this task is over, or it was not yours",
            hint="Go back to the list of tasks and take another.",
        )

    def _count(self, db: Connection, job: Resource, number: int, now: int) -> None:
        """Tell the counters of a job of one more answer, without a look at all the others."""
        current = resources.find(db, KIND, self.place, job.name)
        if current is None:
            return
        answers = labelanswers.submitted(db, job, number)
        if (body := counted(current, answers)) is not None:
            resources.save(db, current, now=now, body=body)

    def _fits(self, db: Connection, job: Resource, data: JobData, answer: Answer) -> None:
        number, worker = answer.number, answer.worker
        if not 0 <= number < len(data.objects):
            raise InputError(
                f"there is no object {number}; the job has {len(data.objects)}, from 0"
            )
        beside = labelanswers.beside(db, job, number, worker)
        self._check(data, number, answer.content, beside)
        before = labelanswers.kept(db, job, number, worker)
        if before not in (None, answer.content):
            raise InputError(
                f"{worker} has answered object {number} before, and that answer stands",
                hint="Leave the line out, or say what another worker answered.",
            )

    def _check(
        self,
        data: JobData,
        number: int,
        content: Mapping[str, Any],
        beside: Mapping[str, Any] | None,
    ) -> None:
        text = self.text(data, number) if data.task == "NamedEntityRecognition" else None
        self._consolidator.check(data.task, content, data.labels, beside, text)

    def text(self, data: JobData, number: int) -> str | None:
        """The text that an object is, as it is shown; None where it is none, or not there."""
        line = data.objects[number]
        if "source-ref" not in line:
            return str(line.get("source", ""))
        uri = str(line["source-ref"])
        if not self._objects.exists(uri):
            return None
        with self._objects.path(uri).open("rb") as stream:
            return stream.read(TEXT_BYTES).decode(errors="replace")

    def _now(self) -> int:
        return milliseconds(self.plane.clock)


def _told(found: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The first of the findings, in the order of lines, and how many more there are."""
    ordered = sorted(found, key=lambda one: one.span.line if one.span else 0)
    if len(ordered) <= TOLD:
        return ordered
    last = ordered[TOLD - 1].span
    return [*ordered[:TOLD], Diagnostic(f"and {len(ordered) - TOLD} more like these", "", last)]
