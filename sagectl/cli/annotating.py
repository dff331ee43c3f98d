"""``sagectl local annotate``: workers' answers from a file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from sagectl.catalog.kinds import LABELING_JOB_KIND
from sagectl.catalog.task_types import DAYS_30
from sagectl.cli.lazy import Command
from sagectl.cli.options import YES, consent, pass_app, takes
from sagectl.cli.verbs import name_argument
from sagectl.diagnostics import Diagnostic, SourceSpan
from sagectl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sagectl.app import App
    from sagectl.controlplane.labeldata import JobData
    from sagectl.controlplane.labelwork import Answer

# A subject of a provider has 255 characters at most: OpenID Connect Core 1.0, section 2.
_WORKER = re.compile(r"[^\x00-\x1f\x7f]{1,255}")
_SHAPE = '{"object": 0, "worker": "ann", "answer": {"label": "cat"}, "seconds": 4.5}'


@click.command("annotate", cls=Command)
@takes(
    name_argument(LABELING_JOB_KIND),
    click.Argument(("answers",), metavar="FILE.jsonl"),
    YES,
)
@pass_app
def annotate(app: App, name: str, answers: str, yes: bool) -> None:
    """Take answers to a local labeling job, as if workers had given them.

    Each line of the file is one worker's answer to one object: `{"object": 0, "worker": "ann",
    "answer": {"label": "cat"}, "seconds": 4.5}`. The object is its number in the input
    manifest, from 0, or its `source-ref`. The answer is what the crowd element of the task
    submits; that of SemanticSegmentation may name a picture beside the file instead:
    `{"mask": "0-ann.png", "labelMappings": {"cat": "#2ca02c"}}`. When all objects have answers
    enough, the job completes and its output is written. Of a file with mistakes in it nothing
    is taken, and all of them are told.

    \b
    Example:
      sagectl local annotate digits answers.jsonl --yes
    """
    from sagectl.render.views import record

    work = app.local.labeling_work
    data = work.data(work.job(name))
    given, wrong = _answers(app, answers, data)
    if wrong:
        work.take(name, given, wrong)  # which tells of whatever else is wrong, and takes none
    consent(yes, f"Take {len(given)} answers to labeling job {name}?")
    left = work.take(name, given)
    app.say(f"{len(given)} answers taken, {left} objects left")
    found = app.local.plane.handle(
        LABELING_JOB_KIND.describe, {"LabelingJobName": name}, region=app.local.region
    )
    app.show(record(LABELING_JOB_KIND, name, found))


def _answers(app: App, file: str, data: JobData) -> tuple[list[Answer], list[Diagnostic]]:
    """The answers in ``file`` (``-`` is stdin), and what is wrong with lines that hold none."""
    numbers = {data.source(number): number for number in range(len(data.objects))}
    given: list[Answer] = []
    wrong: list[Diagnostic] = []
    for line, text in enumerate(_lines(app, file), start=1):
        if text.strip():
            place = SourceSpan(file, line, 1)
            try:
                one = _answer(text, numbers)._replace(place=place)
                if data.task == "SemanticSegmentation" and "mask" in one.content:
                    one = one._replace(content=_inlined(one.content, file))
                given.append(one)
            except ValueError as error:
                wrong.append(Diagnostic(str(error), span=place, hint=f"Write {_SHAPE}."))
    return given, wrong


def _lines(app: App, file: str) -> Iterable[str]:
    from pathlib import Path

    try:
        if file == "-":
            return app.stdin.read().split("\n")
        return Path(file).read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: {getattr(error, 'strerror', None) or error}") from error


def _answer(text: str, numbers: dict[str, int]) -> Answer:
    from sagectl.controlplane.labelwork import Answer
    from sagectl.schema.data.strict_json import strict_json

    row: Any = strict_json(text)
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")
    if missing := [name for name in ("object", "worker", "answer") if name not in row]:
        raise ValueError(f"there is no {' and no '.join(missing)}")
    number = numbers.get(row["object"]) if isinstance(row["object"], str) else row["object"]
    if not isinstance(number, int) or isinstance(number, bool):
        raise ValueError(f"the job has no object {row['object']!r:.80}")
    worker, content, seconds = row["worker"], row["answer"], row.get("seconds", 0)
    if not isinstance(worker, str) or not _WORKER.fullmatch(worker):
        raise ValueError(f"worker must be a name, not {worker!r:.60}")
    if not isinstance(content, dict):
        raise ValueError(f"answer must be an object, not {content!r:.60}")
    if (
        isinstance(seconds, bool)
        or not isinstance(seconds, int | float)
        or not 0 <= seconds <= DAYS_30
    ):
        raise ValueError(f"seconds must be a number from 0 to {DAYS_30}, not {seconds!r:.60}")
    return Answer(number, worker, content, float(seconds))


def _inlined(content: Mapping[str, Any], file: str) -> dict[str, Any]:
    """The answer with the picture that it names, which is beside ``file``, inside it."""
    from base64 import b64encode
    from pathlib import Path

    from sagectl.consolidation.paintings import MOST_BYTES

    name = content["mask"]
    if not isinstance(name, str):
        raise ValueError(f"mask must be the name of a PNG file, not {name!r:.60}")
    path = Path(name) if file == "-" else Path(file).parent / name
    try:
        with path.open("rb") as stream:
            png = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from error
    if len(png) > MOST_BYTES:
        raise ValueError(f"{path}: a mask has {MOST_BYTES} bytes at most")
    others = {key: value for key, value in content.items() if key != "mask"}
    return {**others, "labeledImage": {"pngImageData": b64encode(png).decode()}}
