"""For whom a request speaks, by the credential scope of its signature."""

from __future__ import annotations

import re
from typing import NamedTuple

from sagectl.catalog.regions import LOCAL_ACCOUNT

_CREDENTIAL = re.compile(r"\bCredential=([\w-]+)/\d{8}/([a-z]{2,}(?:-[a-z0-9]+)+)/")
_ACCOUNT = re.compile(r"\d{12}")


class Caller(NamedTuple):
    """Whose resources, and where."""

    account: str
    region: str


def claimed_caller(authorization: str, region: str) -> Caller:
    """Whom an Authorization header claims to speak for; nobody checks it.

    Without one it is the local account, in ``region``.
    """
    scope = _CREDENTIAL.search(authorization)
    return Caller(account_of(scope[1]), scope[2]) if scope else Caller(LOCAL_ACCOUNT, region)


def account_of(key: str) -> str:
    """The account that an access key id of twelve digits names, else the local one."""
    return key if _ACCOUNT.fullmatch(key) else LOCAL_ACCOUNT
