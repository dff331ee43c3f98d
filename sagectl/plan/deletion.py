"""The plan that deletes: what is there goes, whatever needs it first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import KINDS
from sagectl.plan.change import Action, Change, Plan
from sagectl.plan.live import Callers, live_states, status
from sagectl.plan.order import in_order, key, needs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagectl.manifest.document import Document
    from sagectl.plan.order import Key


def deletion(
    documents: Sequence[Document], callers: Callers, region: str, parallel: int = 1
) -> Plan:
    """A plan that deletes what ``documents`` name, dependants before what they need.

    What is not there, or cannot be deleted, is UNCHANGED with a reason. A job that still runs
    is stopped first.
    """
    ordered = tuple(reversed(in_order(documents, region)))
    live = live_states((key(document, region) for document in ordered), callers, parallel)
    needed_by: dict[Key, set[Key]] = {own: set() for own in live}
    for own, needed in needs(ordered, region).items():
        for item in needed:
            needed_by[item].add(own)
    return Plan(
        tuple(
            _change(document, own[2], live[own], frozenset(needed_by[own]))
            for document, own in ((document, key(document, region)) for document in ordered)
        )
    )


def _change(
    document: Document, region: str, live: Mapping[str, Any] | None, first: frozenset[Key]
) -> Change:
    kind = KINDS[document.kind]
    state = status(kind, live)
    runs = kind.is_job and kind.statuses is not None and state not in kind.statuses.final
    action, reason = Action.DELETE, ""
    if live is None:
        action, reason = Action.UNCHANGED, "not there"
    elif kind.delete is None:
        action = Action.DELETE if runs else Action.UNCHANGED
        reason = f"{kind.plural} cannot be deleted" + ("; it is stopped" if runs else "")
    elif runs:
        reason = f"it is {state} and is stopped first"
    return Change(
        action,
        kind,
        document,
        region,
        params={kind.name_field: document.name},
        live=live,
        needs=first,
        reason=reason,
    )
