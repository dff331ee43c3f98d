"""Arrays on their way in and out: checked against the model, aligned for generated code."""

from __future__ import annotations

import math
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np

from sagectl.runtime.errors import PackageError, TensorError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Array = np.ndarray[Any, Any]

# Generated code loads whole vectors and assumes that tensors begin at such an address.
ALIGNMENT = 64
# A copy of less than this costs no more than finding out whether it can be spared.
_COPIED_BYTES = 1 << 20
# Generated code counts elements in 32 bits.
_ELEMENTS = 1 << 31


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output of a model; -1 in ``shape`` is a size that is free."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join('?' if n < 0 else str(n) for n in self.shape)}]"


def ports(meta: Mapping[str, Any], what: str) -> tuple[Port, ...]:
    """The ports that a package's meta describes as ``Inputs`` or ``Outputs`` of its model.

    Raises PackageError where they make no sense.
    """
    try:
        found = tuple(
            Port(str(row["name"]), np.dtype(row["dtype"]).name, tuple(map(index, row["shape"])))
            for row in meta["Model"][what]
        )
    except (KeyError, TypeError, ValueError) as error:
        raise PackageError(
            f"compiled.meta does not describe the model's {what.lower()}"
        ) from error
    if large := [port.name for port in found if math.prod(port.shape) >= _ELEMENTS]:
        raise PackageError(f"compiled.meta says impossible sizes of {large[0]!r}")
    return found


def checked(feeds: Mapping[str, Any], inputs: Sequence[Port]) -> list[Array]:
    """The arrays in the order of ``inputs``; raises TensorError naming all that is wrong."""
    if isinstance(feeds, dict) and len(feeds) == len(inputs):
        arrays: list[Any] = [feeds.get(port.name) for port in inputs]
        if all(
            isinstance(array, np.ndarray)
            and array.dtype == dtype
            and (array.shape == shape or _is_free(shape, array.shape))
            for array, (dtype, shape) in zip(arrays, _expected(tuple(inputs)), strict=True)
        ):
            return arrays
    return _examined(feeds, inputs)


def _is_free(wanted: tuple[int, ...], given: tuple[int, ...]) -> bool:
    """Whether the sizes of an array are those wanted, or free."""
    return len(wanted) == len(given) and all(
        size in (-1, found) for size, found in zip(wanted, given, strict=True)
    )


class Staging:
    """Aligned room for one input, filled anew for each run, made anew for another shape."""

    def __init__(self, port: Port) -> None:
        self._dtype = port.dtype
        self._fit(tuple(max(1, size) for size in port.shape))

    def tensor(self, array: Array) -> Any:
        """``array`` as generated code can read it: itself when it is large and fits."""
        if array.nbytes > _COPIED_BYTES and _is_ready(array):
            return _tensor(array)
        if array.shape != self._room.shape:
            self._fit(array.shape)
        self._room[...] = array
        return self._tensor

    def _fit(self, shape: tuple[int, ...]) -> None:
        self._room = _room(shape, self._dtype)
        self._tensor = _tensor(self._room)


@cache
def _expected(inputs: tuple[Port, ...]) -> list[tuple[np.dtype[Any], tuple[int, ...]]]:
    return [(np.dtype(port.dtype), port.shape) for port in inputs]


def _examined(feeds: Mapping[str, Any], inputs: Sequence[Port]) -> list[Array]:
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
        taken = ", ".join(f"{port.name!r}: {port}" for port in inputs) or "no inputs"
        raise TensorError(text[0].upper() + text[1:], hint=f"The model takes {taken}.")
    return [feeds[name] for name in names]


def _is_ready(array: Array) -> bool:
    flags = array.flags
    return flags.c_contiguous and flags.writeable and array.ctypes.data % ALIGNMENT == 0


def _room(shape: tuple[int, ...], dtype: Any) -> Array:
    wanted = np.dtype(dtype)
    size = math.prod(shape) * wanted.itemsize
    raw = np.empty(size + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    room: Array = raw[start : start + size].view(wanted).reshape(shape)
    return room


def _tensor(array: Array) -> Any:
    import tvm_ffi

    return tvm_ffi.from_dlpack(array)


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
