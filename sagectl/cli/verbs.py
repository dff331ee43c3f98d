"""The verbs that every kind has, made from its row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from sagectl.cli.options import DRY_RUN, YES, consent, pass_app, takes
from sagectl.cli.types import MOMENT, Number, Word
from sagectl.cli.waiting import INTERVAL, TIMEOUT, WAIT, goal_option, waited
from sagectl.render.views import Record, listing, record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from click.shell_completion import CompletionItem

    from sagectl.app import App
    from sagectl.catalog.kinds import Kind
    from sagectl.schema.request import Request

# What a job is after it was told to stop, in any case (the kinds differ in theirs).
_STOPPED = "Stopped"
PAST = {"Stop": "is stopping", "Delete": "deleted"}


class Filter(NamedTuple):
    """A flag of ``list`` and the parameter that it sets."""

    flag: str
    parameter: str
    help: str
    type: Any = None

    def option(self) -> click.Option:
        return click.Option((self.flag, self.parameter), type=self.type, help=self.help)


PAGING = (
    Filter("--page-size", "MaxResults", "Rows to ask for at a time.", Number(1, 100)),
    Filter("--starting-token", "NextToken", "Where a list that was broken off goes on."),
)
LIMIT = click.Option(("--limit",), type=Number(min=1), help="Rows to show at most.")


def filters(kind: Kind) -> tuple[Filter, ...]:
    """The filters that the list operation of ``kind`` takes."""
    own = [Filter("--name-contains", "NameContains", "Only names with this in them.")]
    sorts = ["Name", kind.created_field]
    if kind.is_job and kind.statuses:
        statuses = (*kind.statuses.running, *kind.statuses.succeeded, *kind.statuses.failed)
        own += [
            Filter("--status", "StatusEquals", "Only this status.", Word(statuses)),
            Filter("--created-after", "CreationTimeAfter", "Only made since then.", MOMENT),
            Filter("--created-before", "CreationTimeBefore", "Only made before.", MOMENT),
            Filter("--modified-after", "LastModifiedTimeAfter", "Only changed since.", MOMENT),
            Filter("--modified-before", "LastModifiedTimeBefore", "Not changed since.", MOMENT),
        ]
        sorts.append("Status")
    own += [
        Filter("--sort-by", "SortBy", "What to sort by.", Word(sorts)),
        Filter("--sort-order", "SortOrder", "Which way.", Word(("Ascending", "Descending"))),
    ]
    return (*own, *PAGING)


def name_argument(kind: Kind) -> click.Argument:
    """NAME of a resource of ``kind``; an ARN will do, and TAB knows the local ones."""

    def local_names(
        ctx: click.Context, _: click.Parameter, incomplete: str
    ) -> list[CompletionItem[Any]]:
        from sagectl.cli.completion import names

        return names(kind, ctx, incomplete)

    return click.Argument(
        ("name",), callback=_bare_name, shell_complete=local_names, metavar="NAME"
    )


def add_verbs(group: click.Group, kind: Kind, *, example: str) -> None:
    """Give ``group`` the verbs that the row of ``kind`` makes possible, in order of use.

    A verb that the group has of its own stays.
    """
    if "list" not in group.commands:
        group.add_command(_list(kind))
    group.add_command(_describe(kind, example))
    if kind.stop:
        group.add_command(_stop(kind, kind.stop, example))
    if kind.delete:
        group.add_command(_delete(kind, kind.delete, example))
    group.add_command(_wait(kind, example))


def _command(group: Callable[..., Any], name: str, text: str) -> click.Command:
    from sagectl.cli.lazy import Command

    group.__doc__ = text
    return click.command(name, cls=Command)(group)


def _list(kind: Kind) -> click.Command:
    own = filters(kind)

    @takes(*(item.option() for item in own), LIMIT)
    @pass_app
    def command(app: App, limit: int | None, **given: Any) -> None:
        app.show(listing(kind, rows(app, kind.list, given, kind.list_member, limit)))

    return _command(
        command,
        "list",
        f"""List {kind.plural}.

        \b
        Examples:
          sagectl --local {kind.group} list
          sagectl --local {kind.group} list --sort-by Name -o json
        """,
    )


def _describe(kind: Kind, example: str) -> click.Command:
    @takes(name_argument(kind))
    @pass_app
    def command(app: App, name: str) -> None:
        app.show(described(app, kind, name))

    return _command(
        command,
        "describe",
        f"""Show everything that is known about a {kind.noun}.

        \b
        Examples:
          sagectl --local {kind.group} describe {example}
          sagectl --local {kind.group} describe {example} -o yaml
        """,
    )


def _stop(kind: Kind, operation: str, example: str) -> click.Command:
    @takes(name_argument(kind), WAIT, TIMEOUT, DRY_RUN, YES)
    @pass_app
    def command(
        app: App, name: str, wait: bool, timeout: float | None, dry_run: str | None, yes: bool
    ) -> None:
        if _ended(app, kind, name, operation, "Stop", dry_run, yes) and wait:
            waited(app, kind, name, f"status={_STOPPED}", timeout=timeout)

    return _command(
        command,
        "stop",
        f"""Stop a {kind.noun} that is under way.

        \b
        Example:
          sagectl --local {kind.group} stop {example} --yes
        """,
    )


def _delete(kind: Kind, operation: str, example: str) -> click.Command:
    @takes(name_argument(kind), WAIT, TIMEOUT, DRY_RUN, YES)
    @pass_app
    def command(
        app: App, name: str, wait: bool, timeout: float | None, dry_run: str | None, yes: bool
    ) -> None:
        if _ended(app, kind, name, operation, "Delete", dry_run, yes) and wait:
            waited(app, kind, name, "deleted", timeout=timeout)

    return _command(
        command,
        "delete",
        f"""Delete a {kind.noun}.

        \b
        Example:
          sagectl --local {kind.group} delete {example} --yes
        """,
    )


def _ended(
    app: App,
    kind: Kind,
    name: str,
    operation: str,
    verb: str,
    dry_run: str | None,
    yes: bool,
) -> bool:
    """Call the operation that stops or deletes; False if it was only to be shown."""
    request = checked(app, operation, {kind.name_field: name})
    if dry_run == "server":
        described(app, kind, name)
    if dry_run:
        app.say(f"Would call {operation}; nothing was changed.")
        app.show(Record(request.params, kind.word, name))
        return False
    consent(yes, f"{verb} {kind.noun} {name}?")
    result = app.caller.call(operation, request.params)
    app.say(f"{kind.word}/{name} {PAST[verb]}")
    if app.settings.output not in ("table", "wide"):
        app.show(Record(result, kind.word, name))
    return True


def _wait(kind: Kind, example: str) -> click.Command:
    @takes(name_argument(kind), goal_option(kind), TIMEOUT, INTERVAL)
    @pass_app
    def command(app: App, name: str, goal: str, timeout: float | None, interval: float) -> None:
        verdict = waited(app, kind, name, goal, timeout=timeout, interval=interval)
        if verdict.live is not None:
            member = kind.describe_member
            found = {member: verdict.live} if member else verdict.live
            app.show(record(kind, name, found))

    return _command(
        command,
        "wait",
        f"""Wait until a {kind.noun} is as wanted, then show it.

        What does not exist yet is waited for.

        \b
        Examples:
          sagectl --local {kind.group} wait {example}
          sagectl --local {kind.group} wait {example} --for deleted --timeout 5m
        """,
    )


def rows(
    app: App,
    operation: str,
    params: Mapping[str, Any],
    member: str,
    limit: int | None = None,
) -> Iterator[Mapping[str, Any]]:
    """The rows of a list operation over all pages; what was not given is not sent."""
    from sagectl.gateway.client import pages

    given = {key: value for key, value in params.items() if value is not None}
    request = checked(app, operation, given)
    return pages(app.caller, operation, request.params, member, limit=limit)


def described(app: App, kind: Kind, name: str) -> Record:
    """What the service says of the resource ``name``."""
    request = checked(app, kind.describe, {kind.name_field: name})
    return record(kind, name, app.caller.call(kind.describe, request.params))


def checked(app: App, operation: str, params: Mapping[str, Any]) -> Request:
    """A well-formed call, its warnings said. Raises FindingsError."""
    from sagectl.schema.request import operation_request

    request = operation_request(operation, params, app.model, lenient=app.is_lenient)
    for warning in request.warnings:
        app.warn(warning)
    return request


def _bare_name(_: click.Context, __: click.Parameter, value: str) -> str:
    """The name in an ARN, or what was given."""
    return value.rpartition("/")[2] if value.startswith("arn:") else value
