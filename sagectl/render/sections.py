"""Several tables of one answer, one below the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.render.columns import reader
from sagectl.render.views import Listing, Report

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sagectl.catalog.kinds import Column

    Section = tuple[str, Sequence[Column], Sequence[Mapping[str, Any]]]


def sections(answer: Mapping[str, Any], tables: Sequence[Section], listing: Listing) -> Report:
    """``tables``, those that have rows; programs get ``answer``, as rows ``listing``."""
    return Report(answer, listing, lambda _: _lines(tables))


def _lines(tables: Sequence[Section]) -> Iterator[str]:
    filled = [table for table in tables if table[2]]
    for index, (_, columns, rows) in enumerate(filled):
        cells = [[column.title for column in columns]]
        readers = [reader(column) for column in columns]
        cells += [[read(row) for read in readers] for row in rows]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        if index:
            yield ""
        for line in cells:
            padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
            yield "  ".join(padded).rstrip()
