"""What a search found, made into what is shown: columns, groups, plots and files."""

from __future__ import annotations

from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.catalog.kinds import Column
from sagectl.controlplane.properties import property_named
from sagectl.errors import InputError
from sagectl.render.columns import text
from sagectl.render.views import Computed, Listing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sagectl.controlplane.properties import Property
    from sagectl.schema.model import Shape

    Row = Mapping[str, Any]

# Times that every type of record may have -> their titles.
_TIMES = {"CreationTime": "CREATED", "LastModifiedTime": "UPDATED"}


class Found(NamedTuple):
    """The results of a search: ``member`` holds a record of ``shape`` in each row."""

    resource: str
    member: str
    shape: Shape
    rows: Iterable[Row]

    def property(self, name: str) -> Property:
        """The property called ``name``; InputError where there is none."""
        from sagectl.controlplane.faults import Fault

        try:
            return property_named(name, self.shape)
        except Fault as fault:
            raise InputError(fault.message, hint=fault.hint) from fault

    def reader(self, name: str) -> Callable[[Row], Any]:
        """A function from a row to its value of the property ``name``, None without one."""
        values = self.property(name).values

        def read(row: Row) -> Any:
            found = list(values(row[self.member]))
            return found[0] if len(found) == 1 else found or None

        return read


def listed(found: Found, columns: Sequence[str], usual: Sequence[Column] = ()) -> Listing:
    """The results as rows, with ``columns``, the ``usual`` or those of their first row."""
    rows = iter(found.rows)
    first = next(rows, None)
    record = first[found.member] if first else {}
    name = f"{found.member}Name"
    if name not in record:
        name = next((key for key in record if key.endswith("Name")), name)
    shown: list[Column | Computed] = [Column("NAME", f"{found.member}.{name}")]
    if columns:
        shown += [_computed(found, path) for path in columns]
    elif usual:
        shown = [column._replace(path=_within(found.member, column.path)) for column in usual]
    else:
        statuses = (key for key in record if key.endswith("Status"))
        shown += [Column("STATUS", f"{found.member}.{key}", "status") for key in statuses]
        shown += [
            Column(title, f"{found.member}.{key}", "time")
            for key, title in _TIMES.items()
            if key in record
        ]
    again = rows if first is None else chain([first], rows)
    label = f"{found.member}.{name}"
    return Listing("Results", again, shown, found.member.lower(), label, "results")


def _within(member: str, path: str) -> str:
    return "|".join(f"{member}.{one}" for one in path.split("|"))


def _computed(found: Found, path: str) -> Computed:
    style = "time" if found.property(path).type == "timestamp" else "text"
    return Computed(path, _worded(found.reader(path)), style)


def _worded(read: Callable[[Row], Any]) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        value = read(row)
        return ", ".join(map(text, value)) if isinstance(value, list) else text(value)

    return cell


# Name -> the value of a group's numbers.
AGGREGATES: Mapping[str, Callable[[Sequence[float]], float]] = {
    "max": max,
    "min": min,
    "mean": lambda numbers: sum(numbers) / len(numbers),
    "sum": sum,
    "count": len,
}


def aggregate(written: str) -> tuple[str, str]:
    """``max Metrics.accuracy`` as its function and its property; InputError otherwise."""
    function, _, name = written.strip().partition(" ")
    if function not in AGGREGATES or not name.strip():
        raise InputError(
            f"--agg {written!r} is not FUNCTION PROPERTY",
            hint=f"For example 'max Metrics.accuracy'; functions are {', '.join(AGGREGATES)}.",
        )
    return function, name.strip()


def grouped(found: Found, by: str, wanted: Sequence[str]) -> Listing:
    """One row for each value of the property ``by``, with the aggregates ``wanted``."""
    key = _worded(found.reader(by))
    aggregates = [(label, *aggregate(label)) for label in wanted]
    readers = {name: found.reader(name) for _, _, name in aggregates}
    counts: dict[str, int] = {}
    numbers: dict[str, dict[str, list[float]]] = {}
    for row in found.rows:
        group = key(row)
        counts[group] = counts.get(group, 0) + 1
        group_numbers = numbers.setdefault(group, {name: [] for name in readers})
        for name, read in readers.items():
            if (number := numeric(read(row))) is not None:
                group_numbers[name].append(number)
    rows = [
        {by: group, "count": counts[group]}
        | {
            label: AGGREGATES[function](numbers[group][name]) if numbers[group][name] else None
            for label, function, name in aggregates
        }
        for group in sorted(counts)
    ]
    for label, function, name in aggregates:
        if rows and function != "count" and all(row[label] is None for row in rows):
            raise InputError(f"--agg {label!r}: no result has a number in {name}")
    columns = [Computed(title, _key(title)) for title in (by, "count", *wanted)]
    return Listing("Groups", rows, columns, "group", by, "groups")


def _key(title: str) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        value = row[title]
        return f"{value:.6g}" if isinstance(value, float) else text(value)

    return cell


def numeric(value: Any) -> float | None:
    """``value`` as a number; text that writes one counts."""
    if isinstance(value, dict):
        value = next(iter(value.values()), None)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def cells(view: Listing) -> Iterator[dict[str, Any]]:
    """The rows of ``view`` as they go into a file: a value for each of its columns.

    Numbers and times are such; None stands for what a row lacks.
    """
    from sagectl.render.columns import reader

    readers = [(column, reader(column)) for column in view.columns]
    for row in view.rows:
        yield {column.title: _cell(column, read(row)) for column, read in readers}


def _cell(column: Column | Computed, value: str) -> Any:
    if not value:
        return None
    if column.style == "time" and ", " not in value:
        return datetime.fromisoformat(value)
    return value if (number := _exact(value)) is None else number


def _exact(value: str) -> float | int | None:
    """The number that ``value`` writes, unless it would be written otherwise."""
    number = numeric(value)
    if number is None:
        return None
    whole = int(number) if number.is_integer() else number
    return next((one for one in (number, whole) if str(one) == value), None)
