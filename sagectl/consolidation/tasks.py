"""What workers submit for the built-in tasks, and the label that comes of it.

Contents are those of the crowd HTML elements, labels those of Ground Truth's output manifests:
developer guide, "Crowd HTML Elements Reference" and "Output Data".
"""

from __future__ import annotations

from base64 import b64decode
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from sagectl.consolidation import boxes, choices, entities, paintings
from sagectl.consolidation.boxes import Box
from sagectl.consolidation.entities import Mark
from sagectl.consolidation.paintings import Painting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


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


_MOST_PIXELS = 1 << 31


class ContentError(ValueError):
    """An answer is not what the task's form submits."""


def readable(
    task: str,
    content: Mapping[str, Any],
    labels: Sequence[str],
    beside: Mapping[str, Any] | None = None,
) -> None:
    """Raises ContentError for an answer that ``consolidated`` could not read.

    ``beside`` is another answer to the same object, which it must go with.
    """
    if task not in READERS:
        return
    classes = {name: index for index, name in enumerate(labels)}
    found = READERS[task](content, classes)
    if isinstance(found, Painting):
        try:
            found.mask(labels)
            if beside is not None:
                paintings.same_size(found, _painted(beside, classes))
        except paintings.PaintingError as error:
            raise ContentError(str(error)) from error


def consolidated(
    task: str, answers: Sequence[Sequence[Annotation]], labels: Sequence[str]
) -> list[Label | None]:
    """One label for each object that somebody answered; a custom task keeps all answers.

    Raises ContentError.
    """
    consolidator: Consolidator = CONSOLIDATORS.get(task, _all)
    return consolidator(answers, labels)


def _element(content: Mapping[str, Any], member: str) -> Any:
    """The only element of a form that has ``member``, or the form itself."""
    for element in (content, *content.values()):
        if isinstance(element, dict) and member in element:
            return element[member]
    raise ContentError(f"an answer has no {member}: {content!r:.120}")


def _class(name: Any, classes: Mapping[str, int]) -> int:
    if not isinstance(name, str) or name not in classes:
        raise ContentError(f"{name!r} is not one of the labels {', '.join(classes)}")
    return classes[name]


def _one(content: Mapping[str, Any], classes: Mapping[str, int]) -> int:
    return _class(_element(content, "label"), classes)


def _some(content: Mapping[str, Any], classes: Mapping[str, int]) -> frozenset[int]:
    names = _element(content, "labels")
    if not isinstance(names, list):
        raise ContentError(f"labels must be a list, not {names!r:.60}")
    return frozenset(_class(name, classes) for name in names)


def _boxes(content: Mapping[str, Any], classes: Mapping[str, int]) -> list[Box]:
    _image_size(content)
    try:
        return [
            Box(
                _class(row.get("label"), classes),
                *(_pixels(row[side]) for side in ("left", "top", "width", "height")),
            )
            for row in _element(content, "boundingBoxes")
        ]
    except (TypeError, KeyError, AttributeError) as error:
        raise ContentError(f"a box lacks a side: {error}") from error


def _pixels(value: Any) -> float:
    """A length in an image: a number that is one, as far as images go."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ContentError(f"{value!r:.60} is no number of pixels")
    if not -_MOST_PIXELS <= value <= _MOST_PIXELS:  # not a number is in no range
        raise ContentError(f"{value!r:.60} is beyond any image")
    return float(value)


def _marks(content: Mapping[str, Any], classes: Mapping[str, int]) -> list[Mark]:
    names = list(classes)
    try:
        found = [
            Mark(
                names[_class(row.get("label"), classes)],
                int(row["startOffset"]),
                int(row["endOffset"]),
            )
            for row in _element(content, "entities")
        ]
    except (TypeError, KeyError, AttributeError) as error:
        raise ContentError(f"an entity lacks an offset: {error}") from error
    except (ValueError, OverflowError) as error:
        raise ContentError(f"an offset is no whole number: {error}") from error
    for mark in found:
        if not 0 <= mark.start < mark.end:
            raise ContentError(f"an entity goes from {mark.start} to {mark.end}")
    return found


def _painted(content: Mapping[str, Any], classes: Mapping[str, int]) -> Painting:
    image, mappings = _element(content, "labeledImage"), _element(content, "labelMappings")
    data = image.get("pngImageData") if isinstance(image, dict) else None
    if not isinstance(data, str):
        raise ContentError(f"labeledImage has no pngImageData: {image!r:.60}")
    if len(data) > paintings.MOST_BYTES * 4 // 3 + 4:
        raise ContentError(f"a mask has {paintings.MOST_BYTES} bytes at most")
    try:
        png = b64decode(data, validate=True)
    except ValueError as error:
        raise ContentError(f"pngImageData is not in Base64: {error}") from error
    try:
        return paintings.submitted(png, mappings, classes)
    except paintings.PaintingError as error:
        raise ContentError(str(error)) from error


def _single(kind: str) -> Consolidator:
    def single(
        answers: Sequence[Sequence[Annotation]], labels: Sequence[str]
    ) -> list[Label | None]:
        classes = {name: index for index, name in enumerate(labels)}
        rows = [
            [(one.worker, _one(one.content, classes)) for one in given] for given in answers
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
            [(one.worker, _some(one.content, classes)) for one in given] for given in answers
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
    agreed = boxes.consolidated([_boxes(one.content, classes) for one in given])
    size = _image_size(given[0].content)
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


def _image_size(content: Mapping[str, Any]) -> dict[str, int]:
    """What the form saw of the image; zeros where it did not say."""
    for element in content.values():
        seen = element.get("inputImageProperties") if isinstance(element, dict) else None
        if isinstance(seen, dict):
            return {side: int(_pixels(seen.get(side, 0))) for side in ("width", "height")}
    return {"width": 0, "height": 0}


def _marked(
    answers: Sequence[Sequence[Annotation]], labels: Sequence[str]
) -> list[Label | None]:
    classes = {name: index for index, name in enumerate(labels)}
    return [_marking(given, classes) if given else None for given in answers]


def _marking(given: Sequence[Annotation], classes: Mapping[str, int]) -> Label:
    agreed = entities.consolidated([_marks(one.content, classes) for one in given])
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
            [_painted(one.content, classes) for one in given], tuple(classes)
        )
    except paintings.PaintingError as error:
        raise ContentError(str(error)) from error
    return Label(
        png, {"internal-color-map": shown, "type": "groundtruth/semantic-segmentation"}
    )


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


READERS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "ImageMultiClass": _one,
        "TextMultiClass": _one,
        "VideoMultiClass": _one,
        "ImageMultiClassMultiLabel": _some,
        "TextMultiClassMultiLabel": _some,
        "BoundingBox": _boxes,
        "NamedEntityRecognition": _marks,
        "SemanticSegmentation": _painted,
    }
)
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
    }
)
