"""Search and its suggestions, over the records that were loaded."""

from __future__ import annotations

from contextlib import suppress
from itertools import count, islice
from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.controlplane import records
from sagectl.controlplane.keys import Asked, key_of, make, number_of
from sagectl.controlplane.keys import count as counted
from sagectl.controlplane.paging import LARGEST_PAGE, sealed, unsealed, with_token
from sagectl.controlplane.properties import property_named
from sagectl.controlplane.query import predicate
from sagectl.controlplane.ranges import ranges
from sagectl.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from sqlite3 import Connection

    from sagectl.controlplane.context import Context
    from sagectl.controlplane.properties import Property
    from sagectl.controlplane.query import Predicate
    from sagectl.controlplane.ranges import Range
    from sagectl.controlplane.records import Record
    from sagectl.schema.model import Shape

# "The default is LastModifiedTime", "The default is Descending" (API reference, Search).
DEFAULT_SORT = "LastModifiedTime"
DEFAULT_ORDER = "Descending"
# Where suggestions come from: field -> the keys below it.
_SUGGESTED = {
    "HyperParameters": "SELECT DISTINCT key FROM records, json_each(body, '$.HyperParameters')",
    "Parameters": "SELECT DISTINCT key FROM records, json_each(body, '$.Parameters')",
    "Tags": "SELECT DISTINCT value ->> 'Key' FROM records, json_each(body, '$.Tags')",
    "Metrics": "SELECT DISTINCT coalesce(value ->> 'MetricName', key) FROM records,"
    " json_each(coalesce(body -> '$.FinalMetricDataList', body -> '$.Metrics'))",
}
# From so many records of a kind on, keys are made for what they are sorted by.
KEYED_FROM = 500
# So many matches are read at once and sorted here.
FEW = 1000
# A page for which more records were read makes keys for what the expression asks for.
MANY_READ = 4000
_Position = tuple[Any, int]


class _Order(NamedTuple):
    """By ``property``, or by time; ``after`` is where the last page ended."""

    property: Asked | None
    is_down: bool
    after: _Position | None

    def position(self, record: Record) -> _Position:
        """Where a record stands: its key, and its id among those of the same key."""
        if self.property is None:
            return record.modified, record.id
        found = self.property.property
        return key_of(next(found.values(record.body), None), found.type), record.id

    def sorted(self, found: Iterable[Record]) -> list[tuple[_Position, Record]]:
        """Records with their positions, those behind ``after``; what has no key comes last."""
        placed = [(self.position(record), record) for record in found]
        having = [item for item in placed if item[0][0] is not None]
        lacking = [item for item in placed if item[0][0] is None]
        having.sort(key=lambda item: _comparable(item[0]), reverse=self.is_down)
        lacking.sort(key=lambda item: item[0][1], reverse=self.is_down)
        ordered = [*having, *lacking]
        if self.after is None:
            return ordered
        return [item for item in ordered if self._is_behind(item[0], self.after)]

    def _is_behind(self, here: _Position, there: _Position) -> bool:
        if (here[0] is None) != (there[0] is None):
            return here[0] is None
        one, other = _comparable(here), _comparable(there)
        return one < other if self.is_down else one > other


def search(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """Search: matching records, newest first unless told otherwise."""
    resource = params["Resource"]
    shape = records.record_shape(context.model(), resource)
    if shape is None:
        return {"Results": []}
    fits: Predicate = lambda _: True  # noqa: E731
    asked: list[Range] = []
    if "SearchExpression" in params:
        fits = predicate(params["SearchExpression"], resource, shape)
        asked = list(ranges(params["SearchExpression"], shape))
    order = _order(context, params, shape)
    _prepare(context, params, order)
    limit = params.get("MaxResults", LARGEST_PAGE)
    read = count()
    with context.store.reading() as db:
        rows = _rows(context, db, params, order, asked)
        matching = (
            (at, record) for at, record in rows if next(read) >= 0 and fits(record.body)
        )
        found = list(islice(matching, limit + 1))
    if next(read) > MANY_READ:
        for wanted in asked:
            _keep_keys(context, _asked(context, params, wanted.name, wanted.property))
    member = records.member(resource)
    results = [{member: records.shown(record.body, shape)} for _, record in found[:limit]]
    is_last = len(found) <= limit
    token = None if is_last else sealed(context, params, found[limit - 1][0])
    return with_token({"Results": results}, token)


def _order(context: Context, params: Mapping[str, Any], shape: Shape) -> _Order:
    sort_by = params.get("SortBy", DEFAULT_SORT)
    is_down = params.get("SortOrder", DEFAULT_ORDER) == "Descending"
    after: _Position | None = None
    if params.get("NextToken"):
        key, number = unsealed(context, params)
        after = key, number
    if sort_by == DEFAULT_SORT:
        return _Order(None, is_down, after)
    sort = _asked(context, params, sort_by, property_named(sort_by, shape))
    return _Order(sort, is_down, after)


def _rows(
    context: Context,
    db: Connection,
    params: Mapping[str, Any],
    order: _Order,
    asked: Iterable[Range],
) -> Iterable[tuple[_Position, Record]]:
    """Records in order, among them all that fit; no more are read than are taken."""
    few = _few(context, db, params, asked)
    if few is not None:
        return order.sorted(few)
    kind = records.member(params["Resource"])
    if order.property is None:
        ordered = records.newest_first if order.is_down else records.oldest_first
        return _placed(order, ordered(db, kind, context.place, after=order.after))
    number = number_of(db, order.property)
    if number is None:
        return order.sorted(records.every(db, kind, context.place))
    return _placed(order, records.keyed(db, number, is_down=order.is_down, after=order.after))


def _few(
    context: Context, db: Connection, params: Mapping[str, Any], asked: Iterable[Range]
) -> Iterator[Record] | None:
    """What lies in the narrowest range whose keys are kept, if it is little."""
    least: tuple[int, int, Range] | None = None
    for wanted in asked:
        number = number_of(db, _asked(context, params, wanted.name, wanted.property))
        if number is not None:
            held = counted(db, number, wanted, most=FEW + 1)
            if held <= FEW and (least is None or held < least[0]):
                least = held, number, wanted
    return None if least is None else records.ranged(db, least[1], least[2])


def _prepare(context: Context, params: Mapping[str, Any], order: _Order) -> None:
    """Have the keys of what is sorted by, where there are many records."""
    if order.property is None:
        return
    with context.store.reading() as db:
        if number_of(db, order.property) is not None:
            return
        kind = records.member(params["Resource"])
        if not records.is_any_past(db, kind, context.place, KEYED_FROM):
            return
    _keep_keys(context, order.property)


def _keep_keys(context: Context, asked: Asked) -> None:
    with suppress(StateError):  # what cannot be written to is searched all the same
        make(context.store, asked)


def _asked(context: Context, params: Mapping[str, Any], name: str, found: Property) -> Asked:
    return Asked(records.member(params["Resource"]), context.place, name, found)


def _placed(order: _Order, found: Iterable[Record]) -> Iterator[tuple[_Position, Record]]:
    return ((order.position(record), record) for record in found)


def _comparable(position: _Position) -> tuple[bool, Any, int]:
    key, number = position
    return isinstance(key, str), "" if key is None else key, number


def suggest(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """GetSearchSuggestions: names of properties that begin with the hint, in lower case."""
    query = params.get("SuggestionQuery", {}).get("PropertyNameQuery", {})
    hint = query.get("PropertyNameHint", "").lower()
    if records.record_shape(context.model(), params["Resource"]) is None:
        return {"PropertyNameSuggestions": []}
    with context.store.reading() as db:
        names = set(_suggested(context, db, params["Resource"]))
    found = sorted(name for name in map(str.lower, names) if name.startswith(hint))
    return {"PropertyNameSuggestions": [{"PropertyName": name} for name in found]}


def _suggested(context: Context, db: Connection, resource: str) -> Iterable[str]:
    where = " WHERE kind = ? AND account = ? AND region = ?"
    for field, query in _SUGGESTED.items():
        for (key,) in db.execute(query + where, (records.member(resource), *context.place)):
            yield f"{field}.{key}"


OPERATIONS = {"Search": search, "GetSearchSuggestions": suggest}
