"""ONNX-ML's TreeEnsembleClassifier, with the two-class cases as onnxruntime takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.onnx.graph import Unsupported
from sagectl.compiler.frontends.onnx.rewrites.ml_forest import (
    forest_of,
    grown,
    listed,
    rows_of,
    told,
    touched,
)
from sagectl.compiler.frontends.onnx.rewrites.ml_nodes import named_nodes
from sagectl.compiler.frontends.onnx.rewrites.ml_scores import (
    TRANSFORMS,
    above,
    best,
    classes_of,
    opposed,
    transformed,
    two_columns,
)
from sagectl.compiler.frontends.trees.forest import Combination

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value
    from sagectl.compiler.frontends.onnx.rewrites.ml_forest import Array


@dataclass(frozen=True, slots=True)
class _Classes:
    """What the classes' scores become: their labels, base values, and transform.

    ``told`` says of each class whether leaves tell of it; ``is_one`` where all leaves tell
    of one class alone, ``is_share`` where no leaf's number is negative.
    """

    labels: list[int]
    base: Array
    transform: str
    told: list[bool | None]
    is_one: bool
    is_share: bool


def rewritten(node: Node, pen: Builder) -> list[Value]:
    x = rows_of(node, pen)
    dtype: Any = x.dtype
    labels = classes_of(node, "classlabels_int64s")
    trees = named_nodes(node, "class", len(labels), dtype)
    base = listed(node, "base_values", dtype)
    transform = node.attribute("post_transform", "NONE")
    allowed = (0, 1, 2) if len(labels) == 2 else (0, len(labels))
    if transform not in TRANSFORMS or len(base) not in allowed:
        raise Unsupported(f"{transform}, {len(base)} base values for {len(labels)} classes")
    classes = _Classes(
        labels=labels,
        base=base,
        transform=transform,
        told=told(trees, len(labels)),
        is_one=len(set(node.attribute("class_ids") or [])) == 1,
        is_share=bool((listed(node, "class_weights", dtype) >= 0).all()),
    )
    forest = forest_of(trees, pen.shape(x)[1], len(labels), dtype, Combination.SUM)
    sums = grown(x, forest, pen)
    if len(labels) == 2:
        label, scores = _of_two(sums, classes, pen)
    else:
        is_told = touched(x, trees, len(labels), pen) if None in classes.told else None
        label, scores = _of_many(sums, classes, is_told, pen)
    return [label, pen.cast(scores, "float32")]


def _of_many(
    sums: Value, classes: _Classes, is_told: Value | None, pen: Builder
) -> tuple[Value, Value]:
    """Label and scores; a class that no leaf told of is not chosen, a base value tells."""
    import numpy as np

    scores = pen.op("Add", sums, classes.base) if len(classes.base) else sums
    made = transformed(scores, classes.transform, pen)
    if len(classes.base):
        return best(scores, classes.labels, pen), made
    if is_told is not None:
        least = np.array(-np.inf, sums.dtype)
        return best(pen.op("Where", is_told, sums, least), classes.labels, pen), made
    places = [place for place, is_told in enumerate(classes.told) if is_told]
    known = pen.op("Gather", scores, np.array(places, np.int64), axis=1)
    return best(known, [classes.labels[place] for place in places], pen), made


def _of_two(sums: Value, classes: _Classes, pen: Builder) -> tuple[Value, Value]:
    """Label and scores of two classes, as TreeAggregatorClassifier::FinalizeScores has it."""
    import numpy as np

    base = classes.base
    if None in classes.told:
        raise Unsupported("some leaves tell of one class, some of two")
    first, second = (pen.slice(sums, 1, place, place + 1) for place in range(2))
    if len(base) == 2 and classes.told[1]:
        second = pen.op("Add", first, base[1:])
        first = pen.op("Neg", second)
    elif len(base):
        first = pen.op("Add", first, base[:1])
    deciding = second if classes.told[1] else first
    label = (
        above(deciding, 0.5 if classes.is_share else 0.0, classes.labels, pen)
        if classes.is_one
        else above(deciding, 0.0, [0, 1], pen)
    )
    if not classes.told[1] and len(base) < 2:
        is_share = classes.is_one and classes.is_share
        return label, opposed(first, classes.transform, is_share=is_share, pen=pen)
    # What no leaf tells of stays nothing.
    nothing = np.zeros((pen.shape(sums)[0], 1), sums.dtype)
    first = first if classes.told[0] else pen.constant(nothing)
    second = second if classes.told[1] else pen.constant(nothing)
    return label, transformed(two_columns(first, second, pen), classes.transform, pen)
