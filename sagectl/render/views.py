"""What a command has to show, before it is known how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.catalog.kinds import Column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sagectl.catalog.kinds import Kind
    from sagectl.manifest.document import Document
    from sagectl.render.console import Console


class Computed(NamedTuple):
    """A column whose cells are not at a path of the row: ``read`` makes them."""

    title: str
    read: Callable[[Mapping[str, Any]], str]
    style: str = "text"
    is_wide: bool = False


class Listing(NamedTuple):
    """Rows of one sort; they may be an iterator over pages still to be fetched.

    ``member`` is what the service calls the list, ``word`` and ``name_path`` make the names
    (``workteam/radiology``), ``plural`` is for the remark that there are none.
    """

    member: str
    rows: Iterable[Mapping[str, Any]]
    columns: Sequence[Column | Computed]
    word: str
    name_path: str
    plural: str

    def value(self) -> Any:
        return {self.member: list(self.rows)}

    def names(self) -> Iterable[str]:
        from sagectl.render.columns import reader

        name = reader(Column("NAME", self.name_path))
        return (f"{self.word}/{name(row)}" for row in self.rows)


class Record(NamedTuple):
    """One thing: ``answer`` is what the service said, ``member`` where in it the thing is.

    ``told`` is what people see of it, where that is something else.
    """

    answer: Mapping[str, Any]
    word: str = ""
    name: str = ""
    member: str | None = None
    told: Mapping[str, Any] | None = None

    @property
    def row(self) -> Mapping[str, Any]:
        inner: Mapping[str, Any] = self.answer[self.member] if self.member else self.answer
        return inner

    @property
    def rows(self) -> Iterable[Mapping[str, Any]]:
        return [self.row] if self.row else []

    def value(self) -> Any:
        return self.answer

    def names(self) -> Iterable[str]:
        return [f"{self.word}/{self.name}"]


class Manifest(NamedTuple):
    """Documents, to be shown as they would be written in a file."""

    documents: tuple[Document, ...]

    @property
    def rows(self) -> Iterable[Mapping[str, Any]]:
        return [document.as_dict() for document in self.documents]

    def value(self) -> Any:
        written = list(self.rows)
        return written[0] if len(written) == 1 else written

    def names(self) -> Iterable[str]:
        return [document.label for document in self.documents]


class Report(NamedTuple):
    """What has a form of its own on a screen, and is ``answer`` to a program.

    ``listing`` is the same as rows, ``lines`` writes it for people.
    """

    answer: Mapping[str, Any]
    listing: Listing
    lines: Callable[[Console], Iterable[str]]

    @property
    def rows(self) -> Iterable[Mapping[str, Any]]:
        return self.listing.rows

    def value(self) -> Any:
        return self.answer

    def names(self) -> Iterable[str]:
        return self.listing.names()


class Answer(NamedTuple):
    """What a query made of another view."""

    found: Any

    @property
    def rows(self) -> Iterable[Any]:
        if isinstance(self.found, list):
            return self.found
        return [] if self.found is None else [self.found]

    def value(self) -> Any:
        return self.found

    def names(self) -> Iterable[str]:
        return (str(row) for row in self.rows)


View = Listing | Record | Manifest | Report | Answer


def listing(kind: Kind, rows: Iterable[Mapping[str, Any]]) -> Listing:
    """The list of resources of ``kind``."""
    return Listing(
        kind.list_member, rows, kind.columns, kind.word, kind.name_field, kind.plural
    )


def record(kind: Kind, name: str, answer: Mapping[str, Any]) -> Record:
    """An answer about the one resource ``name`` of ``kind``."""
    member = kind.describe_member
    return Record(answer, kind.word, name, member if member in answer else None)
