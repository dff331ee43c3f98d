"""A finished job's labels as rows, and what they say about labels and workers."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.consolidation import paintings
from sagectl.consolidation.boxes import Box
from sagectl.consolidation.boxes import overlap as box_overlap
from sagectl.consolidation.contents import READERS, ContentError
from sagectl.consolidation.entities import Mark
from sagectl.consolidation.entities import overlap as mark_overlap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

# How much two answers must overlap to be counted as the same.
SAME = 0.5
# ``type`` of the metadata -> the built-in task whose answers these are.
TASKS = {
    "groundtruth/image-classification": "ImageMultiClass",
    "groundtruth/text-classification": "TextMultiClass",
    "groundtruth/video-classification": "VideoMultiClass",
    "groundtruth/image-classification-multilabel": "ImageMultiClassMultiLabel",
    "groundtruth/text-classification-multilabel": "TextMultiClassMultiLabel",
    "groundtruth/object-detection": "BoundingBox",
    "groundtruth/text-span": "NamedEntityRecognition",
    "groundtruth/semantic-segmentation": "SemanticSegmentation",
    "groundtruth/label-verification": "VerificationBoundingBox",
}
_MASK = "groundtruth/semantic-segmentation"


class Row(NamedTuple):
    """One object: its number and source, its label by name, and all of the manifest's line.

    ``labels`` are the names in the label, once for each box or mark; ``label`` is comparable.
    ``pixels`` says how many of them each label of a mask has; None for other labels.
    """

    number: int
    source: str
    label: Any
    labels: tuple[str, ...]
    confidence: float | None
    line: Mapping[str, Any]
    pixels: Mapping[str, int] | None = None


class Response(NamedTuple):
    """One worker's answer to object ``number``."""

    number: int
    worker: str
    seconds: float
    content: Mapping[str, Any]


def rows(
    lines: Iterable[str], attribute: str, fetch: Callable[[str], bytes] | None = None
) -> Iterator[Row]:
    """The rows of an output manifest whose labels are called ``attribute``.

    ``fetch`` gets the pictures that masks are in; without it they are addresses and no more.
    """
    at = 0
    for place, text in enumerate(lines, start=1):
        if text.strip():
            try:
                yield _row(at, text, attribute, fetch)
            except (ValueError, LookupError, TypeError) as error:
                raise ValueError(f"line {place}: {error}") from error
            at += 1


def _row(number: int, text: str, attribute: str, fetch: Callable[[str], bytes] | None) -> Row:
    line = _mapping(_read(text), "the line")
    metadata = _mapping(line.get(f"{attribute}-metadata", {}), f"{attribute}-metadata")
    source = str(line.get("source-ref", line.get("source", "")))
    value = line.get(attribute)
    if metadata.get("type") == _MASK and value is not None and fetch is not None:
        painting = paintings.stored(fetch(value), metadata)
        pixels = paintings.pixel_counts(painting)
        sure = _mean(metadata["internal-color-map"].values())
        return Row(number, source, painting, tuple(pixels), sure, line, pixels)
    label, names, confidence = _label(value, metadata)
    if not all(isinstance(name, str) for name in names):
        raise ValueError(f"a label is no text: {names!r:.80}")
    sure = None if confidence is None else float(confidence)
    return Row(number, source, label, names, sure, line)


def _read(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_number)
    except RecursionError as error:
        raise ValueError("is nested too deep") from error


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number in JSON")


def _mapping(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} is no JSON object: {value!r:.60}")
    return value


def responses(number: int, text: str) -> Iterator[Response]:
    """The answers in one file below ``worker-response``."""
    said = _mapping(_read(text), "the file")
    for one in said["answers"]:
        answer = _mapping(one, "an answer")
        seconds = float(answer.get("timeSpentInSeconds") or 0.0)
        content = _mapping(answer["answerContent"], "answerContent")
        yield Response(number, str(answer["workerId"]), seconds, content)


def task_of(found: Sequence[Row], attribute: str) -> str:
    """The built-in task whose labels these are, or nothing."""
    kinds = (row.line.get(f"{attribute}-metadata", {}).get("type") for row in found)
    return next((TASKS[kind] for kind in kinds if kind in TASKS), "")


def _label(
    value: Any, metadata: Mapping[str, Any]
) -> tuple[Any, tuple[str, ...], float | None]:
    kind = metadata.get("type", "")
    if value is None or kind not in TASKS or kind == _MASK:
        return value, (), None
    if kind == "groundtruth/object-detection":
        names = metadata.get("class-map", {})
        boxes = [
            (
                names.get(str(one["class_id"]), str(one["class_id"])),
                Box(0, *(float(one[side]) for side in ("left", "top", "width", "height"))),
            )
            for one in value["annotations"]
        ]
        return boxes, tuple(name for name, _ in boxes), _mean(metadata.get("objects", ()))
    if kind == "groundtruth/text-span":
        entities = value["annotations"]["entities"]
        marks = [Mark(one["label"], one["startOffset"], one["endOffset"]) for one in entities]
        return marks, tuple(mark.label for mark in marks), _mean(metadata.get("entities", ()))
    if kind.endswith("-multilabel"):
        sure = metadata.get("confidence-map", {})
        chosen = tuple(
            name
            for index, name in metadata.get("class-map", {}).items()
            # The value has all that anybody chose; one worker alone gives no confidence.
            if sure.get(index, 1.0) >= SAME or not any(sure.values())
        )
        return frozenset(chosen), chosen, sum(sure.values()) / len(sure) if sure else None
    name = metadata.get("class-name", str(value))
    return name, (name,), metadata.get("confidence")


def _mean(objects: Iterable[Mapping[str, Any]]) -> float | None:
    found = [float(one["confidence"]) for one in objects]
    return sum(found) / len(found) if found else None


# --- likeness of two labels, from 0 to 1


def _same(one: Any, other: Any) -> float:
    return float(one == other)


def _shared(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one | other else 1.0


def _matched(likeness: Callable[[Any, Any], float]) -> Callable[[Any, Any], float]:
    """The share of two lists that has a counterpart in the other."""

    def matched(one: Sequence[Any], other: Sequence[Any]) -> float:
        if not one and not other:
            return 1.0
        left, hits = list(other), 0
        for item in one:
            at = max(range(len(left)), key=lambda n: likeness(item, left[n]), default=-1)
            if at >= 0 and likeness(item, left[at]) >= SAME:
                left.pop(at)
                hits += 1
        return hits / (len(one) + len(other) - hits)

    return matched


def _like_boxes(one: tuple[str, Box], other: tuple[str, Box]) -> float:
    return box_overlap(one[1], other[1]) if one[0] == other[0] else 0.0


def _like_marks(one: Mark, other: Mark) -> float:
    return mark_overlap(one, other) if one.label == other.label else 0.0


LIKENESS: dict[str, Callable[[Any, Any], float]] = {
    "ImageMultiClassMultiLabel": _shared,
    "TextMultiClassMultiLabel": _shared,
    "BoundingBox": _matched(_like_boxes),
    "NamedEntityRecognition": _matched(_like_marks),
    "SemanticSegmentation": paintings.alike,
}


def likeness(task: str, one: Any, other: Any) -> float:
    """How alike two labels of a task are, from 0 to 1: equal, shared or matching parts."""
    if one is None or other is None:  # nobody labeled it
        return _same(one, other)
    return LIKENESS.get(task, _same)(one, other)


def answer_label(task: str, content: Mapping[str, Any], names: Sequence[str]) -> Any:
    """A worker's answer as a label that compares with a Row's. Raises ContentError."""
    if task not in READERS:
        raise ContentError("answers to a custom task cannot be compared")
    found = READERS[task](content, {name: index for index, name in enumerate(names)})
    if task == "BoundingBox":
        return [(names[box.label], box._replace(label=0)) for box in found]
    if task.endswith("MultiLabel"):
        return frozenset(names[index] for index in found)
    as_it_is = task in ("NamedEntityRecognition", "SemanticSegmentation")
    return found if as_it_is else names[found]


# --- what they say


def summary(
    found: Sequence[Row], said: Sequence[Response], task: str, names: Sequence[str]
) -> dict[str, Any]:
    """Counts of labels, agreement between workers, and how each worker did.

    A worker's accuracy is likeness to the consolidated label, which the worker took part in.
    """
    counts = Counter(name for row in found for name in row.labels)
    by_number: dict[int, list[tuple[Response, Any]]] = {}
    for one in said:
        if task in READERS:
            label = answer_label(task, one.content, names)
            by_number.setdefault(one.number, []).append((one, label))
    labels = {row.number: row.label for row in found}
    sure = [row.confidence for row in found if row.confidence is not None]
    labeled = sum(bool(row.labels) or row.label is not None for row in found)
    pixels: Counter[str] = Counter()
    for row in found:
        pixels.update(row.pixels or {})
    return {
        "Objects": len(found),
        "Labeled": labeled,
        "Failed": len(found) - labeled,
        "MeanConfidence": _rounded(sure),
        "Agreement": _agreement(by_number, task),
        "Labels": dict(counts.most_common()),
        **({"Pixels": dict(pixels.most_common())} if pixels else {}),
        "Workers": _workers(said, by_number, labels, task),
    }


def _agreement(answers: Mapping[int, list[tuple[Response, Any]]], task: str) -> float | None:
    """Mean likeness over all pairs of answers to the same object."""
    pairs = [
        likeness(task, one[1], other[1])
        for given in answers.values()
        for at, one in enumerate(given)
        for other in given[at + 1 :]
    ]
    return _rounded(pairs)


def _workers(
    said: Sequence[Response],
    answers: Mapping[int, list[tuple[Response, Any]]],
    labels: Mapping[int, Any],
    task: str,
) -> list[dict[str, Any]]:
    right: dict[str, list[float]] = {}
    for number, given in answers.items():
        for one, label in given:
            if (truth := labels.get(number)) is not None:
                right.setdefault(one.worker, []).append(likeness(task, label, truth))
    spent: dict[str, list[float]] = {}
    for one in said:
        spent.setdefault(one.worker, []).append(one.seconds)
    return [
        {
            "Worker": worker,
            "Answers": len(seconds),
            "Accuracy": _rounded(right.get(worker, [])),
            "MeanSeconds": _rounded(seconds, 1),
        }
        for worker, seconds in sorted(spent.items())
    ]


def compared(one: Sequence[Row], other: Sequence[Row], task: str) -> dict[str, Any]:
    """How the labels of two jobs on the same objects agree, object by object."""
    theirs = {row.source: row for row in other}
    both = [(row, theirs[row.source]) for row in one if row.source in theirs]
    rated = [(likeness(task, a.label, b.label), a, b) for a, b in both]
    return {
        "Objects": len(rated),
        "OnlyInFirst": len(one) - len(rated),
        "OnlyInSecond": len(other) - len(rated),
        "Agreement": _rounded([rate for rate, _, _ in rated]),
        "Differences": [
            {
                "Source": a.source,
                "First": ", ".join(a.labels),
                "Second": ", ".join(b.labels),
                "Likeness": round(rate, 4),
            }
            for rate, a, b in sorted(rated, key=lambda row: row[0])
            if rate < 1
        ],
    }


def _rounded(values: Sequence[float], digits: int = 4) -> float | None:
    return round(sum(values) / len(values), digits) if values else None
