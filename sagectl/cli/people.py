"""``sagectl local people``: who signs in to the worker portal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sagectl.catalog.kinds import Column
from sagectl.cli.lazy import Group
from sagectl.cli.options import YES, consent, pass_app, takes
from sagectl.errors import InputError

if TYPE_CHECKING:
    from sagectl.app import App

_COLUMNS = (Column("NAME", "Name"), Column("GROUPS", "Groups", "list"))


@click.group("people", cls=Group)
def people_group() -> None:
    """Manage who signs in to label.

    A person works for every team that one of the person's groups is a member of.

    \b
    Example:
      sagectl local people list
    """


@people_group.command()
@click.argument("name")
@click.option("--group", "groups", multiple=True, help="Group the person is in; repeatable.")
@click.option("--password-stdin", is_flag=True, help="Read the password from stdin.")
@takes(YES)
@pass_app
def create(
    app: App, name: str, groups: tuple[str, ...], password_stdin: bool, yes: bool
) -> None:
    """Let a person sign in; one of that name is replaced.

    The password is asked for, or read from stdin; only a salted hash of it is kept.

    \b
    Example:
      echo secret | sagectl local people create ann --group doctors --password-stdin --yes
    """
    from sagectl.controlplane import people
    from sagectl.controlplane.clock import milliseconds

    if not groups:
        raise InputError(
            f"{name} is in no group, so in no team", hint="Give --group, as in a work team."
        )
    if not password_stdin:
        consent(yes=False, question=None)
    password = app.stdin.readline().rstrip("\n") if password_stdin else _asked(name)
    if password_stdin:
        consent(yes, f"Keep {name}?")
    work = app.local.labeling_work
    now = milliseconds(app.clock)
    people.add(app.local.plane.store, work.place, name, groups, password, now=now)
    app.say(f"{name} may sign in.")


@people_group.command("list")
@pass_app
def list_(app: App) -> None:
    """List the people who may sign in.

    \b
    Example:
      sagectl local people list -o json
    """
    from sagectl.controlplane import people
    from sagectl.render.views import Listing

    found = people.everybody(app.local.plane.store, app.local.labeling_work.place)
    rows = [{"Name": one.name, "Groups": list(one.groups)} for one in found]
    app.show(Listing("People", rows, _COLUMNS, "person", "Name", "people"))


@people_group.command()
@click.argument("name")
@takes(YES)
@pass_app
def delete(app: App, name: str, yes: bool) -> None:
    """Let a person sign in no more; what that person labeled stays.

    \b
    Example:
      sagectl local people delete ann --yes
    """
    from sagectl.controlplane import people

    consent(yes, f"Delete {name}?")
    people.remove(app.local.plane.store, app.local.labeling_work.place, name)
    app.say(f"{name} deleted")


def _asked(name: str) -> str:
    from getpass import getpass

    return getpass(f"Password for {name}: ")
