"""A pool on its way to be as a file says."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagectl.errors import ServiceError
from sagectl.manifest.people import Worker
from sagectl.plan.change import Action
from sagectl.plan.people import apply_people, people_plan

if TYPE_CHECKING:
    from collections.abc import Iterator


class User(NamedTuple):
    username: str
    email: str
    name: str
    is_enabled: bool = True
    status: str = ""


class Register:
    """A pool in memory that counts the calls made to it; ``broken`` groups cannot be joined."""

    def __init__(self, *, broken: str = "") -> None:
        self.users: dict[str, User] = {}
        self.teams: dict[str, set[str]] = {}
        self.calls: Counter[str] = Counter()
        self.broken = broken

    def people(self) -> Iterator[User]:
        self.calls["read"] += 1
        return iter(list(self.users.values()))

    def groups(self) -> Iterator[str]:
        self.calls["read"] += 1
        return iter(sorted(self.teams))

    def members(self, group: str) -> Iterator[User]:
        self.calls["read"] += 1
        return (self.users[name] for name in sorted(self.teams[group]))

    def find(self, email: str) -> User | None:
        return self.users.get(f"id-{email}")

    def groups_of(self, username: str) -> Iterator[str]:
        return (group for group, members in self.teams.items() if username in members)

    def create_group(self, group: str) -> None:
        self.calls["write"] += 1
        self.teams[group] = set()

    def invite(self, email: str, name: str) -> str:
        self.calls["write"] += 1
        self.users[f"id-{email}"] = User(f"id-{email}", email, name)
        return f"id-{email}"

    def rename(self, username: str, name: str) -> None:
        self.calls["write"] += 1
        self.users[username] = self.users[username]._replace(name=name)

    def join(self, username: str, group: str) -> None:
        self.calls["write"] += 1
        if group == self.broken:
            raise ServiceError("TooManyRequestsException", "slow down")
        self.teams[group].add(username)

    def leave(self, username: str, group: str) -> None:
        self.calls["write"] += 1
        self.teams[group].discard(username)

    def remove(self, username: str) -> None:
        self.calls["write"] += 1
        del self.users[username]
        for members in self.teams.values():
            members.discard(username)

    def resend(self, username: str) -> None: ...
    def enable(self, username: str) -> None: ...
    def disable(self, username: str) -> None: ...


def worker(name: str, *groups: str) -> Worker:
    return Worker(f"{name}@example.com", name.title(), tuple(sorted(groups)))


STAFF = (worker("ann", "doctors", "nurses"), worker("bob", "nurses"), worker("cleo"))
NAMES = st.sampled_from(["ann", "bob", "cleo", "dan"])
FILES = st.lists(
    st.builds(
        lambda name, groups: worker(name, *groups), NAMES, st.sets(st.sampled_from("abc"))
    ),
    unique_by=lambda person: person.email,
)


@settings(deadline=None)
@given(FILES, FILES, st.booleans())
def test_a_sync_makes_it_so_and_the_next_one_has_nothing_to_do(
    before: list[Worker], after: list[Worker], prune: bool
) -> None:
    pool = Register()
    apply_people(people_plan(before, pool), pool)

    apply_people(people_plan(after, pool, prune=prune), pool)

    live = {user.email: set(pool.groups_of(user.username)) for user in pool.users.values()}
    for person in after:
        assert live[person.email] == set(person.groups)
    stays = set() if prune else {person.email for person in before}
    assert live.keys() == {person.email for person in after} | stays
    assert people_plan(after, pool, prune=prune).is_empty


def test_the_first_sync_makes_no_call_too_many() -> None:
    pool = Register()

    apply_people(people_plan(STAFF, pool), pool)

    groups, people, memberships = 2, 3, 3
    assert pool.calls == {"read": 2, "write": groups + people + memberships}


def test_the_second_sync_only_reads() -> None:
    pool = Register()
    apply_people(people_plan(STAFF, pool), pool)
    pool.calls.clear()

    apply_people(people_plan(STAFF, pool), pool)

    assert pool.calls == {"read": 2 + 2}


def test_a_plan_tells_what_changes_field_by_field() -> None:
    pool = Register()
    apply_people(people_plan(STAFF, pool), pool)

    plan = people_plan([worker("ann", "clerks", "nurses"), STAFF[1]._replace(name="Rob")], pool)

    ann, bob = plan.changes
    assert (ann.joins, ann.leaves, ann.name) == (("clerks",), ("doctors",), None)
    assert (bob.action, bob.name) == (Action.UPDATE, "Rob")
    assert (plan.groups, plan.unchanged, plan.unlisted) == (("clerks",), 0, 1)


@pytest.mark.parametrize("parallel", [1, 4])
def test_what_failed_is_told_and_done_by_the_next_sync(parallel: int) -> None:
    pool = Register(broken="nurses")

    done = apply_people(people_plan(STAFF, pool), pool, parallel=parallel)

    assert {each.change.email[:3] for each in done.failed} == {"ann", "bob"}
    assert [each.email[:4] for each in done.done] == ["cleo"]
    pool.broken = ""
    assert not apply_people(people_plan(STAFF, pool), pool).failed
    assert people_plan(STAFF, pool).is_empty


def test_an_interrupted_sync_goes_on_where_it_stopped() -> None:
    pool = Register()

    done = apply_people(people_plan(STAFF, pool), pool, stops=lambda: len(pool.users) == 1)

    assert (len(done.done), len(done.untried)) == (1, 2)
    assert len(people_plan(STAFF, pool).changes) == 2
