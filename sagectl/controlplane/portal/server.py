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
from http.cookies import CookieError, SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from ipaddress import ip_address
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, quote, unquote, urlsplit

from sagectl.controlplane import people
from sagectl.controlplane.clock import milliseconds
from sagectl.controlplane.portal import pages
from sagectl.controlplane.portal.forms import ELEMENTS, form
from sagectl.controlplane.portal.sessions import SESSION_SECONDS, Session, Sessions
from sagectl.errors import InputError, NotFoundError, SagectlError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sagectl.controlplane.labelwork import LabelingWork

BODY_BYTES = 8 << 20
_COOKIE = "sagectl-portal"
_POLL_SECONDS = 0.05
_LOOPBACK_NAMES = frozenset(("localhost", "localhost.localdomain"))
_TEXT_BYTES = 1 << 20
# Templates bring scripts and styles of their own, but reach nothing beyond this portal.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data: blob:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
ASSETS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        ELEMENTS: ("elements.js", "text/javascript; charset=utf-8"),
        "/portal.css": ("portal.css", "text/css; charset=utf-8"),
    }
)
# What a browser shows without running anything in it.
_SHOWN = ("image/png", "image/jpeg", "image/gif", "image/webp", "text/plain", "video/mp4")


class Said(NamedTuple):
    """An answer: a page, a place to go to, or bytes."""

    status: int
    content: bytes = b""
    kind: str = "text/html; charset=utf-8"
    location: str | None = None
    cookie: str | None = None


def page(html: str, status: int = 200) -> Said:
    return Said(status, html.encode())


def leading_to(location: str, cookie: str | None = None) -> Said:
    """Sends the browser elsewhere, after a form so that a reload sends nothing twice."""
    return Said(303, location=location, cookie=cookie)


def serve(
    work: LabelingWork, host: str = "127.0.0.1", port: int = 0, *, ready: Callable[[str], None]
) -> None:
    """Serve until SIGTERM or SIGINT; ``ready`` is called with the URL, port 0 takes a free one.

    Raises InputError for an address that is not this machine's loopback, or that is taken.
    """
    portal = Portal(work, host, port)

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

    def __init__(self, work: LabelingWork, host: str, port: int) -> None:
        self.work = work
        self.sessions = Sessions()
        self._key = work.plane.store.key()
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        if not _is_loopback(host):
            raise InputError(
                f"{host!r} is not a loopback address, and passwords would travel in the clear.",
                hint="Use 127.0.0.1, ::1 or localhost.",
            )
        try:
            super().__init__((host, port), Visit)
        except (OSError, OverflowError) as error:
            raise InputError(
                f"{host}:{port} cannot be listened on: {error}",
                hint="Port 0 takes one that is free.",
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
        return f"/objects/{self.signature(uri)}/{quote(uri, safe='')}"

    def signature(self, uri: str) -> str:
        return hmac.new(self._key, uri.encode(), hashlib.sha256).hexdigest()[:32]


class Visit(BaseHTTPRequestHandler):
    """The requests of one browser, one after another."""

    server: Portal
    protocol_version = "HTTP/1.1"
    server_version = "sagectl"
    sys_version = ""
    timeout = 60
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's
        """Nothing: what workers do is in the database."""

    def _answer(self, method: str) -> None:
        try:
            said = self._said(method)
        except NotFoundError as error:
            said = page(pages.problem("Not here", error.message), 404)
        except SagectlError as error:
            said = page(pages.problem("That did not work", error.message, error.hint), 400)
        self._send(said)

    def _said(self, method: str) -> Said:
        path = urlsplit(self.path).path
        fields = self._fields() if method == "POST" else {}
        self._require_our_name()
        if method == "GET" and path in ASSETS:
            name, kind = ASSETS[path]
            return Said(200, (files(__package__) / name).read_bytes(), kind)
        if path == "/sign-in":
            return self._sign_in(fields) if method == "POST" else page(pages.sign_in())
        session = self._session()
        if session is None:
            return leading_to("/sign-in")
        if method == "POST" and not session.sent(fields.get("csrf", "")):
            return page(pages.problem("Refused", "The form is not one of this portal's."), 403)
        for (wanted, pattern), answer in ROUTES.items():
            if wanted == method and (found := pattern.fullmatch(path)):
                return answer(self, session, fields, *map(unquote, found.groups()))
        return page(pages.problem("Not here", f"There is nothing at {path}."), 404)

    # --- the routes

    def _sign_in(self, fields: Mapping[str, str]) -> Said:
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
        token = sessions.begin(person).token
        flags = f"HttpOnly; SameSite=Strict; Path=/; Max-Age={SESSION_SECONDS:.0f}"
        return leading_to("/", f"{_COOKIE}={token}; {flags}")

    def _sign_out(self, session: Session, _: Mapping[str, str]) -> Said:
        self.server.sessions.end(session)
        return leading_to("/sign-in", f"{_COOKIE}=; Path=/; Max-Age=0")

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
        data = work.data(job)
        text = self._text(data.source(task.number), data.task)
        shown = form(job, data, task.number, text, self.server.read_access)
        seconds = (task.expires - milliseconds(work.plane.clock)) / 1000
        return page(pages.task(session, job, task.number, seconds, shown))

    def _submit(self, session: Session, fields: Mapping[str, str], name: str) -> Said:
        job, number = self._own_job(session, name), _number(fields)
        try:
            content = json.loads(fields.get("answer", ""))
        except ValueError as error:
            raise InputError("the answer is not JSON") from error
        if job is None or not isinstance(content, dict):
            raise InputError("the answer belongs to no task of yours")
        self.server.work.submit(job, number, session.name, content)
        return leading_to(f"/jobs/{name}")

    def _skip(self, session: Session, fields: Mapping[str, str], name: str) -> Said:
        if job := self._own_job(session, name):
            self.server.work.skip(job, _number(fields), session.name)
        return leading_to(f"/jobs/{name}")

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
        work = self.server.work
        found = people.find(work.plane.store, work.place, session.name)
        return found or people.Person(session.name, ())

    def _text(self, source: str, task: str) -> str:
        """The content of a text that lies in S3; the task shows it instead of its URI."""
        is_text = task.startswith("Text") or task == "NamedEntityRecognition"
        if not (is_text and source.startswith("s3://")):
            return ""
        content = self.server.work.objects.path(source).read_bytes()[:_TEXT_BYTES]
        return content.decode(errors="replace")

    def _session(self) -> Session | None:
        cookies: SimpleCookie = SimpleCookie()
        with suppress(CookieError):
            cookies.load(self.headers.get("Cookie", ""))
        token = cookies.get(_COOKIE)
        return self.server.sessions.find(token.value) if token else None

    def _fields(self) -> dict[str, str]:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal()) or int(length) > BODY_BYTES:
            self.close_connection = True
            raise InputError("the form is too large, or does not say how large it is")
        content = self.rfile.read(int(length)).decode(errors="replace")
        try:
            given = parse_qs(content, keep_blank_values=True, max_num_fields=20)
        except ValueError as error:
            raise InputError(f"the form cannot be read: {error}") from error
        return {name: values[-1] for name, values in given.items()}

    def _require_our_name(self) -> None:
        """Refuse a web page of another name that was made to lead here, and its forms."""
        host = self.headers.get("Host", "")
        origin = self.headers.get("Origin")
        if not _is_loopback(re.sub(r":\d+$", "", host).strip("[]").lower()) or (
            origin is not None and origin != f"http://{host}"
        ):
            self.close_connection = True
            raise InputError("this portal is not reached that way")

    def _send(self, said: Said) -> None:
        self.send_response(said.status)
        self.send_header("Content-Type", said.kind)
        self.send_header("Content-Length", str(len(said.content)))
        self.send_header("Content-Security-Policy", _POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "same-origin")
        self.send_header("Cache-Control", "no-store")
        if said.location:
            self.send_header("Location", said.location)
        if said.cookie:
            self.send_header("Set-Cookie", said.cookie)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(said.content)
        self.wfile.flush()


ROUTES: Mapping[tuple[str, re.Pattern[str]], Callable[..., Said]] = MappingProxyType(
    {
        ("GET", re.compile(r"/")): Visit._tasks,
        ("POST", re.compile(r"/sign-out")): Visit._sign_out,
        ("GET", re.compile(r"/jobs/([^/]+)")): Visit._task,
        ("POST", re.compile(r"/jobs/([^/]+)/submit")): Visit._submit,
        ("POST", re.compile(r"/jobs/([^/]+)/skip")): Visit._skip,
        ("GET", re.compile(r"/objects/([0-9a-f]{32})/([^/]+)")): Visit._object,
    }
)


def _number(fields: Mapping[str, str]) -> int:
    number = fields.get("number", "")
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise InputError("the form does not say which object it is about")
    return int(number)


def _is_loopback(name: str) -> bool:
    with suppress(ValueError):
        return ip_address(name).is_loopback
    return name in _LOOPBACK_NAMES
