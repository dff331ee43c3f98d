"""JSON documents over HTTPS, asked for as if their server were not to be trusted."""

from __future__ import annotations

import json
import socket
import time
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit

from sagectl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from http.client import HTTPResponse

_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_HTTPS_PORT = 443
_REFUSAL_BYTES = 4096


class FetchError(InputError):
    """A document could not be had; the message says from where and why."""


class Asked(NamedTuple):
    """A request: what goes with it to the server."""

    method: str = "GET"
    body: bytes | None = None
    headers: Mapping[str, str] = MappingProxyType({})


class Limits(NamedTuple):
    """How far a fetch may go; ``allows_loopback`` is for providers run on this machine."""

    seconds: float = 10.0
    size_bytes: int = 1 << 20
    redirects: int = 3
    allows_loopback: bool = False


def fetched(url: str, limits: Limits) -> Mapping[str, Any]:
    """The JSON object at ``url``. Raises FetchError.

    ``limits.seconds`` are for all of it, redirects included. Only public addresses are
    connected to, each one looked up once, so that a name cannot change its mind. Certificates
    are checked against what the machine trusts (``SSL_CERT_FILE`` names other authorities).
    """
    deadline = time.monotonic() + limits.seconds
    at = url
    for _ in range(limits.redirects + 1):
        answer = _told(at, Asked(), limits, deadline)
        if isinstance(answer, bytes):
            return _parsed(at, answer)
        at = urljoin(at, answer)
    raise FetchError(
        f"{url} redirects more than {limits.redirects} times",
        hint="Name the issuer by its final address.",
    )


def answered(
    url: str, limits: Limits, *, form: Mapping[str, str] | None = None, bearer: str = ""
) -> Mapping[str, Any]:
    """The JSON object that ``url`` answers to a form, or to who bears a token.

    Neither goes on to where a server redirects: they are secrets. Raises FetchError.
    """
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    asked = Asked(headers=headers)
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        asked = Asked("POST", urlencode(form).encode(), headers)
    answer = _told(url, asked, limits, time.monotonic() + limits.seconds)
    if isinstance(answer, str):
        raise FetchError(f"{url} redirects to {answer!r:.200}, and must answer itself")
    return _parsed(url, answer)


def _told(url: str, asked: Asked, limits: Limits, deadline: float) -> bytes | str:
    """The body that ``url`` answers, or where it redirects to. Raises FetchError."""
    from http.client import HTTPException

    try:
        return _answer(url, asked, limits, deadline)
    except (OSError, ValueError, HTTPException) as error:
        if isinstance(error, TimeoutError) or time.monotonic() > deadline:
            text = f"{url} did not answer in {limits.seconds:g} seconds"
            raise FetchError(text) from error
        raise FetchError(f"{url} cannot be reached: {error or repr(error)}") from error


def _answer(url: str, asked: Asked, limits: Limits, deadline: float) -> bytes | str:
    from http.client import HTTPSConnection
    from ssl import create_default_context
    from threading import Timer

    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise FetchError(f"{url} is not an https:// address", hint="Providers are https alone.")
    if parts.username is not None:
        raise FetchError(f"the address of {parts.hostname} has a user name in it")
    port = parts.port or _HTTPS_PORT
    place = _place(parts.hostname, port, limits)
    connection = HTTPSConnection(parts.hostname, port)
    with socket.create_connection(place, _left(deadline)) as plain:
        secured = create_default_context().wrap_socket(plain, server_hostname=parts.hostname)
        connection.sock = secured
        # A time-out is for each read, and a server may send drop by drop: this one is for all.
        alarm = Timer(_left(deadline), socket.socket.shutdown, (secured, socket.SHUT_RDWR))
        alarm.start()
        try:
            target = urlunsplit(("", "", parts.path or "/", parts.query, ""))
            headers = {"Accept": "application/json", **asked.headers}
            connection.request(asked.method, target, asked.body, headers)
            answer = _read(url, connection.getresponse(), limits)
            _left(deadline)
            return answer
        finally:
            alarm.cancel()
            connection.close()


def _place(host: str, port: int, limits: Limits) -> tuple[str, int]:
    """The address to connect to. Raises FetchError for one that is not of the open network."""
    from ipaddress import ip_address

    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    address = ip_address(str(found[0][4][0]).partition("%")[0])
    if address.is_loopback and limits.allows_loopback:
        return str(address), port
    if not address.is_global or address.is_multicast:
        where = "this machine" if address.is_loopback else "a private network"
        hint = "SageMaker reaches providers over the internet."
        if address.is_loopback:
            hint += " To try one on this machine, say --allow-loopback."
        raise FetchError(f"{host} is {address}, on {where}", hint=hint)
    return str(address), port


def _read(url: str, response: HTTPResponse, limits: Limits) -> bytes | str:
    if response.status in _REDIRECTS:
        return response.headers.get("Location") or ""
    if response.status != HTTPStatus.OK:
        told = _refusal(response.read(_REFUSAL_BYTES))
        raise FetchError(f"{url} answers {response.status} {response.reason}{told}")
    body = response.read(limits.size_bytes + 1)
    if len(body) > limits.size_bytes:
        raise FetchError(f"{url} answers with more than {limits.size_bytes} bytes")
    return body


def _refusal(body: bytes) -> str:
    """What an OAuth server says is wrong (RFC 6749, section 5.2), if it does."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(value, dict):
        return ""
    parts = [str(value[name]) for name in ("error", "error_description") if name in value]
    return f": {': '.join(parts)}"[:300] if parts else ""


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _parsed(url: str, body: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        is_page = body.lstrip()[:1] == b"<"
        what = "a web page (HTML)" if is_page else "something else"
        raise FetchError(
            f"{url} answers with {what}, not with JSON",
            hint="Is this the issuer? It is the address before /.well-known/.",
        ) from error
    if not isinstance(value, dict):
        raise FetchError(f"{url} answers with JSON that is no object")
    return value
