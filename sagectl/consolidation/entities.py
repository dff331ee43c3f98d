"""Stretches of a text that several workers marked, as one stretch for each name.

Marks of one label that overlap by half belong together; what most workers marked is kept, from
the beginning to the end that most of them chose, the median where no choice leads.
"""

from __future__ import annotations

from collections import Counter
from statistics import median_low
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

OVERLAP = 0.5


class Mark(NamedTuple):
    """Characters ``start`` to ``end``, which is behind the last, and what they name."""

    label: str
    start: int
    end: int


class Agreed(NamedTuple):
    """A mark, and how sure it is: the share of workers times the overlap of their marks."""

    mark: Mark
    confidence: float


def overlap(one: Mark, other: Mark) -> float:
    """Shared characters over all, from 0 to 1."""
    shared = min(one.end, other.end) - max(one.start, other.start)
    if shared <= 0:
        return 0.0
    return shared / (max(one.end, other.end) - min(one.start, other.start))


def consolidated(marked: Sequence[Sequence[Mark]], threshold: float = OVERLAP) -> list[Agreed]:
    """The marks that most workers made; ``marked`` has those of each worker."""
    workers = len(marked)
    groups: list[dict[int, Mark]] = []
    for who, marks in enumerate(marked):
        for mark in marks:
            _joined(groups, who, mark, threshold)
    agreed = [
        _common(list(group.values()), workers) for group in groups if 2 * len(group) >= workers
    ]
    return sorted(agreed, key=lambda one: one.mark[1:])


def _joined(groups: list[dict[int, Mark]], who: int, mark: Mark, threshold: float) -> None:
    """Put a mark with those it overlaps most, or alone."""
    fits = [
        (sum(overlap(mark, other) for other in group.values()) / len(group), at)
        for at, group in enumerate(groups)
        if who not in group and next(iter(group.values())).label == mark.label
    ]
    share, at = max(fits, default=(0.0, -1))
    if share >= threshold:
        groups[at][who] = mark
    else:
        groups.append({who: mark})


def _common(group: list[Mark], workers: int) -> Agreed:
    start, end = _choice([mark.start for mark in group]), _choice([mark.end for mark in group])
    common = Mark(group[0].label, start, end)
    fit = sum(overlap(common, mark) for mark in group) / len(group)
    confidence = len(group) / workers * fit if workers > 1 else 0.0
    return Agreed(common, round(confidence, 4))


def _choice(offsets: list[int]) -> int:
    (most, count), *others = Counter(offsets).most_common()
    if others and others[0][1] == count:
        return median_low(offsets)
    return most
