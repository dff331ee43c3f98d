"""What a labeling job has cost its requester."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def cost(job: Mapping[str, Any]) -> float | None:
    """Dollars paid to a public workforce so far; None where no price per task is set.

    Each object is labeled by so many workers, each of whom is paid: API reference,
    PublicWorkforceTaskPrice.
    """
    human = job["HumanTaskConfig"]
    amount = human.get("PublicWorkforceTaskPrice", {}).get("AmountInUsd")
    if not amount:
        return None
    tenths: int = (
        amount.get("Dollars", 0) * 1000
        + amount.get("Cents", 0) * 10
        + amount.get("TenthFractionsOfACent", 0)
    )
    answers: int = (
        job["LabelCounters"]["HumanLabeled"] * human["NumberOfHumanWorkersPerDataObject"]
    )
    return round(answers * tenths / 1000, 3)
