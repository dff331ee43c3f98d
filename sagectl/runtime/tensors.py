"""Arrays on their way in and out: checked against the model, aligned for generated code."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np

from sagectl.runtime.errors import PackageError, TensorError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Generated code loads whole vectors and assumes that tensors begin at such an address.
ALIGNMENT = 64


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output of a model; -1 in ``shape`` is a size that is free."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join('?' if n < 0 else str(n) for n in self.shape)}]"


def ports(rows: Any, what: str) -> tuple[Port, ...]:
    """The ports that a package's ``Model.Inputs`` or ``Model.Outputs`` describes."""
    try:
        return tuple(Port(row["name"], row["dtype"], tuple(row["shape"])) for row in rows)
    except (KeyError, TypeError) as error:
        raise PackageError(f"compiled.meta does not describe the model's {what}") from error


def checked(feeds: Mapping[str, Any], inputs: Sequence[Port]) -> list[np.ndarray[Any, Any]]:
    """The arrays in the order of ``inputs``; raises TensorError naming all that is wrong."""
    if not hasattr(feeds, "keys"):
        raise TensorError(
            f"Inputs are a {type(feeds).__name__}", hint="Pass {name: array} for each input."
        )
    names = [port.name for port in inputs]
    wrong = [_unknown(name, names) for name in feeds if name not in names]
    wrong += [
        f"input {port.name!r} ({port}) is missing" for port in inputs if port.name not in feeds
    ]
    wrong += [
        problem
        for port in inputs
        if port.name in feeds and (problem := _problem(port, feeds[port.name]))
    ]
    if wrong:
        text = "; ".join(wrong)
        raise TensorError(
            text[0].upper() + text[1:],
            hint="The model takes "
            + (", ".join(f"{port.name!r}: {port}" for port in inputs) or "no inputs")
            + ".",
        )
    return [feeds[name] for name in names]


def aligned(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array itself where generated code can read it, else a copy that it can."""
    is_ready = (
        array.flags.c_contiguous
        and array.flags.writeable
        and array.ctypes.data % ALIGNMENT == 0
    )
    if is_ready:
        return array
    room = np.empty(array.nbytes + ALIGNMENT, np.uint8)
    start = -room.ctypes.data % ALIGNMENT
    copy: np.ndarray[Any, Any] = room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


def _unknown(name: object, names: Sequence[str]) -> str:
    near = get_close_matches(str(name), names, n=1)
    return f"the model has no input {name!r}" + (
        f" (did you mean {near[0]!r}?)" if near else ""
    )


def _problem(port: Port, given: Any) -> str | None:
    if not isinstance(given, np.ndarray):
        return f"input {port.name!r} is a {type(given).__name__}, not a numpy array"
    if given.dtype != np.dtype(port.dtype):
        return f"input {port.name!r} has type {given.dtype}, not {port.dtype}"
    fits = given.ndim == len(port.shape) and all(
        wanted in (-1, size) for size, wanted in zip(given.shape, port.shape, strict=True)
    )
    return None if fits else f"input {port.name!r} has shape {list(given.shape)}, not {port}"
