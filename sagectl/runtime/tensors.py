"""Arrays on their way in and out: checked against the model, aligned for generated code."""

from __future__ import annotations

import math
from dataclasses import dataclass
from difflib import get_close_matches
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
# No array of numpy's has more.
_DIMENSIONS = 32


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
            Port(str(row["name"]), _number_type(row["dtype"]), tuple(map(index, row["shape"])))
            for row in meta["Model"][what]
        )
    except (KeyError, TypeError, ValueError) as error:
        raise PackageError(
            f"compiled.meta does not describe the model's {what.lower()}"
        ) from error
    if large := [
        port.name
        for port in found
        if math.prod(port.shape) >= _ELEMENTS or len(port.shape) > _DIMENSIONS
    ]:
        raise PackageError(f"compiled.meta says impossible sizes of {large[0]!r}")
    return found


def _number_type(said: Any) -> str:
    """The name of a type that generated code has; TypeError for text, objects and the like."""
    dtype = np.dtype(said)
    if dtype.kind not in "biuf":
        raise TypeError(f"{dtype} is no type of plain numbers")
    return str(dtype.name)


def checked(feeds: Mapping[str, Any], inputs: Sequence[Port]) -> list[Array]:
    """The arrays in the order of ``inputs``; raises TensorError naming all that is wrong."""
    if not hasattr(feeds, "keys"):
        raise TensorError(
            f"Inputs are a {type(feeds).__name__}", hint="Pass {name: array} for each input."
        )
    try:
        feeds = {name: feeds[name] for name in feeds}
    except (KeyError, TypeError) as error:
        raise TensorError(
            f"Inputs are a {type(feeds).__name__} that does not hold what it lists",
            hint="Pass {name: array} for each input.",
        ) from error
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


class Intake:
    """The inputs of a model on their way in, checked in the moment of being put in place.

    A small model runs for a few microseconds; the usual call, a dict of arrays that all fit,
    is told in as few steps as Python has. Any other is examined at leisure by ``checked``.
    """

    def __init__(self, inputs: Sequence[Port]) -> None:
        self._inputs = tuple(inputs)
        self._rooms = [(port.name, Staging(port)) for port in inputs]

    def tensors(self, feeds: Mapping[str, Any]) -> list[Any]:
        """The tensors for generated code, in the model's order; raises TensorError.

        They are good until the next call.
        """
        if type(feeds) is dict and len(feeds) == len(self._rooms):
            made = []
            for name, room in self._rooms:
                array = feeds.get(name)
                if type(array) is not np.ndarray or not room.fits(array):
                    break
                made.append(room.tensor(array))
            else:
                return made
        arrays = checked(feeds, self._inputs)
        return [
            room.tensor(array) for (_, room), array in zip(self._rooms, arrays, strict=True)
        ]


class Staging:
    """Aligned room for one input, filled anew for each run, made anew for another shape."""

    def __init__(self, port: Port) -> None:
        self._dtype = np.dtype(port.dtype)
        self._fit(tuple(1 if size < 0 else size for size in port.shape))

    def fits(self, array: Array) -> bool:
        """Whether the model surely takes ``array``; a free size must be that of the last."""
        is_like_last: bool = array.dtype == self._dtype and array.shape == self._shape
        return is_like_last

    def tensor(self, array: Array) -> Any:
        """``array``, which the model takes, as generated code can read it.

        Itself when it is large and fits.
        """
        if array.nbytes > _COPIED_BYTES and _is_ready(array):
            return _tensor(array)
        if array.shape != self._shape:
            self._fit(array.shape)
        self._room[...] = array
        return self._tensor

    def _fit(self, shape: tuple[int, ...]) -> None:
        self._shape = shape
        self._room = _room(shape, self._dtype)
        self._tensor = _tensor(self._room)


def _is_ready(array: Array) -> bool:
    flags = array.flags
    return flags.c_contiguous and flags.writeable and array.ctypes.data % ALIGNMENT == 0


def _room(shape: tuple[int, ...], dtype: Any) -> Array:
    wanted = np.dtype(dtype)
    size = math.prod(shape) * wanted.itemsize
    raw = np.empty(size + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    return np.ndarray(shape, wanted, raw, start, _strides(shape, wanted.itemsize))


def _strides(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Those of a compact array, which code asks for even where no element is: numpy's are 0."""
    return tuple(math.prod(shape[axis + 1 :]) * itemsize for axis in range(len(shape)))


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
    if isinstance(given, np.ma.MaskedArray):
        return f"input {port.name!r} is a masked array, and the model knows no masks"
    if given.dtype != np.dtype(port.dtype):
        return f"input {port.name!r} has type {given.dtype}, not {port.dtype}"
    fits = given.ndim == len(port.shape) and all(
        wanted in (-1, size) for size, wanted in zip(given.shape, port.shape, strict=True)
    )
    return None if fits else f"input {port.name!r} has shape {list(given.shape)}, not {port}"
