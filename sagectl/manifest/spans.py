"""Where every field of a document stands in its file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from sagectl.diagnostics import SourceSpan

if TYPE_CHECKING:
    from sagectl.manifest.nodes import Mark

# Field path -> lines below the document's first key and column, of its key and of its value.
Layout: TypeAlias = Mapping[str, tuple[int, int, int, int]]


class Spans(Mapping[str, SourceSpan]):
    """Field path -> the place of its value; the places of keys are kept beside them.

    Spans are made when asked for: a thousand documents have tens of thousands of fields, of
    which a message or two is about.
    """

    __slots__ = ("file", "keys_at", "start", "values_at")

    def __init__(self, file: str, start: Mark) -> None:
        self.file = file
        self.start = start  # the document's first key
        self.keys_at: dict[str, Mark] = {}
        self.values_at: dict[str, Mark] = {}

    def __getitem__(self, path: str) -> SourceSpan:
        return self.at(self.values_at[path])

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_at)

    def __len__(self) -> int:
        return len(self.values_at)

    def at(self, mark: Mark) -> SourceSpan:
        return SourceSpan(self.file, mark.line + 1, mark.column + 1)

    def nearest(self, path: str) -> SourceSpan:
        """Where a finding about ``path`` belongs.

        At the value, where there is one; else at the key of the innermost mapping that lacks
        it; at the document's first key, where that is the document itself.
        """
        if path in self.values_at:
            return self[path]
        key = next((self.keys_at[at] for at in around(path) if at in self.keys_at), self.start)
        return self.at(key)

    def settled(self, known: dict[tuple[object, ...], Layout]) -> Places:
        """The same for keeping; ``known`` has the layouts met so far, and gets this one."""
        first, keys = self.start.line, self.keys_at
        layout = {
            path: (keys[path].line - first, keys[path].column, value.line - first, value.column)
            for path, value in self.values_at.items()
        }
        shared = known.setdefault(tuple(layout.items()), layout)
        return Places(self.file, first, self.start.column, shared)


class Places(Mapping[str, SourceSpan]):
    """What Spans tell, in a few words of memory: documents that look alike share a layout."""

    __slots__ = ("column", "file", "first", "layout")

    def __init__(self, file: str, first: int, column: int, layout: Layout) -> None:
        self.file = file
        self.first = first  # line of the document's first key, counted from 0
        self.column = column
        self.layout = layout

    def __getitem__(self, path: str) -> SourceSpan:
        return self._at(*self.layout[path][2:])

    def __iter__(self) -> Iterator[str]:
        return iter(self.layout)

    def __len__(self) -> int:
        return len(self.layout)

    @property
    def start(self) -> SourceSpan:
        """Where the document begins."""
        return self._at(0, self.column)

    def nearest(self, path: str) -> SourceSpan:
        """Where a finding about ``path`` belongs, as Spans have it."""
        if path in self.layout:
            return self[path]
        keys = (self.layout[at][:2] for at in around(path) if at in self.layout)
        return self._at(*next(keys, (0, self.column)))

    def _at(self, line: int, column: int) -> SourceSpan:
        return SourceSpan(self.file, self.first + line + 1, column + 1)


def around(path: str) -> Iterator[str]:
    """The paths of what holds ``path``, from the inside out."""
    while path:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
        yield path
