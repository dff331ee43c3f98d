"""What comes of several workers' answers."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import numpy as np
import pytest

from sagectl.consolidation import boxes, choices, entities, masks
from sagectl.consolidation.boxes import Box
from sagectl.consolidation.contents import ContentError, readable
from sagectl.consolidation.entities import Mark
from sagectl.consolidation.tasks import Annotation, consolidated

LABELS = ("cat", "dog", "bird")


def answers(*contents: dict[str, Any]) -> list[Annotation]:
    return [Annotation(f"w{number}", content) for number, content in enumerate(contents)]


def test_boxes_of_the_same_thing_are_averaged() -> None:
    drawn = [[Box(0, 10, 10, 100, 50)], [Box(0, 14, 12, 100, 50)], [Box(0, 12, 8, 100, 50)]]
    [found] = boxes.consolidated(drawn)
    assert found.box == Box(0, 12, 10, 100, 50)
    assert 0.85 < found.confidence < 1


def test_a_box_that_one_of_three_drew_is_dropped() -> None:
    box = Box(0, 10, 10, 100, 50)
    far = Box(0, 400, 400, 30, 30)
    assert [one.box for one in boxes.consolidated([[box], [box, far], [box]])] == [box]


def test_boxes_of_other_labels_stay_apart() -> None:
    cat, dog = Box(0, 10, 10, 100, 50), Box(1, 10, 10, 100, 50)
    found = boxes.consolidated([[cat, dog], [cat, dog]])
    assert sorted(one.box.label for one in found) == [0, 1]


def test_two_boxes_of_one_worker_are_two_things() -> None:
    left, right = Box(0, 0, 0, 100, 100), Box(0, 20, 0, 100, 100)
    found = boxes.consolidated([[left, right]] * 3)
    assert [one.box for one in found] == [left, right]


def test_boxes_of_noisy_workers_come_close_to_the_truth() -> None:
    random = np.random.default_rng(3)
    truth = [Box(0, 50.0, 40.0, 120.0, 80.0), Box(1, 300.0, 200.0, 60.0, 90.0)]

    def worker() -> list[Box]:
        noise = random.normal(0, 4, (2, 4))
        return [
            Box(one.label, *(one[1:] + each)) for one, each in zip(truth, noise, strict=True)
        ]

    drawn = [worker() for _ in range(5)]
    found = [one.box for one in boxes.consolidated(drawn)]

    def fit(boxes_: list[Box]) -> float:
        return sum(map(boxes.overlap, boxes_, truth)) / len(truth)

    assert fit(found) > max(0.85, sum(map(fit, drawn)) / len(drawn))


def test_marks_that_overlap_become_the_one_most_chose() -> None:
    marked = [[Mark("city", 3, 9)], [Mark("city", 3, 9)], [Mark("city", 4, 9)]]
    [found] = entities.consolidated(marked)
    assert found.mark == Mark("city", 3, 9)
    assert found.confidence == pytest.approx((1 + 1 + 5 / 6) / 3, abs=1e-4)


def test_a_mark_of_one_of_three_is_dropped_and_labels_stay_apart() -> None:
    marked = [[Mark("city", 3, 9)], [Mark("name", 3, 9)], []]
    assert entities.consolidated(marked) == []


def test_pixels_go_to_the_class_most_gave_them() -> None:
    one = np.array([[0, 1], [1, 1]])
    other = np.array([[0, 0], [1, 1]])
    found = masks.consolidated([one, other, one], 2)
    assert found.mask.tolist() == [[0, 1], [1, 1]]
    assert found.confidence == pytest.approx(11 / 12, abs=1e-4)


def test_a_single_choice_has_the_form_of_the_output_manifest() -> None:
    given = [answers(*({"c": {"label": "dog"}},) * 3), []]
    label, nothing = consolidated("ImageMultiClass", given, LABELS)
    assert nothing is None
    assert label is not None
    assert label.value == 1
    assert label.metadata["class-name"] == "dog"
    assert label.metadata["type"] == "groundtruth/image-classification"
    assert label.metadata["confidence"] > 0.9


def test_one_worker_alone_gives_no_confidence() -> None:
    [label] = consolidated("TextMultiClass", [answers({"c": {"label": "cat"}})], LABELS)
    assert label is not None
    assert label.metadata["confidence"] == 0.0


def test_every_label_is_a_question_of_its_own() -> None:
    one, two = {"c": {"labels": ["cat", "dog"]}}, {"c": {"labels": ["cat"]}}
    [label] = consolidated("ImageMultiClassMultiLabel", [answers(one, two, two)], LABELS)
    assert label is not None
    assert label.value == [0, 1]
    assert label.metadata["class-map"] == {"0": "cat", "1": "dog"}
    sure = label.metadata["confidence-map"]
    assert sure["0"] > 0.9
    assert sure["1"] < 0.5


def test_boxes_have_the_form_of_the_output_manifest() -> None:
    row = {"label": "dog", "left": 1, "top": 2, "width": 30, "height": 40}
    size = {"width": 640, "height": 480}
    content = {"boundingBox": {"boundingBoxes": [row], "inputImageProperties": size}}
    [label] = consolidated("BoundingBox", [answers(content, content)], LABELS)
    assert label is not None
    assert label.value == {
        "annotations": [{"class_id": 1, "left": 1, "top": 2, "width": 30, "height": 40}],
        "image_size": [{"width": 640, "height": 480, "depth": 3}],
    }
    assert label.metadata["objects"] == [{"confidence": 1.0}]
    assert label.metadata["class-map"] == {"1": "dog"}


def test_names_have_the_form_of_the_output_manifest() -> None:
    row = {"label": "cat", "startOffset": 2, "endOffset": 5}
    [label] = consolidated(
        "NamedEntityRecognition", [answers({"e": {"entities": [row]}})], LABELS
    )
    assert label is not None
    assert label.value["annotations"]["entities"] == [row]


def test_a_judgment_comes_with_what_workers_remarked() -> None:
    bad = {"label": "dog", "workerComment": "The box is too wide."}
    given = answers({"c": bad}, {"c": {"label": "dog"}}, {"c": {"label": "cat"}})
    [label] = consolidated("VerificationBoundingBox", [given], LABELS)
    assert label is not None
    assert (label.value, label.metadata["class-name"]) == (1, "dog")
    assert label.metadata["type"] == "groundtruth/label-verification"
    assert label.metadata["worker-feedback"] == [{"comment": "The box is too wide."}]


def test_a_judgment_without_remarks_has_no_feedback() -> None:
    given = answers({"c": {"label": "dog", "workerComment": ""}})
    [label] = consolidated("VerificationSemanticSegmentation", [given], LABELS)
    assert label is not None
    assert "worker-feedback" not in label.metadata


@pytest.mark.parametrize(("modified", "status"), [(True, "adjusted"), (False, "unadjusted")])
def test_corrected_boxes_say_whether_any_was_changed(modified: bool, status: str) -> None:
    row = {"label": "dog", "left": 1, "top": 2, "width": 30, "height": 40}
    one, other = (
        {"b": {"boundingBoxes": [row], "initialValueModified": is_changed}}
        for is_changed in (False, modified)
    )
    [label] = consolidated("AdjustmentBoundingBox", [answers(one, other)], LABELS)
    assert label is not None
    assert label.value["annotations"][0]["class_id"] == 1
    assert label.metadata["type"] == "groundtruth/object-detection"
    assert label.metadata["adjustment-status"] == status


def test_a_custom_task_keeps_every_answer() -> None:
    [label] = consolidated("", [answers({"note": "x"}, {"note": "y"})], ())
    assert label is not None
    assert len(label.value["annotationsFromAllWorkers"]) == 2


@pytest.mark.parametrize(
    ("task", "content"),
    [
        pytest.param("ImageMultiClass", {"c": {"label": "fish"}}, id="unknown-label"),
        pytest.param("ImageMultiClass", {}, id="empty"),
        pytest.param("ImageMultiClassMultiLabel", {"c": {"labels": "cat"}}, id="no-list"),
        pytest.param(
            "BoundingBox", {"b": {"boundingBoxes": [{"label": "cat"}]}}, id="no-sides"
        ),
        pytest.param("BoundingBox", {"b": {"boundingBoxes": [3]}}, id="no-box"),
        pytest.param(
            "NamedEntityRecognition", {"e": {"entities": [{"label": "cat"}]}}, id="no-offsets"
        ),
    ],
)
def test_an_answer_that_the_form_cannot_have_made_is_refused(
    task: str, content: dict[str, Any]
) -> None:
    with pytest.raises(ContentError):
        readable(task, content, LABELS)


def test_a_box_may_pass_the_edge_by_less_than_a_pixel() -> None:
    row = {"label": "cat", "left": -0.4, "top": 0, "width": 100.7, "height": 50.4}
    seen = {"width": 100, "height": 50}
    content = {"b": {"boundingBoxes": [row], "inputImageProperties": seen}}
    readable("BoundingBox", content, LABELS)


BOX = {"label": "cat", "left": 1, "top": 2, "width": 3, "height": 4}
ENTITY = {"label": "cat", "startOffset": 0, "endOffset": 3}


@pytest.mark.parametrize(
    ("task", "content"),
    [
        pytest.param("BoundingBox", {"boundingBoxes": [BOX | {"left": nan}]}, id="no-number"),
        pytest.param("BoundingBox", {"boundingBoxes": [BOX | {"top": inf}]}, id="infinite"),
        pytest.param("BoundingBox", {"boundingBoxes": [BOX | {"top": "9"}]}, id="text"),
        pytest.param("BoundingBox", {"boundingBoxes": [BOX | {"width": 10**400}]}, id="vast"),
        pytest.param("BoundingBox", {"boundingBoxes": [BOX | {"width": -3}]}, id="inside-out"),
        pytest.param("BoundingBox", {"boundingBoxes": [BOX | {"height": 0}]}, id="flat"),
        pytest.param("BoundingBox", {"boundingBoxes": [BOX | {"left": -2}]}, id="outside"),
        pytest.param(
            "BoundingBox",
            {
                "b": {
                    "boundingBoxes": [BOX],
                    "inputImageProperties": {"width": 4, "height": 4},
                }
            },
            id="beyond-the-image",
        ),
        pytest.param(
            "BoundingBox",
            {"b": {"boundingBoxes": [], "inputImageProperties": {"width": -4}}},
            id="negative-image",
        ),
        pytest.param(
            "NamedEntityRecognition", {"entities": [ENTITY | {"endOffset": 2.5}]}, id="half"
        ),
        pytest.param(
            "NamedEntityRecognition", {"entities": [ENTITY | {"endOffset": "3"}]}, id="digits"
        ),
        pytest.param(
            "NamedEntityRecognition", {"entities": [ENTITY | {"endOffset": True}]}, id="truth"
        ),
        pytest.param(
            "BoundingBox",
            {"b": {"boundingBoxes": [BOX], "inputImageProperties": {"width": "wide"}}},
            id="image-size",
        ),
        pytest.param(
            "NamedEntityRecognition", {"entities": [ENTITY | {"endOffset": inf}]}, id="offset"
        ),
        pytest.param(
            "NamedEntityRecognition", {"entities": [ENTITY | {"endOffset": "x"}]}, id="word"
        ),
        pytest.param(
            "NamedEntityRecognition", {"entities": [ENTITY | {"endOffset": 0}]}, id="empty"
        ),
    ],
)
def test_an_answer_that_would_keep_a_job_from_its_end_is_refused(
    task: str, content: dict[str, object]
) -> None:
    with pytest.raises(ContentError):
        readable(task, content, ["cat"])


def test_named_entities_carry_the_short_names_of_their_labels() -> None:
    mark = {"label": "Date", "startOffset": 0, "endOffset": 4}
    given = [[Annotation("ann", {"e": {"entities": [mark]}})], []]
    labels, short = ("Date", "Verb"), {"Date": "dt"}
    found, nothing = consolidated("NamedEntityRecognition", given, labels, short)
    assert nothing is None
    assert found is not None
    rows = [{"label": "Date", "shortDisplayName": "dt"}, {"label": "Verb"}]
    assert found.value["annotations"]["labels"] == rows


@pytest.mark.parametrize("classes", [4, 5_000], ids=["few", "thousands"])
def test_choices_of_thousands_of_labels_take_little_memory(classes: int) -> None:
    import tracemalloc

    workers = [f"worker-{number}" for number in range(100)]
    # Each object has three answers, of which one is wrong.
    answers = [
        [(workers[(3 * number + at) % 100], (number + (at == 2)) % classes) for at in range(3)]
        for number in range(1_000)
    ]
    tracemalloc.start()
    found = choices.single([*answers, []], classes)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found[-1] is None
    assert [one and one.label for one in found[:-1]] == [n % classes for n in range(1_000)]
    assert peak < 64 << 20


def test_a_majority_is_decided_as_an_estimate_is_where_workers_are_alike(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = [[("ann", 2), ("bob", 1)], [("ann", 0), ("bob", 0)], [("bob", 1)], []]
    estimated = choices.single(answers, 3)
    monkeypatch.setattr(choices, "MOST_CELLS", 0)
    counted = choices.single(answers, 3)
    assert [one and one.label for one in counted] == [1, 0, 1, None]
    assert [one and one.label for one in estimated][1:] == [0, 1, None]
    assert [one and one.confidence for one in counted] == [0.5, 1.0, 0.0, None]
