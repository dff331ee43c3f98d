"""Search and its suggestions, over the records that were loaded."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from sagectl.controlplane import records
from sagectl.controlplane.paging import LARGEST_PAGE, sealed, unsealed, with_token
from sagectl.controlplane.properties import property_named
from sagectl.controlplane.query import decimal, predicate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from sqlite3 import Connection

    from sagectl.controlplane.context import Context
    from sagectl.controlplane.properties import Property
    from sagectl.controlplane.query import Predicate
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
# A sort key: None where the property is missing, else numbers before text.
_Key = tuple[int, float | str] | None


def search(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """Search: matching records, newest first unless told otherwise."""
    resource = params["Resource"]
    shape = records.record_shape(context.model(), resource)
    if shape is None:
        return {"Results": []}
    fits: Predicate = lambda _: True  # noqa: E731
    if "SearchExpression" in params:
        fits = predicate(params["SearchExpression"], resource, shape)
    sort_by = params.get("SortBy", DEFAULT_SORT)
    with context.store.reading() as db:
        if sort_by == DEFAULT_SORT:
            found, token = _by_time(context, db, params, fits)
        else:
            sort = property_named(sort_by, shape)
            found, token = _by_property(context, db, params, fits, sort)
    member = records.member(resource)
    results = [{member: records.shown(record.body, shape)} for record in found]
    return with_token({"Results": results}, token)


def _by_time(
    context: Context, db: Connection, params: Mapping[str, Any], fits: Predicate
) -> tuple[list[Record], str | None]:
    """A page along the index: as soon as it is full, no more is read."""
    is_down = params.get("SortOrder", DEFAULT_ORDER) == "Descending"
    ordered = records.newest_first if is_down else records.oldest_first
    token = params.get("NextToken")
    after = tuple(unsealed(context, params)) if token else None
    rows = ordered(db, records.member(params["Resource"]), context.place, after=after)
    limit = params.get("MaxResults", LARGEST_PAGE)
    found = list(islice((record for record in rows if fits(record.body)), limit + 1))
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    return found[:limit], sealed(context, params, [last.modified, last.id])


def _by_property(
    context: Context, db: Connection, params: Mapping[str, Any], fits: Predicate, sort: Property
) -> tuple[list[Record], str | None]:
    """A page of all that match, by any property; records without it come last."""
    is_down = params.get("SortOrder", DEFAULT_ORDER) == "Descending"
    matching = [
        (_sort_key(record, sort), record)
        for record in records.every(db, records.member(params["Resource"]), context.place)
        if fits(record.body)
    ]
    having = [(key, record.id, record) for key, record in matching if key is not None]
    lacking = [(None, record.id, record) for key, record in matching if key is None]
    having.sort(key=lambda item: item[:2], reverse=is_down)
    lacking.sort(key=lambda item: item[1], reverse=is_down)
    ordered = [*having, *lacking]
    if params.get("NextToken"):
        key, number = unsealed(context, params)
        place = (tuple(key) if key else None, number)
        ordered = [item for item in ordered if _is_behind(item[:2], place, is_down=is_down)]
    limit = params.get("MaxResults", LARGEST_PAGE)
    found = [record for _, _, record in ordered[:limit]]
    if len(ordered) <= limit:
        return found, None
    return found, sealed(context, params, ordered[limit - 1][:2])


def _sort_key(record: Record, sort: Property) -> _Key:
    value = next(sort.values(record.body), None)
    if value is None:
        return None
    number = None if sort.type == "text" else decimal(str(value).lower())
    if isinstance(value, bool):
        return 0, float(value)
    return (1, str(value)) if number is None else (0, float(number))


def _is_behind(item: tuple[_Key, int], place: tuple[_Key, int], *, is_down: bool) -> bool:
    (key, number), (last_key, last_number) = item, place
    if (key is None) != (last_key is None):
        return key is None
    here, there = (key or (), number), (last_key or (), last_number)
    return here < there if is_down else here > there


def suggest(context: Context, params: Mapping[str, Any]) -> dict[str, Any]:
    """GetSearchSuggestions: names of properties that begin with the hint, in lower case."""
    query = params.get("SuggestionQuery", {}).get("PropertyNameQuery", {})
    hint = query.get("PropertyNameHint", "").lower()
    shape = records.record_shape(context.model(), params["Resource"])
    if shape is None:
        return {"PropertyNameSuggestions": []}
    with context.store.reading() as db:
        names = set(_suggested(context, db, params["Resource"], shape))
    found = sorted(name for name in map(str.lower, names) if name.startswith(hint))
    return {"PropertyNameSuggestions": [{"PropertyName": name} for name in found]}


def _suggested(context: Context, db: Connection, resource: str, shape: Shape) -> Iterable[str]:
    where = " WHERE kind = ? AND account = ? AND region = ?"
    for field, query in _SUGGESTED.items():
        for (key,) in db.execute(query + where, (records.member(resource), *context.place)):
            yield f"{field}.{key}"


OPERATIONS = {"Search": search, "GetSearchSuggestions": suggest}
