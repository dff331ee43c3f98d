"""Labels read back, counted, compared and exported."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from sagectl.consolidation import exports
from sagectl.consolidation.results import (
    Response,
    Row,
    compared,
    likeness,
    responses,
    rows,
    summary,
    task_of,
)
from sagectl.consolidation.tasks import Annotation, consolidated

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("cat", "dog")
CAT, DOG = {"c": {"label": "cat"}}, {"c": {"label": "dog"}}


def written(task: str, *answers: list[dict[str, Any]]) -> list[Row]:
    """The rows of an output manifest made of workers' answers to each object."""
    given = [[Annotation(f"w{n}", one) for n, one in enumerate(each)] for each in answers]
    lines = []
    for number, label in enumerate(consolidated(task, given, NAMES)):
        line: dict[str, Any] = {"source-ref": f"s3://pets/{number}.png"}
        if label is not None:
            line |= {"pet": label.value, "pet-metadata": label.metadata}
        lines.append(json.dumps(line))
    return list(rows(lines, "pet"))


def box(label: str, left: int) -> dict[str, Any]:
    row = {"label": label, "left": left, "top": 10, "width": 50, "height": 40}
    size = {"width": 640, "height": 480}
    return {"b": {"boundingBoxes": [row], "inputImageProperties": size}}


def test_a_summary_counts_labels_and_rates_workers() -> None:
    found = written("ImageMultiClass", [CAT, CAT, DOG], [DOG, DOG, DOG], [])
    said = [
        Response(0, "ann", 4.0, CAT),
        Response(0, "bob", 6.0, DOG),
        Response(1, "ann", 2.0, DOG),
        Response(1, "bob", 2.0, DOG),
    ]
    told = summary(found, said, task_of(found, "pet"), NAMES)
    assert told["Labels"] == {"cat": 1, "dog": 1}
    assert (told["Objects"], told["Labeled"], told["Failed"]) == (3, 2, 1)
    assert told["Agreement"] == 0.5
    assert told["Workers"] == [
        {"Worker": "ann", "Answers": 2, "Accuracy": 1.0, "MeanSeconds": 3.0},
        {"Worker": "bob", "Answers": 2, "Accuracy": 0.5, "MeanSeconds": 4.0},
    ]


def test_boxes_are_counted_and_workers_rated_by_overlap() -> None:
    found = written("BoundingBox", [box("cat", 10), box("cat", 12)])
    said = [Response(0, "ann", 1.0, box("cat", 11)), Response(0, "bob", 1.0, box("cat", 300))]
    told = summary(found, said, task_of(found, "pet"), NAMES)
    assert told["Labels"] == {"cat": 1}
    assert [one["Accuracy"] for one in told["Workers"]] == [1.0, 0.0]


@pytest.mark.parametrize(
    ("task", "one", "other", "wanted"),
    [
        pytest.param("ImageMultiClass", "cat", "dog", 0.0, id="choice"),
        pytest.param(
            "TextMultiClassMultiLabel", frozenset("ab"), frozenset("bc"), 1 / 3, id="several"
        ),
        pytest.param("BoundingBox", [], [], 1.0, id="no-boxes"),
    ],
)
def test_labels_are_alike_by_what_they_share(
    task: str, one: Any, other: Any, wanted: float
) -> None:
    assert likeness(task, one, other) == pytest.approx(wanted)


def test_two_jobs_are_compared_by_what_was_labeled() -> None:
    one = written("ImageMultiClass", [CAT], [DOG], [CAT])
    other = written("ImageMultiClass", [CAT], [CAT])
    found = compared(one, other, "ImageMultiClass")
    assert (found["Objects"], found["OnlyInFirst"], found["OnlyInSecond"]) == (2, 1, 0)
    assert found["Agreement"] == 0.5
    [difference] = found["Differences"]
    assert difference["Source"] == "s3://pets/1.png"
    assert (difference["First"], difference["Second"]) == ("dog", "cat")


@pytest.mark.parametrize(
    "task",
    ["ImageMultiClass", "ImageMultiClassMultiLabel", "BoundingBox", "NamedEntityRecognition"],
)
def test_what_nobody_labeled_is_like_nothing_but_its_kind(task: str) -> None:
    assert likeness(task, None, None) == 1.0
    assert likeness(task, None, frozenset()) == 0.0
    assert likeness(task, [], None) == 0.0


METADATA = {"class-name": "cat", "confidence": 0.5, "type": "groundtruth/image-classification"}


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("[1]", id="list"),
        pytest.param("[" * 5000, id="deep"),
        pytest.param('{"pet": 0, "pet-metadata": null}', id="metadata-null"),
        pytest.param('{"pet": 0, "pet-metadata": "x"}', id="metadata-text"),
        pytest.param(
            json.dumps({"pet": 0, "pet-metadata": METADATA | {"confidence": "high"}}),
            id="confidence",
        ),
        pytest.param(
            json.dumps({"pet": 0, "pet-metadata": METADATA | {"confidence": float("nan")}}),
            id="no-number",
        ),
        pytest.param(
            json.dumps({"pet": 0, "pet-metadata": METADATA | {"class-name": ["cat"]}}),
            id="name",
        ),
    ],
)
def test_a_line_that_no_job_wrote_is_told_with_its_number(line: str) -> None:
    good = json.dumps({"source": "a", "pet": 0, "pet-metadata": METADATA})
    with pytest.raises(ValueError, match=r"line 3: "):
        list(rows([good, "\n", line], "pet"))


@pytest.mark.parametrize(
    "said",
    [
        pytest.param('{"answers": ["x"]}', id="text"),
        pytest.param('{"answers": [{"workerId": "a", "answerContent": []}]}', id="content"),
        pytest.param("[]", id="list"),
        pytest.param("[" * 5000, id="deep"),
    ],
)
def test_answers_that_no_job_wrote_are_told_of(said: str) -> None:
    with pytest.raises(ValueError, match=r"JSON object|nested too deep"):
        list(responses(0, said))


def test_coco_has_images_boxes_and_categories() -> None:
    found = json.loads(exports.coco(written("BoundingBox", [box("dog", 10)]), NAMES))
    assert found["images"] == [
        {"id": 1, "file_name": "s3://pets/0.png", "width": 640, "height": 480}
    ]
    [annotation] = found["annotations"]
    assert annotation["bbox"] == [10, 10, 50, 40]
    assert annotation["category_id"] == 2
    assert [one["name"] for one in found["categories"]] == ["cat", "dog"]


def test_coco_takes_no_choices() -> None:
    with pytest.raises(ValueError, match="COCO is for boxes"):
        exports.coco(written("ImageMultiClass", [CAT]), NAMES)


def test_csv_has_a_line_for_each_object() -> None:
    found = written("ImageMultiClassMultiLabel", [{"c": {"labels": ["cat", "dog"]}}], [])
    heading, first, second = csv.reader(io.StringIO(exports.as_csv(found, "pet")))
    assert heading == list(exports.COLUMNS)
    assert first[:3] == ["0", "s3://pets/0.png", "cat|dog"]
    assert second[2:] == ["", "", "null"]


def test_json_lines_keep_the_manifest() -> None:
    [line] = exports.jsonl(written("ImageMultiClass", [CAT])).splitlines()
    assert json.loads(line)["labels"] == ["cat"]
    assert json.loads(line)["pet"] == 0


def test_parquet_reads_back(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is an extra: labeling")
    path = tmp_path / "pets.parquet"
    exports.write_parquet(written("ImageMultiClass", [CAT], []), "pet", path)
    found = parquet.read_table(path).to_pylist()
    assert [row["labels"] for row in found] == [["cat"], []]
    exports.write_parquet([], "pet", path)
    assert parquet.read_table(path).num_rows == 0


def test_responses_are_read_as_the_service_writes_them() -> None:
    one = {"workerId": "w", "timeSpentInSeconds": 3, "answerContent": CAT}
    assert list(responses(7, json.dumps({"answers": [one]}))) == [Response(7, "w", 3.0, CAT)]
