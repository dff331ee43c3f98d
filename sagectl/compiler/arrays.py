"""Arrays in files: the inputs that a model is run on, and what it makes of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sagectl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np

    Array = np.ndarray[Any, Any]

# Elements of an array that are shown; more than that goes into a file.
SHOWN = 16


def read_arrays(words: Iterable[str]) -> dict[str, Array]:
    """The arrays that ``words`` name: ``x.npz`` (as many as are in it) or ``NAME=x.npy``.

    Raises InputError for a file that is missing or none of numpy's, a name given twice, and
    for pickled objects, which are code.
    """
    found: dict[str, Array] = {}
    for word in words:
        for name, array in _arrays(word).items():
            if name in found:
                raise InputError(f"input {name!r} is given twice", hint="Give it once.")
            found[name] = array
    return found


def write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write ``arrays`` to the ``.npz`` at ``path``. Raises InputError if that cannot be."""
    import numpy as np

    try:
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error


def array_row(name: str, array: Array) -> dict[str, Any]:
    """What there is to say of one array; its values if they are few."""
    row: dict[str, Any] = {
        "Name": name,
        "Type": str(array.dtype),
        "Shape": list(array.shape),
    }
    if array.size:
        row["Minimum"], row["Maximum"] = array.min().item(), array.max().item()
    if array.size > 1 and array.ndim:
        row["ArgMax"] = array.reshape(-1, array.shape[-1]).argmax(axis=-1)[:SHOWN].tolist()
    if array.size <= SHOWN:
        row["Values"] = array.tolist()
    return row


def _arrays(word: str) -> dict[str, Array]:
    name, is_named, rest = word.rpartition("=")
    # An existing file may have '=' in its name; a named array never names one whole.
    if is_named and not Path(word).exists():
        return {name: _read(Path(rest), ".npy")}
    loaded = _read(Path(word), ".npz")
    return {key: loaded[key] for key in loaded.files}


def _read(path: Path, suffix: str) -> Any:
    import numpy as np

    try:
        loaded = np.load(path, allow_pickle=False)
        is_archive = hasattr(loaded, "files")
        if is_archive:
            # An entry is read, and its pickle refused, when it is taken out.
            for key in loaded.files:
                loaded[key]
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error
    except (ValueError, EOFError) as error:
        raise InputError(
            f"{path} is no {suffix} file of numbers: {error}",
            hint="Write it with numpy.savez(path, name=array) or numpy.save(path, array).",
        ) from error
    if is_archive != (suffix == ".npz"):
        raise InputError(
            f"{path} is a {'.npz' if is_archive else '.npy'} file, not {suffix}",
            hint="Give --data FILE.npz for all inputs, or --data NAME=FILE.npy for one.",
        )
    return loaded
