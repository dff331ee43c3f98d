"""``sagectl completion``: what the TAB key knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sagectl.cli.lazy import Command
from sagectl.cli.options import invocation

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from sagectl.app import App
    from sagectl.catalog.kinds import Kind

SHELLS = ("bash", "zsh", "fish", "powershell")
# Resources looked at; of more than this nobody completes a name.
_NAMES = 1000


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print a shell completion script.

    Names of resources are completed: locally from the embedded control plane, on AWS from what
    lists and other commands have shown in the last week. The TAB key itself calls nothing.

    \b
    Examples:
      source <(sagectl completion bash)
      sagectl completion zsh > ~/.zfunc/_sagectl
      sagectl completion fish > ~/.config/fish/completions/sagectl.fish
      sagectl completion powershell >> $PROFILE
    """
    from click.shell_completion import get_completion_class

    import sagectl.cli.powershell  # noqa: F401 - which makes it known to click
    from sagectl.cli.main import COMPLETE
    from sagectl.cli.root import cli

    kind = get_completion_class(shell)
    if kind is None:
        raise LookupError(shell)
    script = kind(cli, {}, "sagectl", COMPLETE)
    # Not its source(), which would start a bash to ask for its version.
    click.echo(script.source_template % script.source_vars())


def names(kind: Kind, ctx: click.Context, incomplete: str) -> list[CompletionItem[Any]]:
    """The resources of ``kind`` whose names start with ``incomplete``, as far as is known."""
    from click.shell_completion import CompletionItem

    from sagectl.errors import SagectlError

    try:
        app = invocation(ctx).app
        is_local = app.settings.is_local
        found = _local_names(app, kind) if is_local else app.aws.names().known(kind)
    except SagectlError:
        # Nothing is offered; the command itself will say what is wrong.
        return []
    return [CompletionItem(name) for name in found if name.startswith(incomplete)]


def resources(ctx: click.Context, incomplete: str) -> list[CompletionItem[Any]]:
    """What can be searched for, once the service model is in the cache."""
    from click.shell_completion import CompletionItem

    from sagectl.catalog.kinds import KINDS
    from sagectl.cli.search_resource import searchable
    from sagectl.errors import SagectlError

    try:
        app = invocation(ctx).app
        known = searchable(app.model) if app.settings.home.cache.is_dir() else ()
    except SagectlError:
        return []
    return [CompletionItem(name) for name in (*known, *KINDS) if name.startswith(incomplete)]


def properties(resource: str, ctx: click.Context, incomplete: str) -> list[CompletionItem[Any]]:
    """Properties of local records of ``resource`` that finish the last word typed."""
    from click.shell_completion import CompletionItem

    from sagectl.catalog.regions import LOCAL_ACCOUNT
    from sagectl.errors import SagectlError

    before, _, word = incomplete.rpartition(" ")
    app = invocation(ctx).app
    if not app.settings.is_local or not app.settings.home.state.is_dir():
        return []
    query = {"PropertyNameQuery": {"PropertyNameHint": word}}
    params = {"Resource": resource} | ({"SuggestionQuery": query} if word else {})
    try:
        answer = app.local.plane.handle(
            "GetSearchSuggestions", params, account=LOCAL_ACCOUNT, region=app.region
        )
    except SagectlError:
        # Nothing is offered; the command itself will say what is wrong.
        return []
    found = (item["PropertyName"] for item in answer["PropertyNameSuggestions"])
    return [CompletionItem(f"{before} {name}".lstrip()) for name in found]


def _local_names(app: App, kind: Kind) -> list[str]:
    """Names on the embedded plane; a TAB calls no network and makes no state directory."""
    from sagectl.catalog.regions import LOCAL_ACCOUNT
    from sagectl.gateway.client import LocalCaller, pages

    if not app.settings.home.state.is_dir():
        return []
    caller = LocalCaller(app.local.plane.handle, LOCAL_ACCOUNT, app.region)
    # A plain list, narrowed here: filters would first have to be checked.
    rows = pages(caller, kind.list, {}, kind.list_member, limit=_NAMES)
    return [row[kind.name_field] for row in rows]
