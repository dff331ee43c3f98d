"""The label that comes of what several workers submitted for one of the built-in tasks.

Labels are those of Ground Truth's output manifests: developer guide, "Output Data".
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from sagectl.consolidation import boxes, choices, contents, entities, paintings
from sagectl.consolidation.contents import ContentError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Annotation(NamedTuple):
    """What one worker submitted for one object: the elements of the form by their names."""

    worker: str
    content: Mapping[str, Any]


class Label(NamedTuple):
    """The value of the label attribute, and the ``-metadata`` beside it.

    A value of bytes is a PNG picture to be kept as a file, whose address the attribute is.
    """

    value: Any
    metadata: dict[str, Any]


class Consolidator(Protocol):
    """Makes the labels of one task: one for each object, None where nobody answered."""

    def __call__(
        self, answers: Sequence[Sequence[Annotation]], labels: Sequence[str], /
    ) -> list[Label | None]: ...


def consolidated(
    task: str,
    answers: Sequence[Sequence[Annotation]],
    labels: Sequence[str],
    short_names: Mapping[str, str] = MappingProxyType({}),
) -> list[Label | None]:
    """One label for each object that somebody answered; a custom task keeps all answers.

    ``short_names`` are told beside the names of entities that have one. Raises ContentError.
    """
    consolidator: Consolidator = CONSOLIDATORS.get(task, _all)
    found = consolidator(answers, labels)
    if task == "NamedEntityRecognition":
        for label in found:
            for row in label.value["annotations"]["labels"] if label else ():
                if short := short_names.get(row["label"]):
                    row["shortDisplayName"] = short
    return found


def _single(kind: str) -> Consolidator:
    """One label of the category file; its value is its place there, from 0."""

    def single(
        answers: Sequence[Sequence[Annotation]], labels: Sequence[str]
    ) -> list[Label | None]:
        classes = {name: index for index, name in enumerate(labels)}
        rows = [
            [(one.worker, contents.one_label(one.content, classes)) for one in given]
            for given in answers
        ]
        return [
            found
            and Label(
                found.label,
                {
                    "class-name": labels[found.label],
                    "confidence": found.confidence,
                    "type": kind,
                },
            )
            for found in choices.single(rows, len(labels))
        ]

    return single


def _multiple(kind: str) -> Consolidator:
    def multiple(
        answers: Sequence[Sequence[Annotation]], labels: Sequence[str]
    ) -> list[Label | None]:
        classes = {name: index for index, name in enumerate(labels)}
        rows = [
            [(one.worker, contents.label_set(one.content, classes)) for one in given]
            for given in answers
        ]
        return [
            None
            if found is None
            else Label(
                list(found),
                {
                    "class-map": {str(label): labels[label] for label in found},
                    "confidence-map": {str(label): sure for label, sure in found.items()},
                    "type": kind,
                },
            )
            for found in choices.multiple(rows, len(labels))
        ]

    return multiple


def _drawn(
    answers: Sequence[Sequence[Annotation]], labels: Sequence[str]
) -> list[Label | None]:
    classes = {name: index for index, name in enumerate(labels)}
    return [_drawing(given, classes) if given else None for given in answers]


def _drawing(given: Sequence[Annotation], classes: Mapping[str, int]) -> Label:
    agreed = boxes.consolidated([contents.drawn_boxes(one.content, classes) for one in given])
    size = contents.image_size(given[0].content)
    rows = [
        {
            "class_id": one.box.label,
            **{
                side: round(getattr(one.box, side))
                for side in ("top", "left", "height", "width")
            },
        }
        for one in agreed
    ]
    names = list(classes)
    used = sorted({one.box.label for one in agreed})
    return Label(
        {
            "annotations": rows,
            "image_size": [{**size, "depth": 3}],
        },
        {
            "objects": [{"confidence": one.confidence} for one in agreed],
            "class-map": {str(label): names[label] for label in used},
            "type": "groundtruth/object-detection",
        },
    )


def _marked(
    answers: Sequence[Sequence[Annotation]], labels: Sequence[str]
) -> list[Label | None]:
    classes = {name: index for index, name in enumerate(labels)}
    return [_marking(given, classes) if given else None for given in answers]


def _marking(given: Sequence[Annotation], classes: Mapping[str, int]) -> Label:
    agreed = entities.consolidated([contents.marks(one.content, classes) for one in given])
    rows = [
        {"label": one.mark.label, "startOffset": one.mark.start, "endOffset": one.mark.end}
        for one in agreed
    ]
    return Label(
        {"annotations": {"entities": rows, "labels": [{"label": name} for name in classes]}},
        {
            "entities": [{"confidence": one.confidence} for one in agreed],
            "type": "groundtruth/text-span",
        },
    )


def _paintings(
    answers: Sequence[Sequence[Annotation]], labels: Sequence[str]
) -> list[Label | None]:
    classes = {name: index for index, name in enumerate(labels)}
    return [_vote(given, classes) if given else None for given in answers]


def _vote(given: Sequence[Annotation], classes: Mapping[str, int]) -> Label:
    try:
        png, shown = paintings.consolidated(
            [contents.painting(one.content, classes) for one in given], tuple(classes)
        )
    except paintings.PaintingError as error:
        raise ContentError(str(error)) from error
    return Label(
        png, {"internal-color-map": shown, "type": "groundtruth/semantic-segmentation"}
    )


def _judged(
    answers: Sequence[Sequence[Annotation]], labels: Sequence[str]
) -> list[Label | None]:
    """Judgments of earlier labels, with what workers remarked on them, if anything.

    Developer guide, "Output Data": "Label Verification Job Output".
    """
    judged = _single("groundtruth/label-verification")(answers, labels)
    for label, given in zip(judged, answers, strict=True):
        said = [text for one in given if (text := contents.comment(one.content))]
        if label is not None and said:
            label.metadata["worker-feedback"] = [{"comment": text} for text in said]
    return judged


def _adjusted(
    answers: Sequence[Sequence[Annotation]], labels: Sequence[str]
) -> list[Label | None]:
    """Corrected boxes: ``adjusted`` if at least one worker changed any, else ``unadjusted``.

    Developer guide, "Output Data": "Bounding Box Job Output".
    """
    drawn = _drawn(answers, labels)
    for label, given in zip(drawn, answers, strict=True):
        if label is not None:
            is_changed = any(contents.is_changed(one.content) for one in given)
            status = "adjusted" if is_changed else "unadjusted"
            label.metadata["adjustment-status"] = status
    return drawn


def _all(answers: Sequence[Sequence[Annotation]], _labels: Sequence[str]) -> list[Label | None]:
    """Every answer as it is: only the author of a custom task knows what it means."""
    return [
        Label(
            {
                "annotationsFromAllWorkers": [
                    {"workerId": one.worker, "annotationData": {"content": one.content}}
                    for one in given
                ]
            },
            {"type": "groundtruth/custom"},
        )
        if given
        else None
        for given in answers
    ]


CONSOLIDATORS: Mapping[str, Consolidator] = MappingProxyType(
    {
        "ImageMultiClass": _single("groundtruth/image-classification"),
        "TextMultiClass": _single("groundtruth/text-classification"),
        "VideoMultiClass": _single("groundtruth/video-classification"),
        "ImageMultiClassMultiLabel": _multiple("groundtruth/image-classification-multilabel"),
        "TextMultiClassMultiLabel": _multiple("groundtruth/text-classification-multilabel"),
        "BoundingBox": _drawn,
        "NamedEntityRecognition": _marked,
        "SemanticSegmentation": _paintings,
        "AdjustmentBoundingBox": _adjusted,
        "AdjustmentSemanticSegmentation": _paintings,
        "VerificationBoundingBox": _judged,
        "VerificationSemanticSegmentation": _judged,
    }
)
