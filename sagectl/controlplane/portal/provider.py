"""Sign-in to the portal through the workforce's OpenID Connect provider."""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from sagectl.controlplane import resources
from sagectl.controlplane.operations.workforces import KIND
from sagectl.controlplane.secrets import digested
from sagectl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sagectl.controlplane.plane import ControlPlane
    from sagectl.controlplane.resources import Place

# Where the provider leads back to: the path of the service's portals (developer guide, "Create
# a Private Workforce (OIDC IdP)").
RETURN = "/oauth2/idpresponse"
BEGIN = "/sign-in/provider"
COOKIE = "sagectl-portal-sign-in"
ATTEMPT_SECONDS = 600.0
_MOST_ATTEMPTS = 1000


class Invitation(Protocol):
    """A sign-in that was begun: where to send the browser, and the state it comes back with."""

    @property
    def url(self) -> str: ...
    @property
    def state(self) -> str: ...


class Worker(Protocol):
    """Who signed in, as the provider tells."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def groups(self) -> tuple[str, ...]: ...


class Provider(Protocol):
    """What signs people in; each method raises InputError where it does not."""

    @property
    def issuer(self) -> str: ...
    def invitation(self, redirect: str) -> Any: ...
    def worker(self, invitation: Any, code: str) -> Worker: ...
    def farewell(self, back: str) -> str: ...


class Attempt(NamedTuple):
    """A sign-in that a browser is away for; ``browser`` is what its cookie holds."""

    browser: str
    invitation: Any
    ends: float


class Attempts:
    """The sign-ins that wait for their browsers; each is good for one answer."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: dict[str, Attempt] = {}

    def begin(self, invitation: Invitation) -> str:
        """Remember a sign-in; gives what the browser's cookie has to hold."""
        browser, now = secrets.token_urlsafe(32), self._clock()
        with self._lock:
            kept = {key: one for key, one in self._waiting.items() if one.ends > now}
            while len(kept) >= _MOST_ATTEMPTS:  # the oldest: nobody fills the memory
                del kept[next(iter(kept))]
            kept[invitation.state] = Attempt(browser, invitation, now + ATTEMPT_SECONDS)
            self._waiting = kept
        return browser

    def take(self, state: str, browser: str) -> Any:
        """The invitation that ``state`` answers. Raises InputError for another browser's."""
        with self._lock:
            found = self._waiting.get(state)
            is_ours = found is not None and hmac.compare_digest(
                found.browser.encode(), browser.encode()
            )
            if found is None or not is_ours or found.ends < self._clock():
                raise InputError(
                    "this sign-in was not begun here, was used before, or took too long",
                    hint="Sign in again.",
                )
            del self._waiting[state]
        return found.invitation


def oidc_config(plane: ControlPlane, place: Place) -> Mapping[str, Any] | None:
    """The OidcConfig of the workforce in ``place``, with the digest of its secret."""
    with plane.store.reading() as db:
        rows = db.execute(
            f"SELECT {resources.COLUMNS} FROM resources"
            " WHERE kind = ? AND account = ? AND region = ?",
            (KIND, *place),
        ).fetchall()
    bodies = (resources.resource(row).body for row in rows)
    return next((body["OidcConfig"] for body in bodies if "OidcConfig" in body), None)


def require_secret(plane: ControlPlane, config: Mapping[str, Any], secret: str) -> None:
    """Raises InputError unless ``secret`` is the one the workforce was made with."""
    known = str(config["ClientSecret"])
    if not hmac.compare_digest(known, digested(plane.store.key(), secret)):
        raise InputError(
            "the client secret is not the one that the workforce was made with",
            hint="sagectl --local workforce update --oidc-client-secret changes it.",
        )
