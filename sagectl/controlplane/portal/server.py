"""The portal as a server on loopback: pages out, answers in."""

from __future__ import annotations

import hashlib
import hmac
import json
import mimetypes
import re
import signal
import socket
import socketserver
import threading
from contextlib import suppress
from http.server import ThreadingHTTPServer
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from sagectl.controlplane import people
from sagectl.controlplane.clock import milliseconds
from sagectl.controlplane.loopback import is_loopback
from sagectl.controlplane.portal import pages
from sagectl.controlplane.portal.answers import Said, leading_to, page
from sagectl.controlplane.portal.doors import DOORS, PROVIDER_DOORS, Doors
from sagectl.controlplane.portal.forms import ELEMENTS, SURROUNDINGS, form
from sagectl.controlplane.portal.provider import Attempts
from sagectl.controlplane.portal.sessions import Session, Sessions
from sagectl.errors import InputError, NotFoundError, SagectlError
from sagectl.schema.data.strict_json import strict_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sagectl.controlplane.labeldata import JobData
    from sagectl.controlplane.labelwork import LabelingWork
    from sagectl.controlplane.portal.provider import Provider

_POLL_SECONDS = 0.05
ASSETS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        ELEMENTS: ("elements.js", "text/javascript; charset=utf-8"),
        SURROUNDINGS: ("task.js", "text/javascript; charset=utf-8"),
        "/portal.css": ("portal.css", "text/css; charset=utf-8"),
    }
)
# What a browser shows without running anything in it.
_SHOWN = ("image/png", "image/jpeg", "image/gif", "image/webp", "text/plain", "video/mp4")


def serve(
    work: LabelingWork,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    ready: Callable[[str], None],
    provider: Provider | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; ``ready`` is called with the URL, port 0 takes a free one.

    With a ``provider`` people sign in there, and the local table of people is not asked.
    Raises InputError for an address that is not this machine's loopback, or that is taken.
    """
    portal = Portal(work, host, port, provider)

    def end(_number: int, _frame: object) -> None:
        threading.Thread(target=portal.shutdown).start()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        ready(portal.url)
        portal.serve_forever(_POLL_SECONDS)
    finally:
        portal.server_close()
        for number, handler in before.items():
            signal.signal(number, handler)


class Portal(ThreadingHTTPServer):
    """One thread for each connection; they share the sessions."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(
        self, work: LabelingWork, host: str, port: int, provider: Provider | None = None
    ) -> None:
        self.work = work
        self.sessions = Sessions()
        self.attempts = Attempts()
        self.provider = provider
        self._key = work.plane.store.key()
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        if not is_loopback(host):
            raise InputError(
                f"{host!r} is not a loopback address, and passwords would travel in the clear",
                hint="Use 127.0.0.1, ::1 or localhost.",
            )
        try:
            super().__init__((host, port), Visit)
        except (OSError, OverflowError) as error:
            raise InputError(
                f"{host}:{port} cannot be listened on: {error}",
                hint="Port 0 takes one that is free." if port else None,
            ) from error

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    @property
    def url(self) -> str:
        name = f"[{self.server_name}]" if ":" in self.server_name else self.server_name
        return f"http://{name}:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        import logging

        logging.getLogger("sagectl").debug("visit of %s", client_address, exc_info=True)

    def read_access(self, uri: str) -> str:
        """The path below which a browser reads the object ``uri``, and only that."""
        return f"/objects/{self.signature(uri)}/{quote(_bytes(uri), safe='')}"

    def signature(self, uri: str) -> str:
        return hmac.new(self._key, _bytes(uri), hashlib.sha256).hexdigest()[:32]


class Visit(Doors):
    """The requests of one browser, one after another."""

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def _answer(self, method: str) -> None:
        try:
            said = self._said(method)
        except NotFoundError as error:
            said = page(pages.problem("Not here", error.message), 404)
        except SagectlError as error:
            said = page(pages.problem("That did not work", error.message, error.hint), 400)
        self.send(said)

    def _said(self, method: str) -> Said:
        path = urlsplit(self.path).path
        fields = self.fields() if method == "POST" else {}
        self.require_our_name()
        if method == "GET" and path in ASSETS:
            name, kind = ASSETS[path]
            return Said(200, (files(__package__) / name).read_bytes(), kind)
        doors = DOORS if self.server.provider is None else PROVIDER_DOORS
        if door := doors.get((method, path)):
            return door(self, fields)
        session = self.session()
        if session is None:
            return _signed_out(method, path)
        if method == "POST" and not session.sent(fields.get("csrf", "")):
            return page(pages.problem("Refused", "The form is not one of this portal's."), 403)
        for (wanted, pattern), answer in ROUTES.items():
            if wanted == method and (found := pattern.fullmatch(path)):
                return answer(self, session, fields, *map(unquote, found.groups()))
        return page(pages.problem("Not here", f"There is nothing at {path}."), 404)

    # --- the routes

    def _session(self, session: Session, _: Mapping[str, str]) -> Said:
        """What the page of a task needs to send its answer, whenever its worker signed in."""
        told = {"worker": session.name, "csrf": session.csrf}
        return Said(200, json.dumps(told).encode(), "application/json")

    def _tasks(self, session: Session, _: Mapping[str, str]) -> Said:
        work, rows = self.server.work, []
        for job, team in work.open_jobs(self._person(session)):
            with suppress(NotFoundError, InputError):  # its manifest is missing or damaged
                work.settle(job.name)
                rows.append((work.job(job.name), team, work.left(job, session.name)))
        done = urlsplit(self.path).query == "done"
        note = "Nothing is left for you in that job. Thank you." if done else ""
        return page(pages.tasks(session, rows, note))

    def _task(self, session: Session, _: Mapping[str, str], name: str) -> Said:
        work = self.server.work
        if (job := self._own_job(session, name)) is None:
            return leading_to("/?done")
        task = work.accept(job, session.name)
        if task is None:
            return leading_to("/?done")
        try:
            data = work.data(job)
            text = self._text(data, task.number)
            shown = form(job, data, task.number, text, self.server.read_access)
        except SagectlError as error:
            # Without a way to skip it, the task would hold the worker until its time is over.
            told = pages.unshown(session, job, task.number, error.message, error.hint)
            return page(told, 404 if isinstance(error, NotFoundError) else 400)
        seconds = (task.expires - milliseconds(work.plane.clock)) / 1000
        return page(pages.task(session, job, task.number, seconds, shown))

    def _submit(self, session: Session, fields: Mapping[str, str], name: str) -> Said:
        work, number = self.server.work, _number(fields)
        try:
            content = strict_json(fields.get("answer", ""), takes_halves=True)
        except ValueError as error:
            raise InputError(f"the answer is not JSON: {error}") from error
        if not isinstance(content, dict):
            raise InputError("the answer is not what a form sends")
        if job := self._own_job(session, name):
            work.submit(job, number, session.name, content)
            return leading_to(f"/jobs/{job.name}")
        # The press before this one may have been what ended the job.
        if work.stands(name, number, session.name, content):
            return leading_to("/?done")
        raise InputError(
            "the job has ended, or it is for no team of yours",
            hint="Go back to the list of tasks and take another.",
        )

    def _skip(self, session: Session, fields: Mapping[str, str], name: str) -> Said:
        if (job := self._own_job(session, name)) is None:
            return leading_to("/")
        self.server.work.skip(job, _number(fields), session.name)
        return leading_to(f"/jobs/{job.name}")

    def _object(self, _: Session, __: Mapping[str, str], signature: str, uri: str) -> Said:
        if not hmac.compare_digest(signature, self.server.signature(uri)):
            raise NotFoundError("NoSuchKey", "there is no such object")
        content = self.server.work.objects.path(uri).read_bytes()
        kind = mimetypes.guess_type(uri)[0] or ""
        return Said(200, content, kind if kind in _SHOWN else "application/octet-stream")

    # --- small things

    def _own_job(self, session: Session, name: str) -> Any:
        """The job of that name if it is in progress and for a team of the signed-in person."""
        jobs = self.server.work.open_jobs(self._person(session))
        return next((job for job, _ in jobs if job.name == name), None)

    def _person(self, session: Session) -> people.Person:
        if session.groups is not None:
            return people.Person(session.name, session.groups)
        work = self.server.work
        found = people.find(work.plane.store, work.place, session.name)
        return found or people.Person(session.name, ())

    def _text(self, data: JobData, number: int) -> str:
        """The content of a text that lies in S3; the task shows it instead of its URI."""
        work, source = self.server.work, data.source(number)
        is_text = data.task.startswith("Text") or data.task == "NamedEntityRecognition"
        if not (is_text and source.startswith("s3://")):
            return ""
        work.objects.path(source)  # which says what is not there
        return work.text(data, number) or ""


ROUTES: Mapping[tuple[str, re.Pattern[str]], Callable[..., Said]] = MappingProxyType(
    {
        ("GET", re.compile(r"/")): Visit._tasks,
        ("GET", re.compile(r"/session")): Visit._session,
        ("POST", re.compile(r"/sign-out")): Visit.sign_out,
        ("GET", re.compile(r"/jobs/([^/]+)")): Visit._task,
        ("POST", re.compile(r"/jobs/([^/]+)/submit")): Visit._submit,
        ("POST", re.compile(r"/jobs/([^/]+)/skip")): Visit._skip,
        ("GET", re.compile(r"/objects/([0-9a-f]{32})/([^/]+)")): Visit._object,
    }
)


def _signed_out(method: str, path: str) -> Said:
    """To the door; but what a worker sends is refused, so that the page keeps it."""
    if path == "/session" or (method == "POST" and path.startswith("/jobs/")):
        told = "Sign in again, then send it once more."
        return page(pages.problem("You are signed out", told), 401)
    return leading_to("/sign-in")


def _bytes(uri: str) -> bytes:
    """``uri`` in UTF-8; half a surrogate pair, which no object's name has, as what is none."""
    return uri.encode(errors="replace")


def _number(fields: Mapping[str, str]) -> int:
    number = fields.get("number", "")
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise InputError("the form does not say which object it is about")
    return int(number)
