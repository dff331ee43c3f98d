"""Several tables of one answer, one below the other."""

from __future__ import annotations

from itertools import accumulate, compress
from typing import TYPE_CHECKING, Any

from sagectl.render.columns import reader
from sagectl.render.views import Listing, Report

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sagectl.catalog.kinds import Column
    from sagectl.render.console import Console

    Section = tuple[str, Sequence[Column], Sequence[Mapping[str, Any]]]

# The share of a screen that is kept for columns; what is longer reads better unaligned.
_ALIGNED = 0.75


def sections(
    answer: Mapping[str, Any],
    tables: Sequence[Section],
    listing: Listing,
    *,
    wide: Sequence[Section] | None = None,
) -> Report:
    """``tables``, those that have rows; programs get ``answer``, as rows ``listing``.

    With ``-o wide`` the tables are ``wide``, if there are such.
    """

    def lines(console: Console) -> Iterator[str]:
        chosen = wide if wide and console.settings.output == "wide" else tables
        return _lines(chosen, console.width if console.is_terminal else None)

    return Report(answer, listing, lines)


def _lines(tables: Sequence[Section], room: int | None) -> Iterator[str]:
    filled = [table for table in tables if table[2]]
    for index, (_, columns, rows) in enumerate(filled):
        cells = [[column.title for column in columns]]
        readers = [reader(column) for column in columns]
        cells += [[read(row) for read in readers] for row in rows]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        if index:
            yield ""
        if room is None or sum(widths) + 2 * len(widths) - 2 <= room:
            yield from (_padded(line, widths) for line in cells)
        else:
            yield from _folded(cells, widths, room)


def _padded(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(map(str.ljust, cells, widths)).rstrip()


def _folded(cells: list[list[str]], widths: list[int], room: int) -> Iterator[str]:
    """Rows of a table wider than the screen: what does not fit stands below, in whole words."""
    from textwrap import wrap

    used = [any(line[at] for line in cells[1:]) for at in range(len(widths))]
    cells = [list(compress(line, used)) for line in cells]
    widths = list(compress(widths, used))
    ends = accumulate(width + 2 for width in widths)
    fixed = max(1, sum(end <= room * _ALIGNED for end in ends))
    for line in cells:
        begun = _padded(line[:fixed], widths)
        rest = [cell for cell in line[fixed:] if cell]
        whole = "  ".join([begun.ljust(sum(widths[:fixed]) + 2 * fixed - 2), *rest]).rstrip()
        if len(whole) <= room:
            yield whole
            continue
        yield begun
        for cell in rest:
            yield from wrap(
                cell,
                room,
                initial_indent="    ",
                subsequent_indent="    ",
                break_on_hyphens=False,
            )
