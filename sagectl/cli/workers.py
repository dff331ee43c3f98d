"""``sagectl workforce workers``: single people of a workforce."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sagectl.catalog.kinds import WORKTEAM_KIND, Column
from sagectl.cli.lazy import Group
from sagectl.cli.options import DRY_RUN, YES, consent, pass_app, takes
from sagectl.cli.pools import (
    NO_MAIL,
    PASSWORD,
    REDACT,
    USER_POOL,
    WORKFORCE,
    first_password,
    pool,
    shown,
    somebody,
)
from sagectl.cli.verbs import described, limit_option, rows
from sagectl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sagectl.app import App
    from sagectl.plan.people import Known, Pool

_COLUMNS = (
    Column("E-MAIL", "Email"),
    Column("NAME", "Name"),
    Column("ENABLED", "Enabled"),
    Column("STATUS", "Status", "status"),
    Column("USERNAME", "Username", is_wide=True),
)
_EMAIL = click.Argument(("email",))


@click.group("workers", cls=Group)
def workers() -> None:
    """Manage single people of a workforce, in its Cognito user pool or in the local plane.

    Many people at once are kept in a file: see workforce sync.

    \b
    Example:
      sagectl --local workforce workers list
    """


@workers.command("list")
@takes(
    click.Option(("--group",), help="Only the people of this group."),
    click.Option(("--team",), help="Only the people of this work team."),
    WORKFORCE,
    USER_POOL,
    REDACT,
    limit_option(),
)
@pass_app
def list_(
    app: App,
    group: str | None,
    team: str | None,
    workforce: str | None,
    user_pool: str | None,
    redact: bool,
    limit: int | None,
) -> None:
    """List the people of a workforce, of a group or of a team.

    \b
    Examples:
      sagectl --local workforce workers list
      sagectl --local workforce workers list --team radiology -o json
    """
    from itertools import islice

    from sagectl.render.views import Listing

    if group and team:
        raise InputError("--group and --team exclude each other")
    found = islice(_people(app, pool(app, workforce, user_pool), group, team), limit)
    answer = (_row(known, redact) for known in found)
    app.show(Listing("Workers", answer, _COLUMNS, "worker", "Email", "people"))


@workers.command()
@takes(_EMAIL, WORKFORCE, USER_POOL)
@pass_app
def describe(app: App, email: str, workforce: str | None, user_pool: str | None) -> None:
    """Show a person, the groups of that person, and the teams of those groups.

    \b
    Example:
      sagectl --local workforce workers describe ann@example.com
    """
    from sagectl.plan.members import groups_of
    from sagectl.render.views import Record

    where = pool(app, workforce, user_pool)
    known = somebody(where, email)
    groups = sorted(where.groups_of(known.username))
    kind = WORKTEAM_KIND
    teams = [
        team["WorkteamName"]
        for team in rows(app, kind.list, {}, kind.list_member)
        if not set(groups).isdisjoint(groups_of(team))
    ]
    answer = {**_row(known, False), "Groups": groups, "Teams": teams}
    app.show(Record(answer, "worker", known.email))


@workers.command()
@takes(
    _EMAIL,
    click.Option(("--name",), default="", help="The name to show."),
    click.Option(("--group", "groups"), multiple=True, help="Group to join; repeatable."),
    WORKFORCE,
    USER_POOL,
    NO_MAIL,
    PASSWORD,
    DRY_RUN,
    YES,
)
@pass_app
def invite(
    app: App,
    email: str,
    name: str,
    groups: tuple[str, ...],
    workforce: str | None,
    user_pool: str | None,
    no_mail: bool,
    password_stdin: bool,
    dry_run: str | None,
    yes: bool,
) -> None:
    """Let a person in, who gets an e-mail with a first password.

    \b
    Example:
      sagectl --local workforce workers invite ann@example.com --group doctors --yes
    """
    from sagectl.manifest.people import email_problem, group_problem

    key = email.strip().lower()
    if problem := email_problem(key):
        raise InputError(f"{email!r} {problem}")
    for group in groups:
        if problem := group_problem(group):
            raise InputError(f"{group!r} {problem}")
    password = first_password(app) if password_stdin else None
    where = pool(app, workforce, user_pool, password=password, sends_mail=not no_mail)
    if where.find(key) is not None:
        raise InputError(f"{key} is there already", hint="See workers resend.")
    if dry_run:
        app.say(f"{key} would be invited; nothing was changed.")
        return
    consent(yes, f"Invite {key}?")
    username = where.invite(key, name)
    for group in groups:
        where.join(username, group)
    app.say(f"{key} invited")


def _ending(verb: str, done: str, help_: str, act: Callable[[Pool, str], None]) -> None:
    """Add a command that does one thing to one person."""

    @takes(_EMAIL, WORKFORCE, USER_POOL, DRY_RUN, YES)
    @pass_app
    def command(
        app: App,
        email: str,
        workforce: str | None,
        user_pool: str | None,
        dry_run: str | None,
        yes: bool,
    ) -> None:
        where = pool(app, workforce, user_pool)
        known = somebody(where, email)
        if dry_run:
            app.say(f"{known.email} would be {done}; nothing was changed.")
            return
        consent(yes, f"{verb.capitalize()} {known.email}?")
        act(where, known.username)
        app.say(f"{known.email} {done}")

    example = f"sagectl workforce workers {verb} ann@example.com --yes"
    command.__doc__ = f"{help_}\n\n\b\nExample:\n  {example}\n"
    workers.command(verb)(command)


_ending(
    "disable",
    "disabled",
    "Let a person sign in no more, and keep the person.",
    lambda where, username: where.disable(username),
)
_ending(
    "enable",
    "enabled",
    "Let a person who was disabled sign in again.",
    lambda where, username: where.enable(username),
)
_ending(
    "remove",
    "removed",
    "Delete a person from the pool; what that person labeled stays.",
    lambda where, username: where.remove(username),
)
_ending(
    "resend",
    "invited again",
    "Send the invitation again, to a person who has not signed in yet.",
    lambda where, username: where.resend(username),
)


def _people(app: App, where: Pool, group: str | None, team: str | None) -> Iterator[Known]:
    """Everybody asked for, each once."""
    from sagectl.plan.members import groups_of

    if team is None:
        return where.people() if group is None else where.members(group)
    groups = groups_of(described(app, WORKTEAM_KIND, team).row)
    return _once(known for each in groups for known in where.members(each))


def _once(people: Iterable[Known]) -> Iterator[Known]:
    met: set[str] = set()
    for known in people:
        if known.username not in met:
            met.add(known.username)
            yield known


def _row(known: Known, redact: bool) -> dict[str, Any]:
    name = shown(redact)(known.email)
    row = {"Email": name, "Enabled": known.is_enabled}
    if known.status:
        row["Status"] = known.status
    if not redact:
        row["Username"] = known.username
        if known.name:
            row["Name"] = known.name
    return row
