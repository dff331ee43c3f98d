"""Signature Version 4, checked: who sent a request, that it is as sent, and that it is new.

Source: AWS Signature Version 4 for API requests (IAM user guide). The service's texts are those
that its clients report; the refusal of a repeated request is ours.
"""

from __future__ import annotations

import hmac
import re
import threading
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, quote

from sagectl.controlplane.callers import Caller, account_of
from sagectl.controlplane.clock import system_clock
from sagectl.errors import InputError, ServiceError

if TYPE_CHECKING:
    import configparser
    from collections.abc import Mapping
    from pathlib import Path

    from sagectl.controlplane.clock import Clock
    from sagectl.controlplane.heads import Fields

# How far a client's clock may be from ours, and so how long a signature is good for.
SKEW_SECONDS = 300
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 +Credential=(?P<key>[\w-]+)/(?P<date>\d{8})/(?P<region>[a-z0-9-]+)"
    r"/(?P<service>[a-z0-9-]+)/aws4_request, *SignedHeaders=(?P<headers>[a-z0-9;_-]+)"
    r", *Signature=(?P<signature>[0-9a-f]{64})"
)
_KEY_ID = re.compile(r"[\w-]+")
_FORM = "Each section has aws_access_key_id and aws_secret_access_key."
_DATE_FORM = "%Y%m%dT%H%M%SZ"
_SIGNED = ("host", "x-amz-date", "x-amz-target")
# What may be sent twice: it changes nothing.
_READING = ("SageMaker.Describe", "SageMaker.List", "SageMaker.Search", "SageMaker.GetSearch")


class Key(NamedTuple):
    """A secret access key and the account that it opens."""

    secret: str
    account: str


class Signatures:
    """Checks requests against known keys; remembers those that may not come again."""

    def __init__(self, keys: Mapping[str, Key], *, clock: Clock = system_clock) -> None:
        self._keys = keys
        self._clock = clock
        self._lock = threading.Lock()
        self._spent: dict[str, float] = {}

    def caller(self, method: str, target: str, headers: Fields, body: bytes) -> Caller:
        """Who signed the request to ``target`` (path and query).

        Raises ServiceError, status 403, for a request that nobody known signed, that was
        changed on its way, is too old, or was carried out before.
        """
        given = headers.get("Authorization", "")
        if not given:
            raise _refusal(
                "MissingAuthenticationTokenException", "Missing Authentication Token"
            )
        found = _AUTHORIZATION.fullmatch(given.strip())
        if found is None:
            raise _refusal(
                "IncompleteSignatureException",
                "The Authorization header is not one of Signature Version 4.",
            )
        key = self._keys.get(found["key"])
        if key is None:
            raise _refusal(
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            )
        self._require_now(found, headers)
        wanted = _signature(found, key.secret, method, target, headers, body)
        if not hmac.compare_digest(wanted, found["signature"]):
            raise _refusal(
                "InvalidSignatureException",
                "The request signature we calculated does not match the signature you "
                "provided. Check your AWS Secret Access Key and signing method.",
            )
        if not headers.get("X-Amz-Target", "").startswith(_READING):
            self._spend(wanted)
        return Caller(key.account, found["region"])

    def _require_now(self, found: re.Match[str], headers: Fields) -> None:
        from datetime import UTC, datetime

        signed = found["headers"].split(";")
        stamp = headers.get("X-Amz-Date", "")
        if missing := [name for name in _SIGNED if name not in signed]:
            raise _refusal("IncompleteSignatureException", f"Not signed: {', '.join(missing)}.")
        try:
            when = datetime.strptime(stamp, _DATE_FORM).replace(tzinfo=UTC)
        except ValueError as error:
            raise _refusal(
                "IncompleteSignatureException", f"X-Amz-Date is no date: {stamp!r}."
            ) from error
        if not stamp.startswith(found["date"]) or found["service"] != "sagemaker":
            raise _refusal(
                "InvalidSignatureException", "Credential should be scoped to this service."
            )
        now = self._clock()
        if abs((now - when).total_seconds()) > SKEW_SECONDS:
            word, order = ("expired", "earlier") if when < now else ("not yet current", "later")
            raise _refusal(
                "InvalidSignatureException",
                f"Signature {word}: {stamp} is now {order} than {now:{_DATE_FORM}} "
                f"by more than {SKEW_SECONDS // 60} min.",
            )

    def _spend(self, signature: str) -> None:
        now = self._clock().timestamp()
        with self._lock:
            # In the order of their arrival, so that the oldest are at the front.
            for old, until in list(self._spent.items()):
                if until > now:
                    break
                del self._spent[old]
            if signature in self._spent:
                raise _refusal(
                    "InvalidSignatureException", "A request with this signature came before."
                )
            # A clock may be ahead by the skew, and the request then as old as the skew.
            self._spent[signature] = now + 2 * SKEW_SECONDS


def read_keys(path: Path) -> dict[str, Key]:
    """The keys of a file in the form of AWS's credentials file.

    Each section has ``aws_access_key_id`` and ``aws_secret_access_key``, and may have
    ``account``; else an access key id of twelve digits is the account. Raises InputError
    where there are none, or where others may read the file.
    """
    import configparser

    parser = configparser.ConfigParser(interpolation=None)
    try:
        # A folder's mode says nothing of secrets, and reading it says that it is one.
        if path.is_file() and path.stat().st_mode & 0o077:
            raise InputError(
                f"{path} can be read by others, and it holds secrets",
                hint=f"Run `chmod 600 {path}`.",
            )
        parser.read_string(path.read_text(encoding="utf-8"))
        found = [_key(parser[name], path) for name in parser.sections()]
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except (configparser.Error, LookupError, UnicodeDecodeError) as error:
        # The message of configparser may quote a line, which may be a secret.
        raise InputError(
            f"{path} is not an AWS credentials file ({type(error).__name__})", hint=_FORM
        ) from error
    keys = dict(found)
    if not keys:
        raise InputError(f"{path} names no key", hint=_FORM)
    if len(keys) < len(found):
        raise InputError(f"{path} names a key twice", hint="Leave the one that is in force.")
    return keys


def _key(section: configparser.SectionProxy, path: Path) -> tuple[str, Key]:
    key, secret = section["aws_access_key_id"], section["aws_secret_access_key"]
    account = section.get("account")
    if not _KEY_ID.fullmatch(key):
        raise InputError(
            f"{path}, [{section.name}]: no request can name this aws_access_key_id",
            hint="It has letters, digits, '-' and '_'.",
        )
    if not secret:  # whoever knows the id would know the key
        raise InputError(f"{path}, [{section.name}]: the secret is empty", hint=_FORM)
    if account is not None and account_of(account) != account:
        raise InputError(
            f"{path}, [{section.name}]: {account!r} is no account",
            hint="An account is twelve digits.",
        )
    return key, Key(secret, account or account_of(key))


def _signature(
    found: re.Match[str], secret: str, method: str, target: str, headers: Fields, body: bytes
) -> str:
    path, _, query = target.partition("?")
    pairs = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in parse_qsl(query, keep_blank_values=True)
    )
    lines = [
        f"{name}:{','.join(' '.join(value.split()) for value in headers.get_all(name, ()))}\n"
        for name in found["headers"].split(";")
    ]
    canonical = "\n".join(
        (
            method,
            quote(path, safe="/-_.~"),
            "&".join(f"{name}={value}" for name, value in pairs),
            "".join(lines),
            found["headers"],
            sha256(body).hexdigest(),
        )
    )
    scope = f"{found['date']}/{found['region']}/{found['service']}/aws4_request"
    digest = sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{headers.get('X-Amz-Date', '')}\n{scope}\n{digest}"
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


def _refusal(code: str, message: str) -> ServiceError:
    return ServiceError(code, message, status=403)
