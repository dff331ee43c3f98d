"""Who is signed in to the portal, until it ends or hours have passed."""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from sagectl.controlplane.people import Person

SESSION_SECONDS = 8 * 3600.0
_FAILURES, _FAILURE_SECONDS = 5, 30.0


class Session(NamedTuple):
    """One sign-in. ``csrf`` is in every form of its pages, and nowhere else to be read.

    ``name`` is who answers, ``shown`` what is on the page; ``groups`` are those a provider told
    of, None for people of the local table, who may change theirs.
    """

    token: str
    csrf: str
    name: str
    ends: float
    shown: str
    groups: tuple[str, ...] | None = None

    def sent(self, token: str) -> bool:
        """Whether a form that carries ``token`` is one of this session's."""
        return hmac.compare_digest(self.csrf.encode(), token.encode())


class Sessions:
    """The sessions of one portal; they end with it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}
        self._failures: dict[str, list[float]] = {}

    def begin(self, person: Person, *, shown: str = "", is_elsewhere: bool = False) -> Session:
        session = Session(
            secrets.token_urlsafe(32),
            secrets.token_urlsafe(32),
            person.name,
            self._clock() + SESSION_SECONDS,
            shown or person.name,
            person.groups if is_elsewhere else None,
        )
        with self._lock:
            self._failures.pop(person.name, None)
            self._sessions[session.token] = session
        return session

    def find(self, token: str) -> Session | None:
        with self._lock:
            session = self._sessions.get(token)
            if session and session.ends < self._clock():
                del self._sessions[token]
                return None
            return session

    def end(self, session: Session) -> None:
        with self._lock:
            self._sessions.pop(session.token, None)

    def failed(self, name: str) -> None:
        """Remember a wrong password."""
        with self._lock:
            self._failures.setdefault(name, []).append(self._clock())

    def is_barred(self, name: str) -> bool:
        """Whether too many wrong passwords came for ``name`` just now."""
        with self._lock:
            since = self._clock() - _FAILURE_SECONDS
            recent = [at for at in self._failures.get(name, ()) if at > since]
            self._failures[name] = recent
            return len(recent) >= _FAILURES
