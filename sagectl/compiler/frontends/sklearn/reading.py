"""Files of scikit-learn's estimators."""

from __future__ import annotations

import pickle
import zipfile
from typing import TYPE_CHECKING, Any

from sagectl.compiler.errors import RequestError

if TYPE_CHECKING:
    from pathlib import Path

_ZIP = b"PK\x03\x04"
# What readers of objects raise for a damaged file, or one of another version's.
_BROKEN = (
    ArithmeticError, AttributeError, EOFError, ImportError, LookupError, OSError, RuntimeError,
    TypeError, ValueError, pickle.UnpicklingError, zipfile.BadZipFile,
)  # fmt: skip
# Types that skops leaves to its caller, and that are data alone; trees are checked when read.
DATA_TYPES = frozenset(
    (
        "numpy.dtype",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.tree._tree.Tree",
    )
)
_SAVE = "Save it with: skops.io.dump(model, 'model.skops')"


def is_skops(path: Path) -> bool:
    """Whether a file begins as the archives of skops do."""
    with path.open("rb") as file:
        return file.read(len(_ZIP)) == _ZIP


def read_model(path: Path, *, is_trusted: bool) -> Any:
    """The estimator in a file. Only one that is trusted may run code of its own.

    Raises RequestError (reason "format").
    """
    if is_skops(path):
        return _from_skops(path, is_trusted)
    if not is_trusted:
        raise _refused(
            f"{path.name} is a pickle, or none of scikit-learn's files at all: reading a "
            "pickle runs whatever code is in it",
            f"{_SAVE}, or say --trust if you know who made the file.",
        )
    return _unpickled(path)


def _from_skops(path: Path, is_trusted: bool) -> Any:
    from skops import io

    try:
        unknown = io.get_untrusted_types(file=path)
    except _BROKEN as error:
        raise _unreadable(path, error) from error
    foreign = sorted(set(unknown) - DATA_TYPES)
    if foreign and not is_trusted:
        raise _refused(
            f"{path.name} needs types beyond scikit-learn's: {', '.join(foreign)}",
            "Say --trust if you know who made the file.",
        )
    try:
        return io.load(path, trusted=unknown)
    except _BROKEN as error:
        raise _unreadable(path, error) from error


def _unpickled(path: Path) -> Any:
    import joblib

    try:
        return joblib.load(path)
    except _BROKEN as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> RequestError:
    lines = str(error).strip().splitlines() or [""]
    return _refused(
        f"{path.name} cannot be read ({type(error).__name__}: {lines[0][:200]})",
        "Is it of the version of scikit-learn that is installed here? Save it again if not.",
    )


def _refused(message: str, hint: str) -> RequestError:
    return RequestError(message, stage="import", reason="format", hint=hint)
