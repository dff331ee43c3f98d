"""Arrays in files: the inputs that a model is run on, and what it makes of them."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sagectl.compiler.images import SUFFIXES, picture, wishes
from sagectl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy as np

    from sagectl.runtime.tensors import Port

    Array = np.ndarray[Any, Any]

# Elements of an array that are shown; more than that goes into a file.
SHOWN = 16


def read_arrays(
    words: Iterable[str],
    ports: Sequence[Port] = (),
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Array]:
    """The arrays that ``words`` name, for a model with the inputs ``ports``.

    ``x.npz`` and ``x.json`` hold as many as are in them; ``NAME=x.npy``, ``NAME=x.json`` and
    ``NAME=x.png`` one. Numbers of JSON and pictures become the type of their input; ``say`` is
    told what became of a picture. Raises InputError for a file that is missing or unreadable, a
    name given twice, and for pickled objects, which are code.
    """
    known = {port.name: port for port in ports}
    found: dict[str, Array] = {}
    for word in words:
        for name, array in _arrays(word, known, say).items():
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


def _arrays(
    word: str, known: Mapping[str, Port], say: Callable[[str], None]
) -> dict[str, Array]:
    name, path = _named(word)
    if name is None:
        if path.suffix.lower() == ".json":
            return _of_json(path, known)
        if path.suffix.lower() in SUFFIXES and len(known) == 1:
            return _arrays(f"{next(iter(known))}={word}", known, say)
        loaded = _read(path, ".npz")
        return {key: loaded[key] for key in loaded.files}
    file, *asked = str(path).split(",")
    if Path(file).suffix.lower() in SUFFIXES:
        array, said = picture(Path(file), _port(name, known), wishes(asked))
        say(f"{name} is {said}.")
        return {name: array}
    if path.suffix.lower() == ".json":
        return {name: _converted(_json(path), _port(name, known), path)}
    return {name: _read(path, ".npy")}


def _named(word: str) -> tuple[str | None, Path]:
    """The input that a word names, and its file; what a picture is asked for stays with it."""
    # An existing file may have '=' in its name; a named array never names one whole.
    if Path(word).exists():
        return None, Path(word)
    head, comma, wish = word.partition(",")
    name, is_named, rest = head.rpartition("=")
    return name if is_named else None, Path(rest + comma + wish)


def _port(name: str, known: Mapping[str, Port]) -> Port:
    if name in known:
        return known[name]
    near = get_close_matches(name, known, n=1)
    raise InputError(
        f"the model has no input {name!r}",
        hint=f"Did you mean {near[0]!r}?" if near else f"Its inputs: {', '.join(known)}.",
    )


def _of_json(path: Path, known: Mapping[str, Port]) -> dict[str, Array]:
    value = _json(path)
    if not isinstance(value, dict):
        raise InputError(
            f"{path} holds no mapping of names",
            hint=f"""Write it as {{"name": [...]}}, or give --data NAME={path}.""",
        )
    return {name: _converted(each, _port(name, known), path) for name, each in value.items()}


def _json(path: Path) -> Any:
    import json

    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not JSON: {error}") from error


def _converted(value: Any, port: Port, path: Path) -> Array:
    """Numbers of JSON as an array of an input's type, none of them changed by that."""
    import numpy as np

    wanted = np.dtype(port.dtype)
    try:
        read = np.array(value)
    except ValueError as error:
        raise InputError(
            f"{path}: the lists of {port.name!r} are of unequal lengths"
        ) from error
    fits = {"b": "b", "f": "iuf", "i": "iu", "u": "iu"}.get(wanted.kind, "")
    if not read.size:
        read = read.astype(wanted)
    elif read.dtype.kind not in fits:
        raise InputError(
            f"{path}: {port.name!r} is {port}, its values in JSON are no such numbers",
            hint="Write true or false for bool, whole numbers for integers.",
        )
    if wanted.kind in "iu" and read.size:
        limits = np.iinfo(wanted)
        if read.min() < limits.min or read.max() > limits.max:
            raise InputError(
                f"{path}: {port.name!r} is {port}, and a value does not fit in it",
                hint=f"It takes {limits.min} to {limits.max}.",
            )
    return read.astype(wanted)


def _read(path: Path, suffix: str) -> Any:
    from zipfile import BadZipFile

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
    except (ValueError, EOFError, BadZipFile) as error:
        raise InputError(
            f"{path} is no {suffix} file of numbers: {_reason(error)}",
            hint="Write it with numpy.savez(path, name=array) or numpy.save(path, array).",
        ) from error
    if is_archive != (suffix == ".npz"):
        raise InputError(
            f"{path} is a {'.npz' if is_archive else '.npy'} file, not {suffix}",
            hint="Give --data FILE.npz or FILE.json for all inputs, --data NAME=FILE for one: "
            ".npy, .json, .png or .jpg.",
        )
    return loaded


def _reason(error: Exception) -> str:
    """What numpy says, but for its advice to run the code that a file may hold."""
    text = str(error)
    return "it holds Python objects" if "allow_pickle" in text else text
