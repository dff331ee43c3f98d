"""Boxes that several workers drew around the same things, as one box for each thing.

Boxes of one label that overlap by half belong together (intersection over union, also called
the Jaccard index); what most workers drew is kept, at the mean of its edges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

OVERLAP = 0.5


class Box(NamedTuple):
    """A rectangle in pixels from the upper left corner, and the class of what is in it."""

    label: int
    left: float
    top: float
    width: float
    height: float

    @property
    def area(self) -> float:
        return self.width * self.height


class Agreed(NamedTuple):
    """A box, and how sure it is: the share of workers times the overlap of what they drew."""

    box: Box
    confidence: float


def overlap(one: Box, other: Box) -> float:
    """Intersection over union, from 0 to 1."""
    across = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    down = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    if across <= 0 or down <= 0:
        return 0.0
    shared = across * down
    return shared / (one.area + other.area - shared)


def consolidated(drawn: Sequence[Sequence[Box]], threshold: float = OVERLAP) -> list[Agreed]:
    """The boxes that most workers drew; ``drawn`` has those of each worker.

    Of an even number of workers half are enough.
    """
    workers = len(drawn)
    boxes = [(who, box) for who, each in enumerate(drawn) for box in each]
    agreed = [
        _mean(group, workers)
        for group in _groups(boxes, threshold)
        if 2 * len(group) >= workers
    ]
    return sorted(agreed, key=lambda one: (one.box.top, one.box.left))


def _groups(boxes: list[tuple[int, Box]], threshold: float) -> list[list[Box]]:
    """Boxes that belong together, one of each worker; those most overlapped come first."""
    near = [
        [
            (overlap(box, other), at)
            for at, (whose, other) in enumerate(boxes)
            if whose != who and other.label == box.label
        ]
        for who, box in boxes
    ]
    near = [[pair for pair in pairs if pair[0] >= threshold] for pairs in near]
    order = sorted(range(len(boxes)), key=lambda at: -sum(share for share, _ in near[at]))
    taken: set[int] = set()
    groups = []
    for seed in order:
        if seed in taken:
            continue
        members = {boxes[seed][0]: seed}
        for _, at in sorted(near[seed], reverse=True):
            if at not in taken:
                members.setdefault(boxes[at][0], at)
        taken.update(members.values())
        groups.append([boxes[at][1] for at in members.values()])
    return groups


def _mean(group: list[Box], workers: int) -> Agreed:
    count = len(group)
    left, top, width, height = (sum(box[side] for box in group) / count for side in range(1, 5))
    mean = Box(group[0].label, left, top, width, height)
    fit = sum(overlap(mean, box) for box in group) / count
    confidence = count / workers * fit if workers > 1 else 0.0
    return Agreed(mean, round(confidence, 4))
