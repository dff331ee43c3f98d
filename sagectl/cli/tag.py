"""``sagectl tag``: the tags of resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sagectl.catalog.kinds import Column
from sagectl.cli.lazy import Group
from sagectl.cli.options import DRY_RUN, YES, consent, pass_app, takes
from sagectl.cli.sets import named
from sagectl.cli.types import PAIR
from sagectl.cli.verbs import checked, described, limit_option, paging, rows
from sagectl.render.views import Listing, Record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from sagectl.app import App

RESOURCE = click.Argument(("resource",), metavar="KIND/NAME|ARN")
_COLUMNS = (Column("KEY", "Key"), Column("VALUE", "Value"))


@click.group("tag", cls=Group)
def tag() -> None:
    """Manage the tags of resources.

    A resource is KIND/NAME, as in workteam/radiology, or an ARN.

    \b
    Example:
      sagectl --local tag list workteam/radiology
    """


@tag.command()
@takes(
    RESOURCE,
    click.Argument(("tags",), type=PAIR, nargs=-1, required=True, metavar="KEY=VALUE..."),
    DRY_RUN,
    YES,
)
@pass_app
def create(
    app: App, resource: str, tags: tuple[tuple[str, str], ...], dry_run: str | None, yes: bool
) -> None:
    """Give a resource tags; a key that it has gets the new value.

    \b
    Example:
      sagectl --local tag create workteam/radiology project=chest owner=ann --yes
    """
    params = {"Tags": [{"Key": key, "Value": value} for key, value in tags]}
    _change(app, "AddTags", resource, params, dry_run=dry_run, yes=yes)


@tag.command("list")
@takes(RESOURCE, *(item.option() for item in paging()), limit_option())
@pass_app
def list_(app: App, resource: str, limit: int | None, **given: Any) -> None:
    """List the tags of a resource.

    \b
    Example:
      sagectl --local tag list workteam/radiology
    """
    params = {"ResourceArn": _arn(app, resource), **given}
    found = rows(app, "ListTags", params, "Tags", limit)
    app.show(Listing("Tags", found, _COLUMNS, "tag", "Key", "tags"))


@tag.command()
@takes(
    RESOURCE,
    click.Argument(("keys",), nargs=-1, required=True, metavar="KEY..."),
    DRY_RUN,
    YES,
)
@pass_app
def delete(
    app: App, resource: str, keys: tuple[str, ...], dry_run: str | None, yes: bool
) -> None:
    """Take tags off a resource.

    \b
    Example:
      sagectl --local tag delete workteam/radiology owner --yes
    """
    question = f"Delete the tags {', '.join(keys)} of {resource}?"
    params = {"TagKeys": list(keys)}
    _change(app, "DeleteTags", resource, params, dry_run=dry_run, yes=yes, question=question)


def _change(
    app: App,
    operation: str,
    resource: str,
    params: Mapping[str, Any],
    *,
    dry_run: str | None,
    yes: bool,
    question: str | None = None,
) -> None:
    request = checked(app, operation, {"ResourceArn": _arn(app, resource), **params})
    if dry_run:
        app.say(f"Would call {operation}; nothing was changed.")
        app.show(Record(request.params, "tag", resource))
        return
    consent(yes, question)
    result = app.caller.call(operation, request.params)
    app.say(f"{resource} tagged" if operation == "AddTags" else f"{resource} untagged")
    if app.settings.output not in ("table", "wide"):
        app.show(Record(result, "tag", resource))


def _arn(app: App, resource: str) -> str:
    """The ARN of a resource, asked of the service for what is given by name."""
    if resource.startswith("arn:"):
        return resource
    ((kind, name),) = named((resource,))
    return str(described(app, kind, name).row[kind.arn_field])
