"""The verbs that every kind has, made from its row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from sagectl.cli.lazy import Command, LazyGroup
from sagectl.cli.options import DRY_RUN, YES, consent, pass_app, takes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from click.shell_completion import CompletionItem

    from sagectl.app import App
    from sagectl.catalog.kinds import Kind
    from sagectl.render.views import Record
    from sagectl.schema.request import Request


class Filter(NamedTuple):
    """A flag of ``list`` and the parameter that it sets."""

    flag: str
    parameter: str
    help: str
    type: Any = None

    def option(self) -> click.Option:
        return click.Option((self.flag, self.parameter), type=self.type, help=self.help)


class KindGroup(LazyGroup):
    """The commands on one kind: those of its table, then the verbs that its row allows."""

    def __init__(self, *args: Any, kind: Kind, example: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        self.example = example

    def list_commands(self, ctx: click.Context) -> list[str]:
        verbs = (name for name, verb in VERBS.items() if verb.is_of(self.kind))
        return list(dict.fromkeys((*super().list_commands(ctx), *verbs)))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if command := super().get_command(ctx, cmd_name):
            return command
        verb = VERBS.get(cmd_name)
        return verb.command(self.kind, self.example) if verb and verb.is_of(self.kind) else None

    def summary(self, name: str) -> str:
        if name in self.table:
            return super().summary(name)
        return VERBS[name].help.format(kind=self.kind)


class Verb(NamedTuple):
    """A command that is made from a kind's row; ``needs`` is the operation it calls."""

    name: str
    needs: str
    help: str
    examples: Sequence[str]
    function: Callable[[Kind], Callable[..., None]]

    def is_of(self, kind: Kind) -> bool:
        return bool(getattr(kind, self.needs))

    def command(self, kind: Kind, example: str) -> click.Command:
        callback = self.function(kind)
        lines = "\n".join(f"  sagectl --local {kind.group} {line}" for line in self.examples)
        title = "Examples" if len(self.examples) > 1 else "Example"
        text = f"{self.help}\n\n\b\n{title}:\n{lines}".format(kind=kind, example=example)
        return click.command(self.name, cls=Command, help=text)(callback)


def paging() -> tuple[Filter, ...]:
    """How long lists are fetched."""
    from sagectl.cli.types import Number

    return (
        Filter("--page-size", "MaxResults", "Rows to ask for at a time.", Number(1, 100)),
        Filter("--starting-token", "NextToken", "Where a list that was broken off goes on."),
    )


def limit_option() -> click.Option:
    from sagectl.cli.types import Number

    return click.Option(("--limit",), type=Number(min=1), help="Rows to show at most.")


def filters(kind: Kind) -> tuple[Filter, ...]:
    """The filters that the list operation of ``kind`` takes."""
    from sagectl.cli.types import MOMENT, Word

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
    order = Word(("Ascending", "Descending"))
    own += [
        Filter("--sort-by", "SortBy", "What to sort by.", Word(sorts)),
        Filter("--sort-order", "SortOrder", "Which way.", order),
    ]
    return (*own, *paging())


def name_argument(kind: Kind, word: str = "name", **attributes: Any) -> click.Argument:
    """NAME of a resource of ``kind``; an ARN will do, and TAB knows names."""

    def known(
        ctx: click.Context, _: click.Parameter, incomplete: str
    ) -> list[CompletionItem[Any]]:
        from sagectl.cli.completion import names

        return names(kind, ctx, incomplete)

    return click.Argument((word,), callback=_bare_names, shell_complete=known, **attributes)


def _list(kind: Kind) -> Callable[..., None]:
    @takes(*(item.option() for item in filters(kind)), limit_option())
    @pass_app
    def command(app: App, limit: int | None, **given: Any) -> None:
        from sagectl.render.views import listing

        app.show(listing(kind, rows(app, kind.list, given, kind.list_member, limit)))

    return command


def _describe(kind: Kind) -> Callable[..., None]:
    @takes(name_argument(kind))
    @pass_app
    def command(app: App, name: str) -> None:
        app.show(described(app, kind, name))

    return command


def _stop(kind: Kind) -> Callable[..., None]:
    return _ending(kind, kind.stop or "", "Stop", "is stopping", "ended")


def _delete(kind: Kind) -> Callable[..., None]:
    return _ending(kind, kind.delete or "", "Delete", "deleted", "deleted")


def _ending(kind: Kind, operation: str, verb: str, past: str, goal: str) -> Callable[..., None]:
    """A command that brings a resource to an end, once the user agrees."""
    from sagectl.cli.waiting import TIMEOUT, WAIT, waited

    @takes(name_argument(kind), WAIT, TIMEOUT, DRY_RUN, YES)
    @pass_app
    def command(
        app: App, name: str, wait: bool, timeout: float | None, dry_run: str | None, yes: bool
    ) -> None:
        from sagectl.render.views import Record

        request = checked(app, operation, {kind.name_field: name})
        if dry_run == "server":
            described(app, kind, name)
        if dry_run:
            app.say(f"Would call {operation}; nothing was changed.")
            app.show(Record(request.params, kind.word, name))
            return
        consent(yes, f"{verb} {kind.noun} {name}?")
        answer = app.caller.call(operation, request.params)
        app.say(f"{kind.word}/{name} {past}")
        if app.settings.output not in ("table", "wide"):
            app.show(Record(answer, kind.word, name))
        if wait:
            waited(app, kind, name, goal, timeout=timeout)

    return command


def _wait(kind: Kind) -> Callable[..., None]:
    from sagectl.cli.waiting import INTERVAL, TIMEOUT, goal_option, waited

    @takes(name_argument(kind), goal_option(kind), TIMEOUT, INTERVAL)
    @pass_app
    def command(app: App, name: str, goal: str, timeout: float | None, interval: float) -> None:
        from sagectl.render.views import record

        verdict = waited(app, kind, name, goal, timeout=timeout, interval=interval)
        if verdict.live is not None:
            member = kind.describe_member
            found = {member: verdict.live} if member else verdict.live
            app.show(record(kind, name, found))

    return command


# In the order that help has them. The examples follow the name of the group.
VERBS: Mapping[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb("list", "list", "List {kind.plural}.", ("list", "list --sort-by Name"), _list),
        Verb(
            "describe",
            "describe",
            "Show everything that is known about a {kind.noun}.",
            ("describe {example}", "describe {example} -o yaml"),
            _describe,
        ),
        Verb(
            "stop",
            "stop",
            "Stop a {kind.noun} that is under way.",
            ("stop {example} --yes",),
            _stop,
        ),
        Verb("delete", "delete", "Delete a {kind.noun}.", ("delete {example} --yes",), _delete),
        Verb(
            "wait",
            "describe",
            "Wait until a {kind.noun} is as wanted, then show it.",
            ("wait {example}", "wait {example} --for deleted --timeout 5m"),
            _wait,
        ),
    )
}


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
    # A plain list has nothing to check, and need not wait for the service model.
    known = checked(app, operation, given).params if given else given
    return pages(app.caller, operation, known, member, limit=limit)


def described(app: App, kind: Kind, name: str) -> Record:
    """What the service says of the resource ``name``."""
    from sagectl.render.views import record

    request = checked(app, kind.describe, {kind.name_field: name})
    return record(kind, name, app.caller.call(kind.describe, request.params))


def checked(app: App, operation: str, params: Mapping[str, Any]) -> Request:
    """A well-formed call, its warnings said. Raises FindingsError."""
    from sagectl.schema.request import operation_request

    request = operation_request(operation, params, app.model, lenient=app.is_lenient)
    for warning in request.warnings:
        app.warn(warning)
    return request


def _bare_names(_: click.Context, __: click.Parameter, value: Any) -> Any:
    """Names as they were given, those in ARNs taken out."""
    if isinstance(value, tuple):
        return tuple(map(_bare_name, value))
    return value and _bare_name(value)


def _bare_name(text: str) -> str:
    return text.rpartition("/")[2] if text.startswith("arn:") else text
