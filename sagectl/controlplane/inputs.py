"""The input manifest of a labeling job: JSON lines, one data object each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sagectl.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def object_counter(state: Path) -> Callable[[str], int | None]:
    """Counts the objects of a manifest among the local objects of a state directory."""
    return partial(_counted, state)


def _counted(state: Path, uri: str) -> int | None:
    """How many objects ``uri`` lists; None where it is not, or not of S3."""
    from sagectl.controlplane.objects import ObjectStore

    try:
        manifest = ObjectStore(state, makes_state=False).path(uri)
    except (InputError, NotFoundError):
        return None
    with manifest.open("rb") as lines:
        return sum(1 for line in lines if line.strip())
