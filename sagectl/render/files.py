"""Rows written to a file, whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sagectl.errors import InputError, MissingExtraError
from sagectl.render.columns import exact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    Row = Mapping[str, Any]


def save_rows(path: Path, rows: Iterable[Row]) -> int:
    """Write ``rows`` to ``path`` by its ending (.parquet, .csv, .jsonl); how many there were.

    The file is written beside its place and moved. Raises InputError for another ending or a
    place that cannot be written, MissingExtraError where Parquet's library is missing.
    """
    write = WRITERS.get(path.suffix.lower())
    if write is None:
        raise InputError(
            f"{path}: the ending says no format that rows are saved in",
            hint=f"Use one of {', '.join(WRITERS)}.",
        )
    some = list(rows)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        write(beside, some)
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):  # there can be none where none can be written
            beside.unlink(missing_ok=True)
        # Parquet's library has a number for the reason, and a long text of its own.
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise InputError(f"{path} cannot be written: {reason}") from error
    return len(some)


def _parquet(path: Path, rows: list[Row]) -> None:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise MissingExtraError(
            "Parquet files need pyarrow", hint="pip install 'sagectl[labeling]'"
        ) from error
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: _uniform([row.get(name) for row in rows]) for name in names}
    pyarrow.parquet.write_table(pyarrow.table(columns), path)


def _uniform(values: list[Any]) -> list[Any]:
    """``values`` of one type: numbers and times stay so only where all are."""
    if all(value is None or isinstance(value, int | float) for value in values):
        return values
    if all(value is None or hasattr(value, "isoformat") for value in values):
        return values
    return [None if value is None else str(_plain(value)) for value in values]


def _plain(value: Any) -> Any:
    """A time as ISO 8601, anything else as it is."""
    return exact(value) if hasattr(value, "isoformat") else value


def _csv(path: Path, rows: list[Row]) -> None:
    import csv

    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows({name: _plain(value) for name, value in row.items()} for row in rows)


def _jsonl(path: Path, rows: list[Row]) -> None:
    import json

    with path.open("w", encoding="utf-8") as file:
        file.writelines(
            json.dumps(row, default=_plain, ensure_ascii=False) + "\n" for row in rows
        )


WRITERS: Mapping[str, Callable[[Path, list[Row]], None]] = {
    ".parquet": _parquet,
    ".csv": _csv,
    ".jsonl": _jsonl,
}
