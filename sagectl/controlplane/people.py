"""Who may label in the local plane: names, groups, and what they sign in with."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
from typing import TYPE_CHECKING, NamedTuple

from sagectl.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from sqlite3 import Connection

    from sagectl.controlplane.resources import Place, Resource
    from sagectl.controlplane.store import Store

_NAME = re.compile(r"[\w.@+-]{1,128}")
# scrypt for interactive sign-in: C. Percival, "Stronger Key Derivation via Sequential
# Memory-Hard Functions" (2009).
_COST, _BLOCK, _PARALLEL = 1 << 14, 8, 1
_SALT_BYTES = 16


class Person(NamedTuple):
    """A worker and the groups that person is a member of."""

    name: str
    groups: tuple[str, ...]


def add(
    store: Store, place: Place, name: str, groups: Iterable[str], password: str, *, now: int
) -> Person:
    """Keep a person; one of that name is replaced. Raises InputError."""
    if not password:
        raise InputError("a password is needed to sign in")
    return _kept(store, place, name, groups, password, now)


def keep(store: Store, place: Place, name: str, groups: Iterable[str], *, now: int) -> Person:
    """Keep a person who cannot sign in until ``add`` gives a password. Raises InputError."""
    return _kept(store, place, name, groups, None, now)


def _kept(
    store: Store, place: Place, name: str, groups: Iterable[str], password: str | None, now: int
) -> Person:
    person = Person(name, tuple(dict.fromkeys(groups)))
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{name!r} is no name to sign in with",
            hint="Letters, digits and . @ + - _ will do, 128 at most.",
        )
    # No password hashes to an empty text, so that nobody signs in by it.
    secret = _hashed(password, os.urandom(_SALT_BYTES)) if password else ""
    with store.writing() as db:
        db.execute(
            "INSERT INTO people VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
            " SET groups = excluded.groups, secret = excluded.secret",
            (*place, name, json.dumps(person.groups), secret, now),
        )
    return person


def remove(store: Store, place: Place, name: str) -> None:
    """Forget a person; what that person submitted stays. Raises NotFoundError."""
    with store.writing() as db:
        found = db.execute(
            "DELETE FROM people WHERE account = ? AND region = ? AND name = ?", (*place, name)
        ).rowcount
    if not found:
        raise NotFoundError("NoSuchPerson", f"there is nobody called {name!r}")


def everybody(store: Store, place: Place) -> tuple[Person, ...]:
    """The people of an account and region, by name."""
    with store.reading() as db:
        rows = db.execute(
            "SELECT name, groups FROM people WHERE account = ? AND region = ? ORDER BY name",
            place,
        )
        return tuple(Person(name, tuple(json.loads(groups))) for name, groups in rows)


def find(store: Store, place: Place, name: str) -> Person | None:
    """The person of that name, if there is one."""
    return next((one for one in everybody(store, place) if one.name == name), None)


def signed_in(store: Store, place: Place, name: str, password: str) -> Person | None:
    """The person whose name and password these are; takes as long for a name unknown."""
    with store.reading() as db:
        row = db.execute(
            "SELECT groups, secret FROM people WHERE account = ? AND region = ? AND name = ?",
            (*place, name),
        ).fetchone()
    groups, secret = row or ("[]", "00:00")
    salt = bytes.fromhex(secret.partition(":")[0])
    is_right = hmac.compare_digest(_hashed(password, salt), secret)
    return Person(name, tuple(json.loads(groups))) if row and is_right else None


def groups_of(team: Resource) -> frozenset[str]:
    """The groups whose members work in a team."""
    found: set[str] = set()
    for member in team.body.get("MemberDefinitions", ()):
        found.update(member.get("OidcMemberDefinition", {}).get("Groups", ()))
        if group := member.get("CognitoMemberDefinition", {}).get("UserGroup"):
            found.add(group)
    return frozenset(found)


def teams_of(db: Connection, place: Place, person: Person) -> tuple[Resource, ...]:
    """The work teams that ``person`` belongs to."""
    from sagectl.controlplane.resources import COLUMNS, resource

    rows = db.execute(
        f"SELECT {COLUMNS} FROM resources"
        " WHERE kind = 'Workteam' AND account = ? AND region = ? ORDER BY name",
        place,
    )
    return tuple(
        team for team in map(resource, rows) if not groups_of(team).isdisjoint(person.groups)
    )


def _hashed(password: str, salt: bytes) -> str:
    digest = hashlib.scrypt(
        password.encode(), salt=salt, n=_COST, r=_BLOCK, p=_PARALLEL, maxmem=64 << 20
    )
    return f"{salt.hex()}:{digest.hex()}"
