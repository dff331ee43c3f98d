"""Choices of several workers as one: a single label, or every label that applies."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from sagectl.consolidation.dawid_skene import CAUTIOUS, estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

# 128 MiB for each table, of which an estimate has five at a time.
MOST_CELLS = 1 << 24
Choice = tuple[str, int]  # worker, class
Choices = tuple[str, frozenset[int]]  # worker, classes


class Chosen(NamedTuple):
    """The class of an object, and how sure that is: 0 where only one worker answered."""

    label: int
    confidence: float


def single(answers: Sequence[Sequence[Choice]], classes: int) -> list[Chosen | None]:
    """The likely class of each object, by Dawid and Skene; None where nobody answered.

    By majority instead where the tables of their estimate would have over MOST_CELLS cells:
    so many classes are not met often enough to tell of each worker what they are taken for.
    """
    if _cells(answers, classes) > MOST_CELLS:
        return [_majority(given) if given else None for given in answers]
    likely = _likely(answers, classes)
    best, sure = likely.argmax(axis=1).tolist(), likely.max(axis=1).tolist()
    return [
        Chosen(best[number], round(sure[number], 4) if len(given) > 1 else 0.0)
        if given
        else None
        for number, given in enumerate(answers)
    ]


def _majority(given: Sequence[Choice]) -> Chosen:
    """The class that most workers chose, of several the first, and the share that chose it."""
    counts = Counter(label for _, label in given)
    label, count = min(counts.items(), key=lambda item: (-item[1], item[0]))
    return Chosen(label, round(count / len(given), 4) if len(given) > 1 else 0.0)


def _cells(answers: Sequence[Sequence[Choice]], classes: int) -> int:
    """Cells of the larger table: how workers mistake classes, and what each answer weighs."""
    rows = max(len(answers), sum(map(len, answers)))
    return classes * max(len(_workers(answers)) * classes, rows)


def multiple(
    answers: Sequence[Sequence[Choices]], classes: int
) -> list[dict[int, float] | None]:
    """The classes that somebody chose for each object, and how sure each of them is.

    None where nobody answered. Each class is a question of its own, answered yes or no.
    Developer guide, "Multi-label Classification Job Output": the label has every class that at
    least one worker chose.
    """
    chosen: list[dict[int, float] | None] = [{} if given else None for given in answers]
    for label in range(classes):
        questions = [
            [(worker, int(label in labels)) for worker, labels in given] for given in answers
        ]
        if not any(answer for given in questions for _, answer in given):
            continue
        sure = _likely(questions, 2)[:, 1].tolist()
        for number, given in enumerate(questions):
            row = chosen[number]
            if row is not None and any(answer for _, answer in given):
                row[label] = round(sure[number], 4) if len(given) > 1 else 0.0
    return chosen


def _likely(answers: Sequence[Sequence[Choice]], classes: int) -> NDArray[np.float64]:
    """How likely each class is for each object; even where nobody answered."""
    names = {name: index for index, name in enumerate(_workers(answers))}
    triples = [
        (number, names[worker], label)
        for number, given in enumerate(answers)
        for worker, label in given
    ]
    if not triples:
        import numpy as np

        return np.full((len(answers), classes), 1 / max(classes, 1))
    objects, workers, labels = zip(*triples, strict=True)
    return estimate(objects, workers, labels, classes=classes, prior=CAUTIOUS).posterior


def _workers(answers: Sequence[Sequence[Choice]]) -> list[str]:
    return list(dict.fromkeys(worker for given in answers for worker, _ in given))
