"""What records hold under the properties that searches ask for, kept in order.

The keys of a property are made when a search first wants them, and change from then on in the
transaction that changes a record. No answer depends on them: they save reading every record.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from sagectl.controlplane.properties import property_named
from sagectl.controlplane.query import decimal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from sqlite3 import Connection

    from sagectl.controlplane.properties import Property
    from sagectl.controlplane.ranges import Range
    from sagectl.controlplane.resources import Place
    from sagectl.controlplane.store import Store
    from sagectl.schema.model import Shape

# A database keeps the keys of so many properties; those made first are forgotten first.
MOST_PROPERTIES = 32
# SQLite orders these as Search does: numbers before text.
Key: TypeAlias = float | str | None
_INSERT = "INSERT INTO search_keys (property, record, place, value) VALUES (?, ?, ?, ?)"
_IN_PLACE = "kind = ? AND account = ? AND region = ?"


class Asked(NamedTuple):
    """A property of the records of one kind, account and region."""

    kind: str
    place: Place
    name: str
    property: Property


def key_of(value: Any, type_: str) -> Key:
    """What a property's value is ordered by: a number where it is one."""
    if value is None or isinstance(value, bool):
        return None if value is None else float(value)
    number = None if type_ == "text" else decimal(str(value).lower())
    return str(value) if number is None else float(number)


def number_of(db: Connection, asked: Asked) -> int | None:
    """The number under which a property's keys are kept, if they are."""
    row = db.execute(
        f"SELECT id FROM search_properties WHERE {_IN_PLACE} AND name = ? AND type = ?",
        _identity(asked),
    ).fetchone()
    return row[0] if row else None


def make(store: Store, asked: Asked) -> None:
    """Keep the keys of a property, of all records that there are."""
    with store.writing() as db:
        if number_of(db, asked) is not None:
            return
        db.execute(
            "DELETE FROM search_properties WHERE id IN"
            " (SELECT id FROM search_properties ORDER BY id DESC LIMIT -1 OFFSET ?)",
            (MOST_PROPERTIES - 1,),
        )
        number = db.execute(
            "INSERT INTO search_properties (kind, account, region, name, type)"
            " VALUES (?, ?, ?, ?, ?)",
            _identity(asked),
        ).lastrowid
        assert number is not None
        records = db.execute(
            f"SELECT id, body FROM records WHERE {_IN_PLACE}", (asked.kind, *asked.place)
        )
        db.executemany(
            _INSERT,
            (
                row
                for record, body in records
                for row in _rows(number, record, json.loads(body), asked.property)
            ),
        )


class Keeper:
    """Brings the keys of an account and region up to date with records that change."""

    def __init__(self, db: Connection, place: Place, shapes: Mapping[str, Shape]) -> None:
        self._db = db
        self._kept: dict[str, list[tuple[int, Property]]] = {}
        query = "SELECT id, kind, name FROM search_properties WHERE account = ? AND region = ?"
        for number, kind, name in db.execute(query, place).fetchall():
            found = property_named(name, shapes[kind])
            self._kept.setdefault(kind, []).append((number, found))

    def keep(self, kind: str, record: int, body: str) -> None:
        """Bring up to date what is kept of one record, whose ``body`` is JSON."""
        for number, found in self._kept.get(kind, ()):
            self._db.execute(
                "DELETE FROM search_keys WHERE property = ? AND record = ?", (number, record)
            )
            self._db.executemany(_INSERT, _rows(number, record, json.loads(body), found))


def walk(
    db: Connection, number: int, *, is_down: bool, after: tuple[Key, int] | None
) -> Iterator[tuple[int, int, str]]:
    """Id, time and body of records, by what they hold first under a property.

    Those that hold nothing come last. It begins behind the key and id ``after``.
    """
    way, past = ("DESC", "<") if is_down else ("ASC", ">")
    having, lacking = f"(k.value, k.record) {past} (?, ?)", f"k.record {past} ?"
    parts: list[tuple[str, tuple[Any, ...]]] = [("k.value IS NULL", ())]
    if after is None:
        parts.insert(0, ("k.value IS NOT NULL", ()))
    elif after[0] is not None:
        parts.insert(0, (having, after))
    else:
        parts = [(f"k.value IS NULL AND {lacking}", after[1:])]
    for condition, values in parts:
        yield from db.execute(
            "SELECT r.id, r.modified, r.body FROM search_keys k"
            " JOIN records r ON r.id = k.record"
            f" WHERE k.property = ? AND k.place = 0 AND {condition}"
            f" ORDER BY k.value {way}, k.record {way}",
            (number, *values),
        )


def within(found: Range) -> tuple[str, list[Any]]:
    """The condition on a key that a range is, and its values."""
    if found.choices:
        return f"value IN ({', '.join('?' * len(found.choices))})", list(found.choices)
    # Text comes behind all numbers, and '' before all text.
    upper = ("value < ''", []) if found.high is None else ("value <= ?", [found.high])
    lower = ("", []) if found.low is None else (" AND value >= ?", [found.low])
    return upper[0] + lower[0], [*upper[1], *lower[1]]


def count(db: Connection, number: int, found: Range, *, most: int) -> int:
    """How many keys are in a range, counted up to ``most``."""
    condition, values = within(found)
    query = f"SELECT 1 FROM search_keys WHERE property = ? AND {condition} LIMIT ?"
    row = db.execute(f"SELECT count(*) FROM ({query})", (number, *values, most)).fetchone()
    counted: int = row[0]
    return counted


def _identity(asked: Asked) -> tuple[str, ...]:
    return (asked.kind, *asked.place, asked.name, asked.property.type)


def _rows(
    number: int, record: int, body: Any, found: Property
) -> Iterator[tuple[int, int, int, Key]]:
    """A row for each value; one without a value for a record that has none."""
    held = [key_of(value, found.type) for value in found.values(body)]
    for place, key in enumerate(held or [None]):
        yield number, record, place, key
