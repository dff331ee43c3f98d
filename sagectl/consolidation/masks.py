"""Painted images of several workers as one: every pixel goes to the class most gave it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    Mask = NDArray[np.integer]


class Painted(NamedTuple):
    """The class of every pixel, and for each class how many of its pixels' votes it got."""

    mask: Mask
    confidence: dict[int, float]


def consolidated(masks: Sequence[Mask], classes: int) -> Painted:
    """The vote over masks of the same shape; a tie goes to the lower class."""
    import numpy as np

    votes = np.zeros((classes, *masks[0].shape), dtype=np.int32)
    for mask in masks:
        for label in range(classes):
            votes[label] += mask == label
    winner = votes.argmax(axis=0)
    share = votes.max(axis=0) / len(masks)
    confidence = {
        label: round(float(share[winner == label].mean()), 4) if len(masks) > 1 else 0.0
        for label in range(classes)
        if (winner == label).any()
    }
    return Painted(winner.astype(masks[0].dtype), confidence)
