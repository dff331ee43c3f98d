"""The people that a work team's document names: invited, and in a group of the team."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from sagectl.diagnostics import Diagnostic
from sagectl.errors import FindingsError, NotFoundError
from sagectl.plan.change import ABSENT, Action, Change, FieldChange, Plan
from sagectl.plan.members import COGNITO, groups_of
from sagectl.plan.people import PersonChange

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from sagectl.manifest.people import Worker
    from sagectl.plan.people import Known, Pool


class Pools(Protocol):
    """Gives the pool of a region's people: the Cognito ``user_pool``, or the local one.

    None where people are known to a company's own provider alone.
    """

    def __call__(self, region: str, user_pool: str | None, /) -> Pool | None: ...


def crewed(plan: Plan, pools: Pools) -> Plan:
    """``plan`` with what it takes to have the ``workers`` of its documents in their teams.

    Whoever is in one of the team's groups already is left alone, and so is whoever the
    document does not name: people leave by ``workforce sync``. Only reads. Raises FindingsError
    for workers whose provider takes no invitations.
    """
    findings: list[Diagnostic] = []
    changes = []
    for change in plan.changes:
        if not change.document.workers or change.action is Action.DELETE:
            changes.append(change)
            continue
        pool = pool_of(change, pools)
        if pool is None:
            findings.append(_elsewhere(change))
            continue
        people = tuple(_joining(change.document.workers, groups_of(change.document.spec), pool))
        changes.append(_with(change, people) if people else change)
    if findings:
        raise FindingsError(findings)
    return plan._replace(changes=tuple(changes))


def pool_of(change: Change, pools: Pools) -> Pool | None:
    """The pool that the members of a work team come from."""
    members = change.document.spec.get("MemberDefinitions", ())
    found = (each.get(COGNITO, {}).get("UserPool") for each in members)
    return pools(change.region, next(filter(None, found), None))


def _joining(
    workers: Iterable[Worker], groups: Sequence[str], pool: Pool
) -> Iterator[PersonChange]:
    """What makes each of ``workers`` one of the team; nothing for those who are."""
    members = {group: _members(pool, group) for group in groups}
    for worker in workers:
        among = {group for group, known in members.items() if worker.email in known}
        if worker.groups:
            joins = tuple(group for group in worker.groups if group not in among)
        else:
            joins = () if among else tuple(groups[:1])
        if not joins:
            continue
        known = _found(worker.email, among, members) or pool.find(worker.email)
        action = Action.UPDATE if known else Action.CREATE
        username = known.username if known else None
        name = None if known else worker.name
        yield PersonChange(action, worker.email, username, name, joins, (), worker.span)


def _members(pool: Pool, group: str) -> Mapping[str, Known]:
    try:
        return {known.email: known for known in pool.members(group)}
    except NotFoundError:
        return {}  # the group is made when the first person joins it


def _found(
    email: str, among: Iterable[str], members: Mapping[str, Mapping[str, Known]]
) -> Known | None:
    return next((members[group][email] for group in among), None)


def _with(change: Change, people: tuple[PersonChange, ...]) -> Change:
    """``change`` with its people; one that stays becomes an update of nothing else."""
    fields = tuple(FieldChange(f"workers.{each.email}", ABSENT, _told(each)) for each in people)
    fields = (*change.fields, *fields)
    if change.action is Action.UNCHANGED:
        nothing: dict[str, Any] = {}
        change = change._replace(action=Action.UPDATE, params=nothing, reason="")
    return change._replace(fields=fields, people=people)


def _told(person: PersonChange) -> str:
    invited = "invited, " if person.action is Action.CREATE else ""
    return f"{invited}joins {', '.join(person.joins)}"


def _elsewhere(change: Change) -> Diagnostic:
    first = change.document.workers[0]
    return Diagnostic(
        "the people of an OIDC provider are managed there, and cannot be invited from here",
        "workers",
        first.span or change.document.span,
        "Leave out workers, or have the team made of groups of a Cognito user pool.",
        "workteam.workers",
    )
