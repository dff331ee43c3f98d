"""The output formats, one function each."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from sagectl.errors import InputError
from sagectl.render.columns import exact, reader
from sagectl.render.tables import answer_columns, flat, write_answer, write_fields, write_rows
from sagectl.render.views import Answer, Listing, Manifest, Record, Report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sagectl.render.console import Console
    from sagectl.render.views import View

# Rows that one call to the YAML library is given, so that a long list stays in flat memory.
_YAML_ROWS = 200


def write(view: View, console: Console) -> None:
    """Write ``view`` to the console's stdout in the format that its settings ask for."""
    if console.settings.query:
        view = queried(view, console.settings.query)
    if isinstance(view, Listing):
        # A list that cannot be had fails here, before half of an answer is written.
        rows = iter(view.rows)
        view = view._replace(rows=chain(list(islice(rows, 1)), rows))
    FORMATS[console.settings.output](view, console)


def queried(view: View, query: str) -> Answer:
    """What the JMESPath ``query`` finds in the object that ``-o json`` would print."""
    from jmespath import compile as compiled
    from jmespath.exceptions import JMESPathError

    try:
        return Answer(compiled(query).search(view.value()))
    except JMESPathError as error:
        raise InputError(
            f"--query {query!r}: {' '.join(str(error).split())}",
            hint="The language is JMESPath (jmespath.org): --query 'Workteams[].WorkteamName'",
        ) from error


def as_json(value: Any) -> str:
    """``value`` as indented JSON, times in ISO 8601."""
    import json

    return json.dumps(value, indent=2, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> str:
    return exact(value) if hasattr(value, "isoformat") else str(value)


def _json(view: View, console: Console) -> None:
    put = console.stdout.write
    if not isinstance(view, Listing):
        put(as_json(view.value()) + "\n")
        return
    put(f'{{\n  "{view.member}": [')
    separator = end = "\n"
    for row in view.rows:
        put(separator + "    " + as_json(row).replace("\n", "\n    "))
        separator, end = ",\n", "\n  ]\n}\n"
    put("]\n}\n" if separator == "\n" else end)


def _jsonl(view: View, console: Console) -> None:
    import json

    for row in view.rows:
        console.stdout.write(json.dumps(row, default=_plain, ensure_ascii=False) + "\n")


def _yaml(view: View, console: Console) -> None:
    from sagectl.manifest.writer import to_yaml

    put = console.stdout.write
    if not isinstance(view, Listing):
        put(to_yaml(view.value()))
        return
    rows = iter(view.rows)
    head = f"{view.member}:\n"
    put(to_yaml({view.member: list(islice(rows, _YAML_ROWS))}))
    while some := list(islice(rows, _YAML_ROWS)):
        put(to_yaml({view.member: some}).removeprefix(head))


def _tsv(view: View, console: Console) -> None:
    console.stdout.writelines("\t".join(cells) + "\n" for cells in _lines(view))


def _csv(view: View, console: Console) -> None:
    import csv

    csv.writer(console.stdout, lineterminator="\n").writerows(_lines(view))


def _lines(view: View) -> Iterator[Sequence[str]]:
    """Titles and rows of what has columns; paths and values of everything else."""
    if isinstance(view, Report):
        view = view.listing
    if isinstance(view, Listing):
        columns, rows = view.columns, iter(view.rows)
    elif isinstance(view, Answer) and not isinstance(view.found, dict):
        columns, rows = answer_columns(view)
    else:
        for row in view.rows:
            yield from flat(row)
        return
    if any(column.title for column in columns):
        yield [column.title for column in columns]
    readers = [reader(column) for column in columns]
    for row in rows:
        yield [read(row) for read in readers]


def _name(view: View, console: Console) -> None:
    console.stdout.writelines(f"{name}\n" for name in view.names())


def _table(view: View, console: Console) -> None:
    match view:
        case Listing():
            write_rows(view, console, wide=console.settings.output == "wide")
        case Record():
            write_fields(view.row if view.told is None else view.told, console)
        case Answer():
            write_answer(view, console)
        case Report():
            console.stdout.writelines(f"{line}\n" for line in view.lines(console))
        case Manifest():
            _yaml(view, console)


FORMATS: Mapping[str, Callable[[View, Console], None]] = {
    "table": _table,
    "wide": _table,
    "json": _json,
    "yaml": _yaml,
    "jsonl": _jsonl,
    "csv": _csv,
    "tsv": _tsv,
    "name": _name,
}
