"""Kinds that the service's Search cannot reach, searched by us over List and Describe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import KINDS
from sagectl.cli.search_found import Found

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sagectl.app import App
    from sagectl.catalog.kinds import Kind
    from sagectl.schema.model import Shape


def kind_named(word: str) -> Kind | None:
    """The kind that ``word`` names, in whatever case."""
    return next((kind for kind in KINDS.values() if kind.word == word.lower()), None)


def found_here(
    app: App,
    kind: Kind,
    expression: Mapping[str, Any] | None,
    *,
    sort_by: str | None,
    is_descending: bool,
    limit: int | None,
) -> Found:
    """The resources of ``kind`` that fit ``expression``, judged in this process."""
    from itertools import islice

    from sagectl.controlplane.query import predicate

    shape = record_shape(app, kind)
    app.say(
        f"{kind.plural.capitalize()} are out of reach of the service's Search: "
        f"they are listed, and searched here."
    )
    names_tags = "tags." in str(expression).lower() or (sort_by or "").lower().startswith(
        "tags."
    )
    records = _records(app, kind, with_tags=names_tags)
    if expression:
        fits = predicate(expression, kind.name, shape)
        records = (record for record in records if fits(_comparable(record)))
    found = Found(kind.name, kind.name, shape, ({kind.name: record} for record in records))
    if sort_by:
        read = found.reader(sort_by)
        rows = sorted(found.rows, key=lambda row: _order(read(row)), reverse=is_descending)
        found = found._replace(rows=rows)
    return found._replace(rows=islice(found.rows, limit))


def record_shape(app: App, kind: Kind) -> Shape:
    """The shape of what Describe says of a ``kind``, with its tags."""
    shape = app.model.operation(kind.describe).output_shape
    if kind.describe_member:
        shape = shape.members[kind.describe_member]
    return shape if "Tags" in shape.members else shape.with_member("Tags", "TagList")


def _records(app: App, kind: Kind, *, with_tags: bool) -> Iterator[dict[str, Any]]:
    from sagectl.gateway.client import pages

    caller = app.caller
    # Lists of kinds whose describe wraps them hold the whole record already.
    is_whole = kind.describe_member is not None

    def whole(row: Mapping[str, Any]) -> dict[str, Any]:
        name = row[kind.name_field]
        record = dict(row) if is_whole else caller.call(kind.describe, {kind.name_field: name})
        if with_tags and "Tags" not in record and kind.name != "Workforce":
            arn = {"ResourceArn": record[kind.arn_field]}
            record["Tags"] = list(pages(caller, "ListTags", arn, "Tags"))
        return record

    rows = pages(caller, kind.list, {}, kind.list_member)
    if app.settings.is_local or (is_whole and not with_tags):
        yield from map(whole, rows)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(app.backend.parallel) as pool:
        yield from pool.map(whole, rows)


def _comparable(value: Any) -> Any:
    """``value`` with its times as the predicates of Search compare them."""
    from sagectl.controlplane.clock import moment

    if isinstance(value, dict):
        return {key: _comparable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    return moment(value) if hasattr(value, "isoformat") else value


def _order(value: Any) -> tuple[bool, bool, Any]:
    """A key that puts what is missing first, numbers before text."""
    if value is None:
        return (False, False, "")
    is_text = not isinstance(value, int | float)
    return (True, is_text, str(value) if is_text else value)
