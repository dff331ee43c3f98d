"""A pool of workers on its way to be as a file says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from sagectl.errors import SagectlError
from sagectl.plan.change import Action

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from sagectl.diagnostics import SourceSpan


class Known(Protocol):
    """Somebody in a pool: ``username`` is the pool's key, ``email`` lower-cased.

    ``name`` is None in a pool that keeps no names.
    """

    @property
    def username(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def name(self) -> str | None: ...
    @property
    def is_enabled(self) -> bool: ...
    @property
    def status(self) -> str: ...


class Person(Protocol):
    """Somebody as a file has them."""

    @property
    def email(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def groups(self) -> tuple[str, ...]: ...
    @property
    def span(self) -> SourceSpan | None: ...


class Pool(Protocol):
    """Where workers are kept. Lists are iterators over pages still to be fetched."""

    def people(self) -> Iterator[Known]: ...
    def groups(self) -> Iterator[str]: ...
    def members(self, group: str) -> Iterator[Known]: ...
    def find(self, email: str) -> Known | None: ...
    def groups_of(self, username: str) -> Iterator[str]: ...
    def create_group(self, group: str) -> None: ...
    def invite(self, email: str, name: str) -> str:
        """Let somebody in; gives the username."""
        ...

    def resend(self, username: str) -> None: ...
    def rename(self, username: str, name: str) -> None: ...
    def join(self, username: str, group: str) -> None: ...
    def leave(self, username: str, group: str) -> None: ...
    def enable(self, username: str) -> None: ...
    def disable(self, username: str) -> None: ...
    def remove(self, username: str) -> None: ...


@dataclass(frozen=True, slots=True)
class PersonChange:
    """What happens to one person; ``name`` is None if it stays."""

    action: Action
    email: str
    username: str | None = None
    name: str | None = None
    joins: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()
    span: SourceSpan | None = None


@dataclass(frozen=True, slots=True)
class PeoplePlan:
    """Groups to be made, then what happens to whom."""

    groups: tuple[str, ...]
    changes: tuple[PersonChange, ...]
    unchanged: int
    unlisted: int  # people of the pool that the file does not have, and that stay

    @property
    def is_empty(self) -> bool:
        return not self.groups and not self.changes


class Failure(NamedTuple):
    """A change that was made in part or not at all."""

    change: PersonChange
    error: SagectlError


class Done(NamedTuple):
    """How a plan was carried out."""

    done: tuple[PersonChange, ...]
    failed: tuple[Failure, ...]
    untried: tuple[PersonChange, ...]


def people_plan(people: Iterable[Person], pool: Pool, *, prune: bool = False) -> PeoplePlan:
    """What makes ``pool`` as the file says; reads it page by page, and keeps of it only those
    who are in the file, or who are to go.

    The groups of a listed person become exactly those of the file. Who is not listed stays,
    unless ``prune``.
    """
    wanted = {person.email: person for person in people}
    live: dict[str, Known] = {}
    gone: list[Known] = []
    unlisted = 0
    for known in pool.people():
        if known.email in wanted:
            live[known.email] = known
        elif prune:
            gone.append(known)
        else:
            unlisted += 1
    # An empty pool has no members to ask for, and a group nobody listed is in costs one call.
    there = list(pool.groups())
    memberships = _memberships(pool, there if live else (), live)
    changes = [
        _change(person, live.get(email), memberships.get(email, set()))
        for email, person in wanted.items()
    ]
    pending = [change for change in changes if change.action is not Action.UNCHANGED]
    pending += [PersonChange(Action.DELETE, each.email, each.username) for each in gone]
    new = {group for person in wanted.values() for group in person.groups}.difference(there)
    unchanged = sum(change.action is Action.UNCHANGED for change in changes)
    return PeoplePlan(tuple(sorted(new)), tuple(pending), unchanged, unlisted)


def _memberships(
    pool: Pool, groups: Iterable[str], live: Mapping[str, Known]
) -> dict[str, set[str]]:
    """E-mail -> groups, of those in ``live``."""
    found: dict[str, set[str]] = {}
    for group in groups:
        for member in pool.members(group):
            if member.email in live:
                found.setdefault(member.email, set()).add(group)
    return found


def _change(person: Person, known: Known | None, groups: set[str]) -> PersonChange:
    if known is None:
        return PersonChange(
            Action.CREATE, person.email, None, person.name, person.groups, (), person.span
        )
    joins = tuple(group for group in person.groups if group not in groups)
    leaves = tuple(sorted(groups.difference(person.groups)))
    is_renamed = bool(person.name) and known.name is not None and known.name != person.name
    name = person.name if is_renamed else None
    action = Action.UPDATE if joins or leaves or is_renamed else Action.UNCHANGED
    return PersonChange(action, person.email, known.username, name, joins, leaves, person.span)


def apply_people(
    plan: PeoplePlan,
    pool: Pool,
    *,
    parallel: int = 1,
    stops: Callable[[], bool] = lambda: False,
    told: Callable[[PersonChange, SagectlError | None], None] = lambda _change, _error: None,
) -> Done:
    """Make ``plan`` so; one person's failure stops nobody else.

    What is done is not done again by a later plan, so that running it again goes on where this
    was cut short. Raises SagectlError if a group cannot be made, before anybody is touched.
    """
    for group in plan.groups:
        pool.create_group(group)
    done: list[PersonChange] = []
    failed: list[Failure] = []
    untried: list[PersonChange] = []

    def one(change: PersonChange) -> None:
        if stops():
            untried.append(change)
            return
        try:
            admit(change, pool)
        except SagectlError as error:
            failed.append(Failure(change, error))
            told(change, error)
        else:
            done.append(change)
            told(change, None)

    _each(one, plan.changes, parallel)
    return Done(tuple(done), tuple(failed), tuple(untried))


def _each(
    one: Callable[[PersonChange], None], changes: Iterable[PersonChange], parallel: int
) -> None:
    if parallel == 1:
        for change in changes:
            one(change)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(parallel) as pool:
        for _ in pool.map(one, changes):
            pass


def admit(change: PersonChange, pool: Pool) -> None:
    """Make one change; joins come before leaves: whoever moves is never in no team."""
    if change.action is Action.DELETE:
        pool.remove(change.username or change.email)
        return
    username = change.username
    if username is None:
        username = pool.invite(change.email, change.name or "")
    elif change.name is not None:
        pool.rename(username, change.name)
    for group in change.joins:
        pool.join(username, group)
    for group in change.leaves:
        pool.leave(username, group)
