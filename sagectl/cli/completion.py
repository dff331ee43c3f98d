"""``sagectl completion``: what the TAB key knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sagectl.cli.lazy import Command
from sagectl.cli.options import invocation

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from sagectl.catalog.kinds import Kind

SHELLS = ("bash", "zsh", "fish")
# Names offered at most; more than this nobody chooses from.
_NAMES = 100


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print a shell completion script.

    Names of resources are completed from the embedded control plane, when that is what the
    command talks to.

    \b
    Examples:
      source <(sagectl completion bash)
      sagectl completion zsh > ~/.zfunc/_sagectl
      sagectl completion fish > ~/.config/fish/completions/sagectl.fish
    """
    from click.shell_completion import get_completion_class

    from sagectl.cli.main import COMPLETE
    from sagectl.cli.root import cli

    kind = get_completion_class(shell)
    if kind is None:
        raise LookupError(shell)
    script = kind(cli, {}, "sagectl", COMPLETE)
    # Not its source(), which would start a bash to ask for its version.
    click.echo(script.source_template % script.source_vars())


def names(kind: Kind, ctx: click.Context, incomplete: str) -> list[CompletionItem[Any]]:
    """The local resources of ``kind`` whose names start with ``incomplete``."""
    from click.shell_completion import CompletionItem

    from sagectl.errors import SagectlError

    try:
        app = invocation(ctx).app
        # A TAB makes no network call, and no state directory either.
        if not app.settings.is_local or not app.settings.home.state.is_dir():
            return []
        answer = app.plane.handle(
            kind.list, {"NameContains": incomplete} if incomplete else {}, region=app.region
        )
    except SagectlError:
        # Nothing is offered; the command itself will say what is wrong.
        return []
    found = (row[kind.name_field] for row in answer[kind.list_member][:_NAMES])
    return [CompletionItem(name) for name in found if name.startswith(incomplete)]
