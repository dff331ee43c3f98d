"""The body of an HTTP/1.1 request, whichever way its length is told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sagectl.controlplane.heads import bad_request
from sagectl.errors import ServiceError

if TYPE_CHECKING:
    from io import BufferedIOBase

    from sagectl.controlplane.heads import Headers

_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")
_LINE_BYTES = 4096
# Of the lengths that a body may have, and many more.
_DIGITS = 15
_TRAILERS = 64


def body(stream: BufferedIOBase, headers: Headers, limit: int) -> bytes:
    """What the request carries: by Transfer-Encoding, by Content-Length, else nothing.

    Raises ServiceError with status 400 for framing that cannot be trusted (the connection
    is of no further use then), 413 for more than ``limit`` bytes.
    """
    if "Transfer-Encoding" in headers:
        # Both together is how requests are smuggled past a proxy: RFC 9112, 6.3.
        encodings = [text.lower() for text in headers.get_all("Transfer-Encoding")]
        if "Content-Length" in headers or encodings != ["chunked"]:
            raise bad_request("The length of the body is told in a way that is not understood.")
        return _chunked(stream, limit)
    if "Content-Length" not in headers:
        return b""
    if len(set(headers.get_all("Content-Length"))) > 1:
        raise bad_request("The body has two lengths.")
    length = headers.get("Content-Length")
    if not (length.isascii() and length.isdecimal()):
        raise bad_request(f"Content-Length is {length!r}, not a number.")
    # Python reads no number of thousands of digits, though zeros may lead a small one.
    digits = length.lstrip("0") or "0"
    size = int(digits[:_DIGITS])
    if size > limit or len(digits) > _DIGITS:
        raise _too_large(limit)
    content = stream.read(size)
    if len(content) < size:
        raise bad_request("The body is shorter than its Content-Length.")
    return content


def _too_large(limit: int) -> ServiceError:
    return ServiceError(
        "RequestEntityTooLarge", f"The body has more than {limit} bytes.", status=413
    )


def _chunked(stream: BufferedIOBase, limit: int) -> bytes:
    content = bytearray()
    while size := _chunk_size(stream):
        if len(content) + size > limit:
            raise _too_large(limit)
        content += stream.read(size)
        if stream.readline(_LINE_BYTES) not in (b"\r\n", b"\n"):
            raise bad_request("A chunk of the body does not end where it should.")
    for _ in range(_TRAILERS):
        if stream.readline(_LINE_BYTES) in (b"\r\n", b"\n", b""):
            return bytes(content)
    raise bad_request("The body is followed by too many trailers.")


def _chunk_size(stream: BufferedIOBase) -> int:
    match = _CHUNK_SIZE.fullmatch(stream.readline(_LINE_BYTES))
    if not match:
        raise bad_request("A chunk of the body does not start with its size.")
    return int(match[1], 16)
