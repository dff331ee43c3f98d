"""Painted images of several workers as one: every pixel goes to the class most gave it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    Mask = NDArray[np.integer]


class Painted(NamedTuple):
    """The class of every pixel, and the share of votes that these got over the image."""

    mask: Mask
    confidence: float


def consolidated(masks: Sequence[Mask], classes: int) -> Painted:
    """The vote over masks of the same shape; a tie goes to the lower class."""
    import numpy as np

    # Class by class, so that the room it takes does not grow with their number.
    most = np.zeros(masks[0].shape, dtype=np.uint16)
    winner = np.zeros_like(masks[0])
    for label in range(classes):
        votes = np.zeros_like(most)
        for mask in masks:
            votes += mask == label
        is_more = votes > most
        winner[is_more] = label
        most[is_more] = votes[is_more]
    sure = float(most.mean()) / len(masks) if len(masks) > 1 else 0.0
    return Painted(winner, round(sure, 4))


def overlap(one: Mask, other: Mask) -> float:
    """Mean IoU over the classes in either, but for class 0, the background.

    Masks of different shapes are not alike at all; two of background alone are the same.
    """
    import numpy as np

    if one.shape != other.shape:
        return 0.0
    present = np.union1d(np.unique(one), np.unique(other))
    shares = [
        float(((one == label) & (other == label)).sum())
        / float(((one == label) | (other == label)).sum())
        for label in present[present > 0]
    ]
    return sum(shares) / len(shares) if shares else 1.0
