"""The people of the local plane, as the pool that a sync fills."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from sagectl.controlplane import people
from sagectl.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sagectl.controlplane.people import Person
    from sagectl.controlplane.resources import Place
    from sagectl.controlplane.store import Store


class LocalUser(NamedTuple):
    """Somebody of the local plane, who is known by e-mail address and has no other name."""

    username: str
    email: str
    name: str | None = None
    is_enabled: bool = True
    status: str = ""


class LocalPool:
    """The people of one account and region; ``password`` is what new ones sign in with.

    Without it they are kept, and sign in once ``local people create`` gave them one. Groups
    are there as soon as somebody is in them.
    """

    def __init__(
        self, store: Store, place: Place, now: Callable[[], int], password: str | None = None
    ) -> None:
        self._store = store
        self._place = place
        self._now = now
        self._password = password

    def people(self) -> Iterator[LocalUser]:
        return (_user(person) for person in people.everybody(self._store, self._place))

    def groups(self) -> Iterator[str]:
        everybody = people.everybody(self._store, self._place)
        return iter(sorted({group for person in everybody for group in person.groups}))

    def members(self, group: str) -> Iterator[LocalUser]:
        everybody = people.everybody(self._store, self._place)
        return (_user(person) for person in everybody if group in person.groups)

    def find(self, email: str) -> LocalUser | None:
        found = people.find(self._store, self._place, email)
        return _user(found) if found else None

    def groups_of(self, username: str) -> Iterator[str]:
        return iter(self._known(username).groups)

    def create_group(self, group: str) -> None:
        """Nothing: a group is there as soon as somebody is in it."""

    def invite(self, email: str, name: str) -> str:
        if self._password is None:
            people.keep(self._store, self._place, email, (), now=self._now())
        else:
            people.add(self._store, self._place, email, (), self._password, now=self._now())
        return email

    def resend(self, username: str) -> None:
        raise InputError("the local plane sends no mail, so there is no invitation to resend")

    def rename(self, username: str, name: str) -> None:
        raise InputError("the local plane knows people by their e-mail address alone")

    def join(self, username: str, group: str) -> None:
        self._regroup(username, lambda groups: (*groups, group))

    def leave(self, username: str, group: str) -> None:
        self._regroup(username, lambda groups: tuple(each for each in groups if each != group))

    def enable(self, username: str) -> None:
        raise InputError("the local plane has nobody disabled")

    def disable(self, username: str) -> None:
        raise InputError("the local plane disables nobody", hint="Remove the person instead.")

    def remove(self, username: str) -> None:
        people.remove(self._store, self._place, username)

    def _known(self, username: str) -> Person:
        found = people.find(self._store, self._place, username)
        if found is None:
            raise NotFoundError("NoSuchPerson", f"there is nobody called {username!r}")
        return found

    def _regroup(
        self, username: str, change: Callable[[tuple[str, ...]], tuple[str, ...]]
    ) -> None:
        with self._store.writing() as db:
            key = (*self._place, username)
            where = "WHERE account = ? AND region = ? AND name = ?"
            row = db.execute(f"SELECT groups FROM people {where}", key).fetchone()
            if row is None:
                raise NotFoundError("NoSuchPerson", f"there is nobody called {username!r}")
            groups = json.dumps(tuple(dict.fromkeys(change(tuple(json.loads(row[0]))))))
            db.execute(f"UPDATE people SET groups = ? {where}", (groups, *key))


def _user(person: Person) -> LocalUser:
    return LocalUser(person.name, person.name.lower())
