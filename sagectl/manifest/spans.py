"""Where every field of a document stands in its file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sagectl.diagnostics import SourceSpan

if TYPE_CHECKING:
    from sagectl.manifest.nodes import Mark


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
        while path:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
            if path in self.keys_at:
                return self.at(self.keys_at[path])
        return self.at(self.start)
