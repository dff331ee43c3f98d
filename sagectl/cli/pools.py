"""Which pool a command on people is about, and how people are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sagectl.catalog.kinds import WORKFORCE_KIND
from sagectl.cli.verbs import described, rows
from sagectl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sagectl.app import App
    from sagectl.plan.people import Known, Pool

WORKFORCE = click.Option(
    ("--workforce",), metavar="NAME", help="Whose people.  [the region's workforce]"
)
USER_POOL = click.Option(
    ("--user-pool",), metavar="ID", help="Cognito user pool.  [the workforce's]"
)
REDACT = click.Option(
    ("--redact",), is_flag=True, help="Show digests instead of e-mail addresses and names."
)
NO_MAIL = click.Option(
    ("--no-mail",), is_flag=True, help="Cognito: send no invitations by e-mail."
)
PASSWORD = click.Option(
    ("--password-stdin",),
    is_flag=True,
    help="Local: read what new people sign in with from stdin.",
)
_DIGITS = 12


def pool(
    app: App,
    workforce: str | None,
    user_pool: str | None,
    *,
    password: str | None = None,
    sends_mail: bool = True,
) -> Pool:
    """The pool that the options name. Raises InputError for a workforce that has none."""
    if not app.settings.is_local and user_pool is None:
        user_pool = _user_pool(app, workforce)
    return app.backend.pool(user_pool or "", password=password, sends_mail=sends_mail)


def first_password(app: App) -> str:
    """The line on stdin. Raises InputError if there is none."""
    if not (password := app.stdin.readline().rstrip("\r\n")):
        raise InputError(
            "--password-stdin finds no password on stdin",
            hint="Send a line: printf '%s\\n' PASSWORD | sagectl ...",
        )
    return password


def _user_pool(app: App, workforce: str | None) -> str:
    kind = WORKFORCE_KIND
    if workforce is not None:
        found = [described(app, kind, workforce).row]
    else:
        found = list(rows(app, kind.list, {}, kind.list_member))
    for row in found:
        if pool := row.get("CognitoConfig", {}).get("UserPool"):
            return str(pool)
    raise InputError(
        f"no workforce in {app.region} has a Cognito user pool",
        hint="People of an OIDC provider are managed there. Name a pool with --user-pool.",
    )


def shown(redact: bool) -> Callable[[str], str]:
    """How an e-mail address is printed: as it is, or as a digest that tells people apart."""
    if not redact:
        return lambda email: email
    from hashlib import sha256

    return lambda email: f"person-{sha256(email.encode()).hexdigest()[:_DIGITS]}"


def somebody(where: Pool, email: str) -> Known:
    """The person of that e-mail address. Raises InputError for none, or no address."""
    from sagectl.manifest.people import email_problem

    key = email.strip().lower()
    if problem := email_problem(key):
        raise InputError(f"{email!r} {problem}")
    found = where.find(key)
    if found is None:
        raise InputError(f"there is nobody of the address {email}", hint="See workers list.")
    return found
