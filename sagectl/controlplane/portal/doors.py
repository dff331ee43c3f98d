"""How people come in to the portal and leave it, by a password or through a provider."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from sagectl.controlplane import people
from sagectl.controlplane.portal import pages
from sagectl.controlplane.portal.answers import Said, cookie, leading_to, page
from sagectl.controlplane.portal.exchange import Exchange
from sagectl.controlplane.portal.provider import ATTEMPT_SECONDS, BEGIN, COOKIE, RETURN
from sagectl.controlplane.portal.sessions import SESSION_SECONDS, Session
from sagectl.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sagectl.controlplane.portal.provider import Provider
    from sagectl.controlplane.portal.server import Portal

_COOKIE = "sagectl-portal"
SIGNED_OUT = "/signed-out"


class Doors(Exchange):
    """What is answered without a session, and its end."""

    server: Portal

    def session(self) -> Session | None:
        """The session that the browser's cookie names, if it still lasts."""
        return self.server.sessions.find(self.cookie(_COOKIE))

    def sign_in(self, fields: Mapping[str, str]) -> Said:
        name, sessions = fields.get("name", ""), self.server.sessions
        if sessions.is_barred(name):
            return page(pages.sign_in("Too many attempts. Wait half a minute."), 429)
        work = self.server.work
        person = people.signed_in(
            work.plane.store, work.place, name, fields.get("password", "")
        )
        if person is None:
            sessions.failed(name)
            return page(pages.sign_in("The name or the password is wrong."), 403)
        return leading_to("/", self._begun(sessions.begin(person)))

    def _begun(self, session: Session) -> str:
        return cookie(_COOKIE, session.token, SESSION_SECONDS, same="Strict")

    def sign_out(self, session: Session, _: Mapping[str, str]) -> Said:
        self.server.sessions.end(session)
        is_elsewhere = self.server.provider is not None
        place = SIGNED_OUT if is_elsewhere else "/sign-in"
        return leading_to(place, cookie(_COOKIE, "", 0, same="Strict"))

    # --- through a provider

    def door(self, _: Mapping[str, str]) -> Said:
        if self.server.provider is None:
            return page(pages.sign_in())
        return page(pages.provider_sign_in(self.server.provider.issuer, BEGIN))

    def to_provider(self, _: Mapping[str, str]) -> Said:
        """Off to the provider; from the name it leads back to, whose cookies are then sent."""
        portal = self.server
        if self.headers.get("Host") != urlsplit(portal.url).netloc:
            return leading_to(f"{portal.url}{BEGIN}")
        invitation = self._provider.invitation(f"{portal.url}{RETURN}")
        browser = portal.attempts.begin(invitation)
        held = cookie(COOKIE, browser, ATTEMPT_SECONDS, path=RETURN, same="Lax")
        return leading_to(invitation.url, held)

    def from_provider(self, _: Mapping[str, str]) -> Said:
        given = {key: each[-1] for key, each in parse_qs(urlsplit(self.path).query).items()}
        used = cookie(COOKIE, "", 0, path=RETURN, same="Lax")
        invitation = self.server.attempts.take(given.get("state", ""), self.cookie(COOKIE))
        if "code" not in given:
            told = given.get("error_description") or given.get("error") or "no code came"
            return page(pages.problem("You are not signed in", told), 403, used)
        worker = self._provider.worker(invitation, given["code"])
        person = people.Person(worker.id, worker.groups)
        session = self.server.sessions.begin(person, shown=worker.name, is_elsewhere=True)
        # Not a redirect: a strict cookie would not go with what the provider's page began.
        return page(pages.moving_on("You are signed in.", "/"), 200, used, self._begun(session))

    def signed_out(self, _: Mapping[str, str]) -> Said:
        """On to the provider's own sign-out; no form may lead there, but a page may."""
        place = self._provider.farewell(f"{self.server.url}/")
        return page(pages.moving_on("You are signed out here.", place))

    @property
    def _provider(self) -> Provider:
        if self.server.provider is None:
            raise NotFoundError("NoProvider", "people sign in here by name")
        return self.server.provider


# What is answered without a session: people of the local table, and of a provider.
DOORS: Mapping[tuple[str, str], Callable[..., Said]] = MappingProxyType(
    {("GET", "/sign-in"): Doors.door, ("POST", "/sign-in"): Doors.sign_in}
)
PROVIDER_DOORS: Mapping[tuple[str, str], Callable[..., Said]] = MappingProxyType(
    {
        ("GET", "/sign-in"): Doors.door,
        ("GET", BEGIN): Doors.to_provider,
        ("GET", RETURN): Doors.from_provider,
        ("GET", SIGNED_OUT): Doors.signed_out,
    }
)
