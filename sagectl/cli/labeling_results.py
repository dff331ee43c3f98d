"""What came of labeling jobs: their labels, their workers, two jobs side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from sagectl.catalog.kinds import LABELING_JOB_KIND, Column
from sagectl.cli.labeling_cost import cost
from sagectl.cli.lazy import Command
from sagectl.cli.options import pass_app, takes
from sagectl.cli.verbs import described, name_argument
from sagectl.cli.writing import unwritable, write_text
from sagectl.errors import InputError, MissingExtraError, VerificationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sagectl.app import App
    from sagectl.consolidation.results import Response, Row
    from sagectl.render.console import Console

FORMATS = ("coco", "csv", "jsonl", "parquet")
_WORKERS = (
    Column("WORKER", "Worker"),
    Column("ANSWERS", "Answers"),
    Column("ACCURACY", "Accuracy"),
    Column("SECONDS", "MeanSeconds"),
)
_DIFFERENCES = (
    Column("SOURCE", "Source"),
    Column("FIRST", "First"),
    Column("SECOND", "Second"),
    Column("LIKENESS", "Likeness"),
)


class Labels(NamedTuple):
    """A job that has labels, and all that is needed to read them."""

    job: Mapping[str, Any]
    attribute: str
    rows: tuple[Row, ...]
    task: str
    names: tuple[str, ...]


@click.command("results", cls=Command)
@takes(
    name_argument(LABELING_JOB_KIND),
    click.Option(
        ("--format", "form"),
        type=click.Choice(FORMATS),
        help="Write the labels in this form instead of a summary.",
    ),
    click.Option(
        ("--to",), type=click.Path(path_type=Path), metavar="FILE", help="Where to.  [stdout]"
    ),
)
@pass_app
def results(app: App, name: str, form: str | None, to: Path | None) -> None:
    """Show or export a job's labels.

    The summary counts labels and says how alike the answers of different workers are, and how
    often each worker agreed with the label that was made of all answers. With --format the
    labels themselves are written, joined with what they belong to: coco for boxes and masks,
    csv, jsonl, or parquet (which needs --to and the extra `labeling`). Masks are alike by their
    mean IoU, the background left out, and their labels are counted in pixels too.

    \b
    Examples:
      sagectl --local labeling results pets
      sagectl --local labeling results pets --format csv --to pets.csv
    """
    found = labels_of(app, name)
    if form is not None:
        _export(app, found, form, to)
        return
    if to is not None:
        raise InputError("--to says where the labels go", hint="Give --format too.")
    _show(app, name, found)


@click.command("verify", cls=Command)
@takes(
    name_argument(LABELING_JOB_KIND, "first"),
    name_argument(LABELING_JOB_KIND, "second"),
    click.Option(
        ("--at-least",),
        type=click.FloatRange(0, 1),
        default=0.0,
        metavar="SHARE",
        help="Exit with 7 if the labels agree by less, from 0 to 1.  [0]",
    ),
)
@pass_app
def verify(app: App, first: str, second: str, at_least: float) -> None:
    """Compare the labels of two jobs on the same objects.

    Objects are joined by what was labeled. Labels are alike if they are equal; several labels
    by the share they have in common; boxes and marked names by the share that has a
    counterpart overlapping by half; masks by mean IoU. What differs most comes first.

    \b
    Example:
      sagectl --local labeling verify pets pets-again --at-least 0.9
    """
    from sagectl.consolidation.results import compared
    from sagectl.render.views import Listing, Report

    one, other = labels_of(app, first), labels_of(app, second)
    if one.task != other.task:
        raise InputError(f"{first} and {second} have labels of different sorts")
    found = compared(one.rows, other.rows, one.task)
    rows = found["Differences"]
    listing = Listing("Differences", rows, _DIFFERENCES, "object", "Source", "differences")
    app.show(Report(found, listing, lambda console: _comparison(found, console)))
    if (found["Agreement"] or 0.0) < at_least:
        raise VerificationError(
            f"{first} and {second} agree by {found['Agreement']}, less than {at_least}"
        )


def labels_of(app: App, name: str) -> Labels:
    """The labels of a job. Raises InputError where it has none yet."""
    from sagectl.consolidation import results as reading
    from sagectl.schema.data.categories import labels

    job = described(app, LABELING_JOB_KIND, name).row
    if app.settings.is_local and "LabelingJobOutput" not in job:
        # Nobody may have come by since the job was stopped, or its time was over.
        app.local.labeling_work.settle(name)
        job = described(app, LABELING_JOB_KIND, name).row
    uri = job.get("LabelingJobOutput", {}).get("OutputDatasetS3Uri")
    if not uri:
        raise InputError(
            f"{name} is {job['LabelingJobStatus']} and has no output",
            hint=f"sagectl labeling watch {name} follows it to its end.",
        )
    attribute, categories = job["LabelAttributeName"], job.get("LabelCategoryConfigS3Uri")
    try:
        with app.backend.fetch(uri).open(encoding="utf-8") as lines:
            rows = tuple(
                reading.rows(lines, attribute, lambda uri: app.backend.fetch(uri).read_bytes())
            )
        known = labels(app.backend.fetch(categories)) if categories else ()
    except (ValueError, LookupError, TypeError) as error:
        raise InputError(f"{uri} is not an output manifest of {name}: {error}") from error
    names = known or tuple(sorted({label for row in rows for label in row.labels}))
    return Labels(job, attribute, rows, reading.task_of(rows, attribute), names)


def _responses(app: App, found: Labels) -> Iterator[Response]:
    """What every worker said, read below the job's ``worker-response``."""
    from sagectl.consolidation.results import responses

    path = found.job["OutputConfig"]["S3OutputPath"].rstrip("/")
    root = f"{path}/{found.job['LabelingJobName']}/annotations/worker-response/"
    for item in app.backend.objects.listing(root):
        number = item.uri.split("/")[-2]
        if number.isdecimal():
            yield from responses(
                int(number), app.backend.fetch(item.uri).read_text(encoding="utf-8")
            )


def _show(app: App, name: str, found: Labels) -> None:
    from sagectl.consolidation.results import summary
    from sagectl.render.views import Listing, Report

    try:
        told = summary(found.rows, tuple(_responses(app, found)), found.task, found.names)
    except (ValueError, LookupError, TypeError) as error:
        raise InputError(f"the workers' answers to {name} cannot be read: {error}") from error
    told = {"LabelingJobName": name, "Task": found.task or "custom", **told}
    if (spent := cost(found.job)) is not None:
        told["CostUsd"] = spent
    workers = Listing("Workers", told["Workers"], _WORKERS, "worker", "Worker", "workers")
    app.show(Report(told, workers, lambda console: _told(told, console)))


def _told(told: Mapping[str, Any], console: Console) -> Iterator[str]:
    yield f"{told['Labeled']} of {told['Objects']} objects labeled, {told['Failed']} failed"
    for label, value in (
        ("mean confidence", told["MeanConfidence"]),
        ("agreement between workers", told["Agreement"]),
        ("cost so far, USD", told.get("CostUsd")),
    ):
        if value is not None:
            yield f"{label}: {value}"
    if told["Labels"]:
        yield ""
        yield from _aligned(("LABEL", "COUNT"), told["Labels"].items())
    if told.get("Pixels"):
        yield ""
        yield from _aligned(("LABEL", "PIXELS"), told["Pixels"].items())
    if told["Workers"]:
        yield ""
        heading = tuple(column.title for column in _WORKERS)
        rows = ([row[column.path] for column in _WORKERS] for row in told["Workers"])
        yield from _aligned(heading, rows)


def _comparison(found: Mapping[str, Any], console: Console) -> Iterator[str]:
    alone = found["OnlyInFirst"], found["OnlyInSecond"]
    yield f"{found['Objects']} objects in both, {alone[0]} and {alone[1]} in one only"
    yield f"agreement: {'-' if found['Agreement'] is None else found['Agreement']}"
    if found["Differences"]:
        yield ""
        heading = tuple(column.title for column in _DIFFERENCES)
        rows = ([row[column.path] for column in _DIFFERENCES] for row in found["Differences"])
        yield from _aligned(heading, rows)


def _aligned(heading: Sequence[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    cells = [list(heading), *(["" if one is None else str(one) for one in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        padded = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        yield "  ".join(padded).rstrip()


def _export(app: App, found: Labels, form: str, to: Path | None) -> None:
    from sagectl.consolidation import exports

    if form == "parquet":
        _parquet(found, to)
        return
    try:
        text = {
            "coco": lambda: exports.coco(found.rows, found.names),
            "csv": lambda: exports.as_csv(found.rows, found.attribute),
            "jsonl": lambda: exports.jsonl(found.rows),
        }[form]()
    except ValueError as error:
        raise InputError(str(error), hint="Use --format jsonl or csv.") from error
    if to is None:
        app.stdout.write(text)
        return
    write_text(to, text)
    app.say(f"{to} written")


def _parquet(found: Labels, to: Path | None) -> None:
    from sagectl.consolidation.exports import write_parquet

    if to is None:
        raise InputError("Parquet is not for a terminal", hint="Give --to FILE.parquet.")
    try:
        write_parquet(found.rows, found.attribute, to)
    except ImportError as error:
        raise MissingExtraError(
            "pyarrow is not installed", hint="Run: pip install 'sagectl[labeling]'"
        ) from error
    except OSError as error:
        raise unwritable(to, error) from error
