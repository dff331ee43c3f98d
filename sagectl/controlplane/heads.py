"""The head of an HTTP/1.1 request: what is asked for, and its headers.

The standard library reads heads as it reads mail, which takes longer than most operations.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Protocol

from sagectl.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from io import BufferedIOBase

LINE_BYTES = 1 << 16
_MOST_HEADERS = 100
# RFC 9110: a field's name is a token, with nothing between it and the colon.
_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_REQUEST = re.compile(r"([A-Z]+) (\S+) (HTTP/1\.[01])\r?\n")


class Fields(Protocol):
    """Header fields by name, whatever its case."""

    def get(self, name: str, default: str = "") -> str: ...

    def get_all(self, name: str, default: Sequence[str] = ()) -> Sequence[str]: ...


class Headers:
    """The header fields of one request."""

    __slots__ = ("_fields",)

    def __init__(self) -> None:
        self._fields: dict[str, list[str]] = {}

    def add(self, name: str, value: str) -> None:
        self._fields.setdefault(name.lower(), []).append(value)

    def get(self, name: str, default: str = "") -> str:
        """The first value; ``default`` if there is none."""
        found = self._fields.get(name.lower())
        return found[0] if found else default

    def get_all(self, name: str, default: Sequence[str] = ()) -> Sequence[str]:
        """All values, in the order of their lines."""
        return self._fields.get(name.lower(), default)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._fields


class Head(NamedTuple):
    """``target`` is the path with its query."""

    method: str
    target: str
    version: str
    headers: Headers

    @property
    def keeps_alive(self) -> bool:
        """Whether the client means to send more."""
        wish = self.headers.get("Connection").lower()
        return wish == "keep-alive" if self.version == "HTTP/1.0" else wish != "close"


def read_head(first: bytes, stream: BufferedIOBase) -> Head:
    """The head that begins with the line ``first``; raises ServiceError for what is none."""
    if len(first) > LINE_BYTES:
        raise ServiceError("BadRequest", "The request line is too long.", status=414)
    found = _REQUEST.fullmatch(first.decode("latin-1"))
    if not found:
        raise bad_request("This is no HTTP/1.1 request.")
    headers = Headers()
    for _ in range(_MOST_HEADERS + 1):
        line = stream.readline(LINE_BYTES + 1)
        if line in (b"\r\n", b"\n"):
            return Head(found[1], found[2], found[3], headers)
        if len(line) > LINE_BYTES:
            break
        name, colon, value = line.partition(b":")
        value = value.strip(b" \t\r\n")
        if not colon or not _NAME.fullmatch(name) or b"\r" in value or b"\0" in value:
            raise bad_request("A header is not one.")
        headers.add(name.decode("latin-1"), value.decode("latin-1"))
    raise ServiceError("BadRequest", "The headers are too many, or too long.", status=431)


def bad_request(message: str) -> ServiceError:
    """The request is not HTTP as a client of the service speaks it."""
    return ServiceError("BadRequest", message, status=400)
