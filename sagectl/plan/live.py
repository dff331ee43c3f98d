"""The live side of a plan: what the service says there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar, runtime_checkable

from sagectl.catalog.kinds import KINDS
from sagectl.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager

    from sagectl.catalog.kinds import Kind
    from sagectl.plan.order import Key

MANY = 25  # documents of a kind; from here on a list is asked before they are

T = TypeVar("T")
R = TypeVar("R")


class Caller(Protocol):
    """Answers the service's operations in one region; raises ServiceError and its like."""

    def call(self, operation: str, params: Mapping[str, Any], /) -> dict[str, Any]: ...


@runtime_checkable
class NearCaller(Protocol):
    """A caller in this process: a question costs next to nothing, and less ``together``."""

    def together(self) -> AbstractContextManager[None]: ...


Callers: TypeAlias = Callable[[str], Caller]  # region -> who answers there


def described(kind: Kind, name: str, caller: Caller) -> Mapping[str, Any] | None:
    """What Describe says of a resource, None if it does not exist."""
    try:
        answer = caller.call(kind.describe, {kind.name_field: name})
    except NotFoundError:
        return None
    found: Mapping[str, Any] = answer[kind.describe_member] if kind.describe_member else answer
    return found


def live_states(
    keys: Iterable[Key], callers: Callers, parallel: int
) -> dict[Key, Mapping[str, Any] | None]:
    """What Describe says of every key, asked ``parallel`` at a time.

    Of many keys of one kind, those that a list does not have are not asked for one by one.
    """
    keys = tuple(dict.fromkeys(keys))
    absent = unlisted(keys, callers)

    def state(key: Key) -> Mapping[str, Any] | None:
        kind, name, region = key
        return None if key in absent else described(KINDS[kind], name, callers(region))

    whom = answering(keys, callers)
    return dict(zip(keys, asked(state, keys, whom, parallel), strict=True))


def answering(keys: Iterable[Key], callers: Callers) -> tuple[Caller, ...]:
    """Who answers for the regions of ``keys``; made here, in one thread."""
    return tuple(map(callers, sorted({key[2] for key in keys})))


def unlisted(keys: Iterable[Key], callers: Callers) -> frozenset[Key]:
    """The keys that a list shows to be absent, where listing is cheaper than asking."""
    groups: dict[tuple[str, str], list[Key]] = {}
    for key in keys:
        groups.setdefault((key[0], key[2]), []).append(key)
    return frozenset(
        key
        for (kind, region), group in groups.items()
        if len(group) >= MANY and not isinstance(callers(region), NearCaller)
        for key in _absent(KINDS[kind], group, callers(region))
    )


def _absent(kind: Kind, keys: list[Key], caller: Caller) -> Iterator[Key]:
    # Somebody else's resources may be many more than ours: then the list is not worth it.
    rows = list(islice(listed(kind, caller), 10 * len(keys) + 1))
    if len(rows) <= 10 * len(keys):
        there = {row[kind.name_field] for row in rows}
        yield from (key for key in keys if key[1] not in there)


def listed(kind: Kind, caller: Caller, **params: Any) -> Iterator[Mapping[str, Any]]:
    """The rows of the kind's List operation, over all pages."""
    wanted = {"MaxResults": 100, **params}
    while True:
        answer = caller.call(kind.list, wanted)
        yield from answer[kind.list_member]
        token = answer.get("NextToken")
        if not token:
            return
        wanted["NextToken"] = token


def asked(
    question: Callable[[T], R], items: Iterable[T], whom: Iterable[Caller], parallel: int
) -> list[R]:
    """The answers to ``question`` for every item, in order; ``parallel`` at a time from afar.

    ``whom`` are those that questions go to.
    """
    near = next((caller for caller in whom if isinstance(caller, NearCaller)), None)
    if near is None:
        return list(mapped(question, items, parallel))
    with near.together():  # one control plane answers for all regions
        return list(map(question, items))


def mapped(function: Callable[[T], R], items: Iterable[T], parallel: int) -> Iterable[R]:
    """``function`` of every item, in order; with ``parallel`` 1 no thread is started."""
    items = tuple(items)
    if parallel < 2 or len(items) < 2:
        return map(function, items)
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(parallel, len(items))) as pool:
        return list(pool.map(function, items))


def lean(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """``live``, with what it has in common with ``wanted`` in memory once and not twice."""
    return {
        name: wanted[name] if name in wanted and wanted[name] == value else value
        for name, value in live.items()
    }


def status(kind: Kind, live: Mapping[str, Any] | None) -> str | None:
    """The status of a live resource; None for what is not there or has none."""
    if live is None or kind.status_field is None:
        return None
    found: str | None = live.get(kind.status_field)
    return found


def failure(kind: Kind, live: Mapping[str, Any]) -> str:
    """Why a live resource failed, "" if it does not say."""
    return str(live.get(kind.failure_field) or "") if kind.failure_field else ""


def listed_tags(arn: str, caller: Caller) -> dict[str, str]:
    """The tags of the resource ``arn``."""
    found: dict[str, str] = {}
    params = {"ResourceArn": arn}
    while True:
        answer = caller.call("ListTags", params)
        found.update((tag["Key"], tag["Value"]) for tag in answer.get("Tags", ()))
        token = answer.get("NextToken")
        if not token:
            return found
        params["NextToken"] = token
