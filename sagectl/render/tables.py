"""One table, two skins: rich on a terminal, plain aligned columns everywhere else."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import Column
from sagectl.render.columns import reader, shown, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sagectl.render.console import Console
    from sagectl.render.views import Answer, Computed, Listing

# Rows of a plain table that are measured before the first is written; a later, longer cell
# pushes its row to the right rather than being cut.
LOOK_AHEAD = 1000
# More rows than this no person reads, and rich is slow at them.
RICH_ROWS = 500


def write_rows(view: Listing, console: Console, *, wide: bool) -> None:
    """Write the rows as a table; if there are none, a remark on stderr and nothing else."""
    columns = shown(view.columns, wide=wide)
    rows = iter(view.rows)
    if console.is_terminal:
        some = list(islice(rows, RICH_ROWS + 1))
        if some and len(some) <= RICH_ROWS:
            _rich_table(columns, some, console)
            return
        rows = chain(some, rows)
    if not write_plain(columns, rows, console.stdout.write):
        console.say(f"No {view.plural}.")


def write_plain(
    columns: Sequence[Column | Computed], rows: Iterator[Any], put: Callable[[str], Any]
) -> bool:
    """Write aligned rows, never cut; False if there are none."""
    readers = [reader(column) for column in columns]
    head = [[read(row) for read in readers] for row in islice(rows, LOOK_AHEAD)]
    if not head:
        return False
    titles = [column.title for column in columns]
    widths = [max(map(len, cells)) for cells in zip(titles, *head, strict=True)]
    # The last column is not padded, so that no line ends in spaces.
    layout = "".join(f"{{:<{width}}}  " for width in widths[:-1]) + "{}"

    def line(cells: Sequence[str]) -> None:
        put(layout.format(*cells).rstrip() + "\n")

    if any(titles):
        line(titles)
    for cells in head:
        line(cells)
    for row in rows:
        line([read(row) for read in readers])
    return True


def write_answer(view: Answer, console: Console) -> None:
    """Write what a query found: a table if it is rows, else fields, else the bare value."""
    if isinstance(view.found, dict):
        write_fields(view.found, console)
    elif not write_plain(*answer_columns(view), console.stdout.write):
        console.say("The query found nothing.")


def answer_columns(view: Answer) -> tuple[Sequence[Column], Iterator[Mapping[str, Any]]]:
    """The columns and rows of what a query found; scalars and lists have no titles."""
    rows = list(view.rows)
    if rows and all(isinstance(row, dict) for row in rows):
        keys = list(dict.fromkeys(key for row in rows for key in row))
        return [Column(key, key) for key in keys], iter(rows)
    cells = [row if isinstance(row, list) else [row] for row in rows]
    count = max(map(len, cells), default=0)
    named = (dict(zip(map(str, range(count)), row, strict=False)) for row in cells)
    return [Column("", str(index)) for index in range(count)], named


def write_fields(row: Mapping[str, Any], console: Console) -> None:
    """Write a record field by field, or its only value bare so that ``$(...)`` can take it."""
    values = list(row.values())
    if len(values) == 1 and not isinstance(values[0], dict | list):
        console.stdout.write(f"{text(values[0])}\n")
        return
    console.stdout.writelines(f"{line}\n" for line in outline(row, console))


def flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every leaf of ``value`` with its path."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from flat(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from flat(item, f"{path}[{index}]")
    else:
        yield path, text(value)


def outline(value: Mapping[str, Any], console: Console, *, indent: int = 0) -> Iterator[str]:
    """``value`` as indented lines, what is empty left out; folded at words on a terminal."""
    present = {key: item for key, item in value.items() if item not in ({}, [], None, "")}
    width = max(map(len, present), default=0) + 2
    for key, item in present.items():
        label = console.style(f"{key}:", "key")
        if isinstance(item, dict):
            yield label
            yield from (f"  {line}" for line in outline(item, console, indent=indent + 2))
        elif isinstance(item, list) and isinstance(item[0], dict):
            yield label
            for part in item:
                for index, line in enumerate(outline(part, console, indent=indent + 4)):
                    yield f"  {'  ' if index else '- '}{line}"
        else:
            words = ", ".join(map(text, item)) if isinstance(item, list) else text(item)
            shade = "status" if key.endswith("Status") else ""
            first, *rest = _fitting(words, console, indent + width)
            yield f"{label}{' ' * (width - len(key) - 1)}{console.style(first, shade)}"
            yield from (f"{' ' * width}{console.style(line, shade)}" for line in rest)


def _fitting(words: str, console: Console, used: int) -> list[str]:
    """``words`` in lines for what is left of a terminal; a word too long stays in one piece."""
    if not console.is_terminal or "\n" in words or used + len(words) <= console.width:
        return [words]
    from textwrap import wrap

    room = max(console.width - used, 1)
    return wrap(words, room, break_long_words=False, break_on_hyphens=False) or [words]


def _rich_table(
    columns: Sequence[Column | Computed], rows: Sequence[Any], console: Console
) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        header_style="bold",
    )
    for column in columns:
        table.add_column(column.title, overflow="fold", no_wrap=column.style == "time")
    readers = [reader(column, console.now()) for column in columns]
    for row in rows:
        cells = [read(row) for read in readers]
        table.add_row(
            *(
                Text(cell, style=console.shade(cell, column.style))
                for cell, column in zip(cells, columns, strict=True)
            )
        )
    console.rich().print(table)
