"""What becomes of a secret that a client sends: a digest, which only ever compares."""

from __future__ import annotations


def digested(key: bytes, secret: str) -> str:
    """HMAC-SHA256 of ``secret`` under the state directory's key, in hexadecimal."""
    from hmac import digest

    return digest(key, b"secret\0" + secret.encode(), "sha256").hex()
