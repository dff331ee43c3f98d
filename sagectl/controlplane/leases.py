"""Roles of which one process at a time holds each: the supervisor's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.controlplane.store import Store


@dataclass(frozen=True, slots=True)
class Lease:
    """Who holds a role: ``owner`` is unique to the holder, ``boot`` tells reboots apart.

    ``beat`` is when the holder last said that it lives, in milliseconds since the epoch.
    """

    name: str
    owner: str
    pid: int
    boot: str
    beat: int


def take(store: Store, wanted: Lease, *, instead_of: Lease | None) -> bool:
    """Take a role that is free, or from ``instead_of`` if it has not been heard of since."""
    owner, last = (instead_of.owner, instead_of.beat) if instead_of else (None, None)
    with store.writing() as db:
        return bool(
            db.execute(
                "INSERT INTO leases (name, owner, pid, boot, beat) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, pid = excluded.pid,"
                " boot = excluded.boot, beat = excluded.beat WHERE owner = ? AND beat = ?",
                (wanted.name, wanted.owner, wanted.pid, wanted.boot, wanted.beat, owner, last),
            ).rowcount
        )


def beat(store: Store, name: str, owner: str, *, now: int) -> bool:
    """Say that the holder lives; False if the role is somebody else's by now."""
    with store.writing() as db:
        return bool(
            db.execute(
                "UPDATE leases SET beat = ? WHERE name = ? AND owner = ?", (now, name, owner)
            ).rowcount
        )


def give_up(store: Store, name: str, owner: str) -> None:
    """Free the role if ``owner`` holds it."""
    with store.writing() as db:
        db.execute("DELETE FROM leases WHERE name = ? AND owner = ?", (name, owner))


def holder(store: Store, name: str) -> Lease | None:
    """Who holds the role, alive or not."""
    with store.reading() as db:
        row = db.execute(
            "SELECT name, owner, pid, boot, beat FROM leases WHERE name = ?", (name,)
        ).fetchone()
    return Lease(*row) if row else None
