"""Choices of several workers as one: a single label, or every label that applies."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sagectl.consolidation.dawid_skene import CAUTIOUS, estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

Choice = tuple[str, int]  # worker, class
Choices = tuple[str, frozenset[int]]  # worker, classes


class Chosen(NamedTuple):
    """The class of an object, and how sure that is: 0 where only one worker answered."""

    label: int
    confidence: float


def single(answers: Sequence[Sequence[Choice]], classes: int) -> list[Chosen | None]:
    """The likely class of each object, by Dawid and Skene; None where nobody answered."""
    names = {name: index for index, name in enumerate(_workers(answers))}
    triples = [
        (number, names[worker], label)
        for number, given in enumerate(answers)
        for worker, label in given
    ]
    if not triples:
        return [None] * len(answers)
    objects, workers, labels = zip(*triples, strict=True)
    found = estimate(objects, workers, labels, classes=classes, prior=CAUTIOUS).posterior
    best, sure = found.argmax(axis=1).tolist(), found.max(axis=1).tolist()
    return [
        Chosen(best[number], round(sure[number], 4) if len(given) > 1 else 0.0)
        if given
        else None
        for number, given in enumerate(answers)
    ]


def multiple(
    answers: Sequence[Sequence[Choices]], classes: int
) -> list[dict[int, float] | None]:
    """The classes that likely apply to each object with how sure that is; None: no answers.

    Each class is a question of its own, answered yes or no.
    """
    chosen: list[dict[int, float] | None] = [{} if given else None for given in answers]
    for label in range(classes):
        questions = [
            [(worker, int(label in labels)) for worker, labels in given] for given in answers
        ]
        if not any(answer for given in questions for _, answer in given):
            continue
        for row, verdict in zip(chosen, single(questions, 2), strict=True):
            if row is not None and verdict is not None and verdict.label:
                row[label] = verdict.confidence
    return chosen


def _workers(answers: Sequence[Sequence[Choice]]) -> list[str]:
    return list(dict.fromkeys(worker for given in answers for worker, _ in given))
