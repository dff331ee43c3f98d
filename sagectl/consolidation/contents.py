"""What workers submit for the built-in tasks, read into what can be put together.

Contents are those of the crowd HTML elements: developer guide, "Crowd HTML Elements Reference".
"""

from __future__ import annotations

from base64 import b64decode
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sagectl.consolidation import paintings
from sagectl.consolidation.boxes import Box
from sagectl.consolidation.entities import Mark
from sagectl.consolidation.paintings import Painting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_MOST = 1 << 31


class ContentError(ValueError):
    """An answer is not what the task's form submits."""


def readable(
    task: str,
    content: Mapping[str, Any],
    labels: Sequence[str],
    beside: Mapping[str, Any] | None = None,
    text: str | None = None,
) -> None:
    """Raises ContentError for an answer that ``consolidated`` could not read.

    ``beside`` is another answer to the same object, which it must go with; ``text`` is the
    object itself where it is a text.
    """
    if task not in READERS:
        return
    classes = {name: index for index, name in enumerate(labels)}
    found = READERS[task](content, classes)
    if READERS[task] is drawn_boxes:
        _require_inside(found, image_size(content))
    if READERS[task] is marks and text is not None:
        _require_within(found, len(text))
    if isinstance(found, Painting):
        try:
            found.mask(labels)
            if beside is not None:
                paintings.same_size(found, painting(beside, classes))
        except paintings.PaintingError as error:
            raise ContentError(str(error)) from error


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


def one_label(content: Mapping[str, Any], classes: Mapping[str, int]) -> int:
    return _class(_element(content, "label"), classes)


def label_set(content: Mapping[str, Any], classes: Mapping[str, int]) -> frozenset[int]:
    names = _element(content, "labels")
    if not isinstance(names, list):
        raise ContentError(f"labels must be a list, not {names!r:.60}")
    return frozenset(_class(name, classes) for name in names)


def drawn_boxes(content: Mapping[str, Any], classes: Mapping[str, int]) -> list[Box]:
    image_size(content)
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


def _require_inside(drawn: Sequence[Box], size: Mapping[str, int]) -> None:
    """Refuse boxes without an inside, or beyond the image where its size is known."""
    wide, high = (size[side] or _MOST for side in ("width", "height"))
    if min(wide, high) < 0:
        raise ContentError(f"an image is not {wide} by {high} pixels large")
    for box in drawn:
        if box.width <= 0 or box.height <= 0:
            raise ContentError(f"a box of {box.width:g} by {box.height:g} pixels has no inside")
        right, lower = box.left + box.width, box.top + box.height
        # Less than a pixel comes of scaling.
        if min(box.left, box.top) <= -1 or right >= wide + 1 or lower >= high + 1:
            raise ContentError(
                f"a box from {box.left:g}, {box.top:g} to {right:g}, {lower:g}"
                " reaches beyond the image"
            )


def _pixels(value: Any) -> float:
    """A length in an image: a number that is one, as far as images go."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ContentError(f"{value!r:.60} is no number of pixels")
    if not -_MOST <= value <= _MOST:  # not a number is in no range
        raise ContentError(f"{value!r:.60} is beyond any image")
    return float(value)


def marks(content: Mapping[str, Any], classes: Mapping[str, int]) -> list[Mark]:
    names = list(classes)
    try:
        found = [
            Mark(
                names[_class(row.get("label"), classes)],
                _offset(row["startOffset"]),
                _offset(row["endOffset"]),
            )
            for row in _element(content, "entities")
        ]
    except (TypeError, KeyError, AttributeError) as error:
        raise ContentError(f"an entity lacks an offset: {error}") from error
    for mark in found:
        if not 0 <= mark.start < mark.end:
            raise ContentError(f"an entity goes from {mark.start} to {mark.end}")
    return found


def _require_within(found: Sequence[Mark], length: int) -> None:
    for mark in found:
        if mark.end > length:
            raise ContentError(
                f"an entity goes from {mark.start} to {mark.end},"
                f" and the text has {length} characters"
            )


def _offset(value: Any) -> int:
    """A place in a text: a whole number, as far as texts go."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value % 1:
        raise ContentError(f"an offset is no whole number: {value!r:.60}")
    if not abs(value) <= _MOST:
        raise ContentError(f"{value!r:.60} is beyond any text")
    return int(value)


def painting(content: Mapping[str, Any], classes: Mapping[str, int]) -> Painting:
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


def image_size(content: Mapping[str, Any]) -> dict[str, int]:
    """What the form saw of the image; zeros where it did not say."""
    for element in content.values():
        seen = element.get("inputImageProperties") if isinstance(element, dict) else None
        if isinstance(seen, dict):
            return {side: int(_pixels(seen.get(side, 0))) for side in ("width", "height")}
    return {"width": 0, "height": 0}


def is_changed(content: Mapping[str, Any]) -> bool:
    """Whether a worker changed what the form of an adjustment began with."""
    return any(
        isinstance(element, dict) and element.get("initialValueModified") is True
        for element in (content, *content.values())
    )


def comment(content: Mapping[str, Any]) -> str:
    """What a worker remarked on a judgment, if anything."""
    elements = (one for one in (content, *content.values()) if isinstance(one, dict))
    said = next((one["workerComment"] for one in elements if "workerComment" in one), "")
    return said if isinstance(said, str) else ""


READERS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "ImageMultiClass": one_label,
        "TextMultiClass": one_label,
        "VideoMultiClass": one_label,
        "ImageMultiClassMultiLabel": label_set,
        "TextMultiClassMultiLabel": label_set,
        "BoundingBox": drawn_boxes,
        "NamedEntityRecognition": marks,
        "SemanticSegmentation": painting,
        "AdjustmentBoundingBox": drawn_boxes,
        "AdjustmentSemanticSegmentation": painting,
        "VerificationBoundingBox": one_label,
        "VerificationSemanticSegmentation": one_label,
    }
)
