"""Inputs made up for a model, the same on every machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from sagectl.runtime.tensors import Port

SEED = 0
# For a size that is free: more than a vector, and no multiple of one.
_FREE = 37


@dataclass(frozen=True, slots=True)
class Draw:
    """How values are drawn: floats from a distribution, integers below a bound."""

    floats: str
    below: int

    def __str__(self) -> str:
        return f"{self.floats} floats, integers below {self.below}, seed {SEED}"


# The widest first: a model that looks values up in a table, or takes logarithms, refuses it
# or answers with NaN, and then the next is tried. Token types and masks know 0 and 1 only.
DRAWS = (
    Draw("standard normal", 100),
    Draw("standard normal", 2),
    Draw("uniform [0, 1)", 100),
    Draw("uniform [0, 1)", 2),
    Draw("uniform [0, 1)", 1),
)


def drawn(ports: Sequence[Port], draw: Draw) -> dict[str, np.ndarray[Any, Any]]:
    """An array per input."""
    import numpy as np

    random = np.random.default_rng(SEED)
    return {port.name: _array(port, draw, random) for port in ports}


def _array(port: Port, draw: Draw, random: Any) -> np.ndarray[Any, Any]:
    import numpy as np

    dtype = np.dtype(port.dtype)
    shape = tuple(_FREE if size < 0 else max(1, size) for size in port.shape)
    values: Any
    if dtype.kind == "b":
        values = random.random(shape) < 0.5
    elif dtype.kind in "iu":
        # Bytes are pixels or quantised values, and mean all of their range.
        low, high = (0, draw.below)
        if dtype.itemsize == 1 and draw.below > 2:
            low, high = np.iinfo(dtype).min, np.iinfo(dtype).max + 1
        values = random.integers(low, high, shape)
    else:
        is_normal = draw.floats.endswith("normal")
        values = random.standard_normal(shape) if is_normal else random.random(shape)
    return np.asarray(values).astype(dtype).reshape(shape)
