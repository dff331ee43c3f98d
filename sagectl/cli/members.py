"""``sagectl workteam members``: which groups a team is made of."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from sagectl.catalog.kinds import WORKTEAM_KIND, Column
from sagectl.cli.batches import batch, from_option, raise_bad
from sagectl.cli.lazy import Group
from sagectl.cli.options import DRY_RUN, YES, pass_app, takes
from sagectl.cli.verbs import checked, described, name_argument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sagectl.app import App
    from sagectl.diagnostics import Diagnostic
    from sagectl.plan.members import Members

_COLUMNS = (
    Column("GROUP", "Group"),
    Column("PROVIDER", "Provider"),
    Column("USER POOL", "UserPool"),
    Column("CLIENT", "ClientId", is_wide=True),
)
_NAME = name_argument(WORKTEAM_KIND)
_GROUPS = click.Option(("--group", "groups"), multiple=True, help="A group; repeatable.")
_FROM = from_option("groups")


@click.group("members", cls=Group)
def members_group() -> None:
    """Manage which groups a team is made of, one by one.

    The service only replaces the whole list. These commands read it, change it, write it and
    read it again; what somebody else changed on the way is kept.

    \b
    Example:
      sagectl --local workteam members list radiology
    """


@members_group.command("list")
@takes(_NAME)
@pass_app
def list_(app: App, name: str) -> None:
    """List the groups of a team.

    \b
    Example:
      sagectl --local workteam members list radiology -o json
    """
    from sagectl.render.views import Listing

    rows = _members(app, name).rows()
    app.show(Listing("Members", rows, _COLUMNS, "group", "Group", "groups"))


@members_group.command()
@takes(_NAME, _GROUPS, _FROM, DRY_RUN, YES)
@pass_app
def add(
    app: App,
    name: str,
    groups: tuple[str, ...],
    file: str | None,
    dry_run: str | None,
    yes: bool,
) -> None:
    """Add groups to a team; of a Cognito team they are of its pool and client.

    \b
    Examples:
      sagectl --local workteam members add radiology --group nurses --yes
      sagectl --local workteam members add radiology --from groups.txt --dry-run
    """
    from sagectl.plan.members import with_groups

    named = _named(app, name, groups, file)
    _change(app, name, partial(with_groups, added=named), dry_run=dry_run, yes=yes)


@members_group.command()
@takes(_NAME, _GROUPS, _FROM, DRY_RUN, YES)
@pass_app
def remove(
    app: App,
    name: str,
    groups: tuple[str, ...],
    file: str | None,
    dry_run: str | None,
    yes: bool,
) -> None:
    """Remove groups from a team; the last one stays.

    \b
    Example:
      sagectl --local workteam members remove radiology --group nurses --yes
    """
    from sagectl.plan.members import require_groups, without_groups

    named = _named(app, name, groups, file)
    require_groups(_members(app, name), named)
    _change(app, name, partial(without_groups, removed=named), dry_run=dry_run, yes=yes)


def _members(app: App, name: str) -> Members:
    from sagectl.plan.members import members

    return members(described(app, WORKTEAM_KIND, name).row)


def _named(app: App, name: str, groups: Iterable[str], file: str | None) -> Sequence[str]:
    """The groups asked for. Raises FindingsError for names that no group has."""
    from dataclasses import replace

    from sagectl.plan.members import Members
    from sagectl.schema.request import findings

    def check(group: str) -> Iterable[Diagnostic]:
        definitions = Members((group,)).definitions()
        params = {"WorkteamName": name, "MemberDefinitions": definitions}
        found = findings("UpdateWorkteam", params, app.model)
        return [replace(each, path="--group") for each in found]  # of whichever provider

    entries = batch(app, groups, file)
    raise_bad(entries, check)
    return [entry.text for entry in entries]


def _change(
    app: App,
    name: str,
    change: Callable[[Members], Members],
    *,
    dry_run: str | None,
    yes: bool,
) -> None:
    from sagectl.cli.exchanges import Exchanged, carry_out

    def write(new: Members) -> None:
        params = {"WorkteamName": name, "MemberDefinitions": new.definitions()}
        app.caller.call("UpdateWorkteam", checked(app, "UpdateWorkteam", params).params)

    exchanged = Exchanged(
        label=f"workteam/{name}",
        read=lambda: _members(app, name),
        change=change,
        write=write,
        items=lambda found: found.groups,
    )
    carry_out(app, exchanged, dry_run=dry_run, yes=yes)
