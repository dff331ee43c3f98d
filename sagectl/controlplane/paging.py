"""Pages of resources by keyset: a page costs the same wherever it lies in the list."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sagectl.controlplane import faults
from sagectl.controlplane.clock import moment
from sagectl.controlplane.resources import TEXT, resource_of
from sagectl.controlplane.summaries import summary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from sqlite3 import Connection

    from sagectl.controlplane.context import Context
    from sagectl.controlplane.resources import Resource
    from sagectl.controlplane.summaries import Summary

LARGEST_PAGE = 100
_MAC_BYTES = 16
_BETWEEN_ROWS = "\n\n"

# SortBy -> the columns that order by it, without ties; each has an index that ends like this.
ORDERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Name": ("name",),
        "CreateDate": ("created", "id"),
        "CreationTime": ("created", "id"),
        "Status": ("status", "created", "id"),
    }
)
# Parameter -> the condition it sets, and how its value becomes the column's.
FILTERS: Mapping[str, str] = MappingProxyType(
    {
        "NameContains": "instr(name, ?) > 0",
        "StatusEquals": "status = ?",
        "CreationTimeAfter": "created > ?",
        "CreationTimeBefore": "created < ?",
        "LastModifiedTimeAfter": "modified > ?",
        "LastModifiedTimeBefore": "modified < ?",
        "JobReferenceCodeContains": "instr(json_extract(body, '$.JobReferenceCode'), ?) > 0",
    }
)


class Conditions:
    """Conditions that a row must all meet, with their values."""

    __slots__ = ("texts", "values")

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.values: list[Any] = []

    def add(self, text: str, *values: Any) -> None:
        self.texts.append(text)
        self.values.extend(values)

    def __str__(self) -> str:
        return " AND ".join(self.texts)


def page(
    context: Context,
    db: Connection,
    kind: str,
    params: Mapping[str, Any],
    *,
    show: Callable[[Resource], dict[str, Any]],
    sort_by: str,
    parent: str | None = None,
) -> tuple[list[Summary], str | None]:
    """One page of a list operation, and the token of the next if there is one.

    ``show`` makes a row of the answer from a resource, and from nothing else. ``sort_by`` is
    the operation's default; every list is ascending unless told otherwise (API reference,
    ListCompilationJobs). Raises ValidationException for a token that
    is not of this operation, account, region and filters.
    """
    order = ORDERS[params.get("SortBy", sort_by)]
    direction, past = _directions(params.get("SortOrder", "Ascending"))
    where = _conditions(context, kind, params, parent)
    if params.get("NextToken"):
        marks = ", ".join("?" * len(order))
        where.add(f"({', '.join(order)}) {past} ({marks})", *unsealed(context, params))
    limit = params.get("MaxResults", LARGEST_PAGE)
    ordering = ", ".join(f"{column} {direction}" for column in order)
    rows = _texts(
        db,
        f"SELECT {TEXT} AS text FROM resources WHERE {where} ORDER BY {ordering} LIMIT ?",
        (*where.values, limit + 1),
    )
    found = [summary(show, text) for text in rows[:limit]]
    if len(rows) <= limit:
        return found, None
    last = resource_of(rows[limit - 1])
    return found, sealed(context, params, [getattr(last, column) for column in order])


def _texts(db: Connection, query: str, values: Sequence[Any]) -> list[str]:
    """The texts that ``query`` finds, in one step.

    Between any two steps Python lets go of its lock, and where many threads want it a page of
    a hundred rows would queue for it a hundred times. A limited subquery keeps its order.
    """
    joined = f"SELECT group_concat(text, char(10, 10)) FROM ({query})"
    text: str | None = db.execute(joined, values).fetchone()[0]
    return text.split(_BETWEEN_ROWS) if text else []


def _conditions(
    context: Context, kind: str, params: Mapping[str, Any], parent: str | None
) -> Conditions:
    where = Conditions()
    if parent is None:
        where.add("kind = ? AND account = ? AND region = ?", kind, *context.place)
    else:
        # The plus keeps SQLite from any index but that of the parent.
        where.add("parent = ? AND +kind = ?", parent, kind)
        where.add("+account = ? AND +region = ?", *context.place)
    for name, text in FILTERS.items():
        if name in params:
            where.add(text, _column_value(name, params[name]))
    return where


def with_token(result: dict[str, Any], token: str | None) -> dict[str, Any]:
    """``result`` with its NextToken, which is left out of the last page."""
    return result if token is None else {**result, "NextToken": token}


def sealed(context: Context, params: Mapping[str, Any], position: Sequence[Any]) -> str:
    """A token that says where the next page begins, good for the same question alone."""
    from base64 import urlsafe_b64encode

    text = json.dumps(position, separators=(",", ":")).encode()
    return urlsafe_b64encode(_mac(context, params, text) + text).decode().rstrip("=")


def unsealed(context: Context, params: Mapping[str, Any]) -> list[Any]:
    """The position in the request's token; raises ValidationException if it is not ours."""
    from base64 import urlsafe_b64decode
    from binascii import Error
    from hmac import compare_digest

    token: str = params["NextToken"]
    try:
        raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except (Error, UnicodeEncodeError) as error:
        raise _bad_token() from error
    mac, text = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not compare_digest(mac, _mac(context, params, text)):
        raise _bad_token()
    position: list[Any] = json.loads(text)
    return position


def _mac(context: Context, params: Mapping[str, Any], text: bytes) -> bytes:
    from hmac import digest

    question = {
        name: value for name, value in params.items() if name not in ("NextToken", "MaxResults")
    }
    bound = json.dumps(
        [context.operation, *context.place, question], sort_keys=True, default=str
    )
    return digest(context.store.key(), b"token\0" + bound.encode() + b"\0" + text, "sha256")[
        :_MAC_BYTES
    ]


def _bad_token() -> faults.Fault:
    return faults.validation(
        "NextToken is not one that this operation gave for these filters.",
        hint="Start again without NextToken.",
    )


def _directions(sort_order: str) -> tuple[str, str]:
    return ("DESC", "<") if sort_order == "Descending" else ("ASC", ">")


def _column_value(name: str, value: Any) -> Any:
    if name.endswith(("After", "Before")):
        return moment(value, up=name.endswith("Before"))
    return value
