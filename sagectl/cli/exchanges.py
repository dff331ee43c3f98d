"""A change to a list of the service, shown, agreed to and carried out beside other writers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from sagectl.catalog.kinds import Column
from sagectl.cli.options import consent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sagectl.app import App
    from sagectl.diagnostics import Diagnostic

T = TypeVar("T")

_COLUMNS = (Column("ACTION", "Action"), Column("ITEM", "Item"))


class Exchanged(NamedTuple, Generic[T]):
    """How a list is read, changed and written; ``items`` are what a person sees of it."""

    label: str
    read: Callable[[], T]
    change: Callable[[T], T]
    write: Callable[[T], None]
    items: Callable[[T], Sequence[str]]
    remarks: Callable[[T, T], Iterable[Diagnostic]] = lambda _before, _after: ()


def carry_out(app: App, wanted: Exchanged[T], *, dry_run: str | None, yes: bool) -> bool:
    """Show what would change, have it agreed to, and make it so; True if anything changed.

    Raises InputError for a change that cannot be, ServiceError if others overwrite it.
    """
    from sagectl.plan.exchange import exchanged

    before = wanted.read()
    after = wanted.change(before)
    for remark in wanted.remarks(before, after):
        app.warn(remark)
    rows = list(_rows(wanted.items(before), wanted.items(after)))
    for row in rows:
        app.say(f"{row['Action']} {row['Item']}")
    if after == before:
        app.say(f"{wanted.label}: nothing to change.")
    elif dry_run:
        app.say(f"{wanted.label} would change; nothing was changed.")
    else:
        consent(yes, f"Change {wanted.label}?")
        done = exchanged(wanted.read, wanted.change, wanted.write, pause=app.sleep)
        rows = list(_rows(wanted.items(before), wanted.items(done.after)))
        _told(app, wanted.label, done.writes, seen=done.before == before)
    _show(app, rows)
    return after != before and not dry_run


def _told(app: App, label: str, writes: int, *, seen: bool) -> None:
    if not seen or writes > 1:
        app.say(f"{label} was changed by somebody else meanwhile; both changes hold now.")
    app.say(f"{label} updated")


def _show(app: App, rows: Sequence[dict[str, Any]]) -> None:
    """The changes for a program; a person has read them already."""
    from sagectl.render.views import Listing

    if app.settings.output not in ("table", "wide"):
        app.show(Listing("Changes", rows, _COLUMNS, "item", "Item", "changes"))


def _rows(before: Sequence[str], after: Sequence[str]) -> Iterator[dict[str, str]]:
    """What was removed, then what was added."""
    yield from ({"Action": "-", "Item": item} for item in before if item not in after)
    yield from ({"Action": "+", "Item": item} for item in after if item not in before)
