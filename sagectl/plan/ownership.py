"""Apply sets: what a set made carries its tag, and what carries it may be pruned.

The tag goes into the create call itself, so that nothing is ever made without it, wherever a
run is cut off.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import KINDS
from sagectl.manifest.document import Document
from sagectl.plan.change import Action, Change, Plan
from sagectl.plan.deletion import deletion
from sagectl.plan.live import asked, listed, listed_tags
from sagectl.plan.order import Key, key
from sagectl.plan.tags import UNTAGGED

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from sagectl.catalog.kinds import Kind
    from sagectl.plan.live import Callers

TAG = "sagectl:set"
# What carries the tag for all to see, and can be deleted.
PRUNED = tuple(
    kind.name for kind in KINDS.values() if kind.delete and kind.name not in UNTAGGED
)


def owned(plan: Plan, name: str) -> Plan:
    """``plan`` with the tag of the set ``name`` on everything that it makes."""
    return plan._replace(changes=tuple(_owned(change, name) for change in plan.changes))


def adopted(documents: Sequence[Document], name: str) -> tuple[Document, ...]:
    """``documents`` that want the tag of the set ``name``, also on what is there already."""
    return tuple(
        document
        if document.kind in UNTAGGED
        else replace(document, tags={**document.tags, TAG: name})
        for document in documents
    )


def pruning(
    plan: Plan,
    documents: Sequence[Document],
    name: str,
    callers: Callers,
    *,
    region: str,
    parallel: int = 1,
    tell: Callable[[int], None] = lambda _: None,
) -> Plan:
    """``plan``, and after it the deletion of what the set ``name`` made and has no more.

    Nothing is deleted unless all of ``plan`` was done. Looked at are ``region`` and those that
    documents name. ``tell`` hears of how many resources the tags are about to be read: it is a
    call for each. The tagging API would answer for a hundred, but late, to those alone who may
    use it, and of which kinds is not documented; what it left out would never be pruned.
    """
    kept = {key(document, region) for document in documents}
    kept |= {change.key for change in plan.changes}
    regions = {region, *(own[2] for own in kept)}
    gone = [
        Document(own[0], own[1], region=own[2])
        for place in sorted(regions)
        for own in _carrying(name, place, kept, callers, parallel, tell)
    ]
    first = frozenset(change.key for change in plan.pending)
    deletions = deletion(gone, callers, region, parallel).changes
    reason = f"of the set {name}, and in no document"
    return plan._replace(
        changes=(*plan.changes, *(_after(change, first, reason) for change in deletions)),
    )


def unlistable(plan: Plan, region: str, callers: Callers) -> tuple[str, ...]:
    """The labels of live workforces that are in no document: nobody can tell whose they are."""
    known = {change.key for change in plan.changes}
    regions = sorted({region, *(own[2] for own in known)})
    return tuple(
        f"{kind.word}/{row[kind.name_field]}"
        for kind in (KINDS[name] for name in sorted(UNTAGGED))
        for place in regions
        for row in listed(kind, callers(place))
        if (kind.name, row[kind.name_field], place) not in known
    )


def _owned(change: Change, name: str) -> Change:
    is_made = change.action in (Action.CREATE, Action.REPLACE)
    if not is_made or change.kind.name in UNTAGGED:
        return change
    others = [tag for tag in change.params.get("Tags", ()) if tag["Key"] != TAG]
    tags = [*others, {"Key": TAG, "Value": name}]
    return change._replace(params={**change.params, "Tags": tags})


def _carrying(
    name: str,
    region: str,
    kept: Collection[Key],
    callers: Callers,
    parallel: int,
    tell: Callable[[int], None],
) -> Iterator[Key]:
    """What carries the tag in ``region`` and is not ``kept``."""
    caller = callers(region)

    def has_tag(item: tuple[Kind, Mapping[str, Any]]) -> bool:
        kind, row = item
        return listed_tags(str(row[kind.arn_field]), caller).get(TAG) == name

    rows = [
        (kind, row)
        for kind in map(KINDS.__getitem__, PRUNED)
        for row in listed(kind, caller)
        if (kind.name, row[kind.name_field], region) not in kept
    ]
    tell(len(rows))
    for (kind, row), is_ours in zip(
        rows, asked(has_tag, rows, (caller,), parallel), strict=True
    ):
        if is_ours:
            yield (kind.name, row[kind.name_field], region)


def _after(change: Change, first: frozenset[Key], reason: str) -> Change:
    why = "; ".join(filter(None, (reason, change.reason)))
    return change._replace(needs=change.needs | first, reason=why)
