"""Commands and groups as sagectl has them: global options anywhere, imported on use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from sagectl.cli.options import GLOBAL_OPTIONS, HELP

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Columns that help takes at most.
WIDTH = 96


class Command(click.Command):
    """A command that also takes the global options; ``spared`` names those it does not."""

    def __init__(self, *args: Any, spared: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.spared = frozenset(spared)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        shared = (option for option in GLOBAL_OPTIONS if option.name not in self.spared)
        return [*super().get_params(ctx), *shared]

    def get_help_option(self, ctx: click.Context) -> click.Option:
        return HELP

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        _write_own_options(self, ctx, formatter)


class Group(click.Group):
    """A noun: its verbs in the order they are used, not by the alphabet."""

    command_class = Command

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        return [*super().get_params(ctx), *GLOBAL_OPTIONS]

    def get_help_option(self, ctx: click.Context) -> click.Option:
        return HELP

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        word = args[0]
        if not word.startswith("-") and self.get_command(ctx, word) is None:
            from sagectl.manifest.wording import did_you_mean

            near = did_you_mean(word, self.list_commands(ctx)) or ""
            ctx.fail(f"No such command {word!r}. {near}".rstrip())
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.format_commands(ctx, formatter)
        _write_own_options(self, ctx, formatter)


class LazyGroup(Group):
    """Lists its commands from a table, so that ``--help`` imports none of them.

    The table maps a name to ``("module:attribute", "One-line help.")``.
    """

    def __init__(self, *args: Any, table: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self.table, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.table:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = self.table[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def summary(self, name: str) -> str:
        """What help says of a command in one line."""
        if name in self.table:
            return self.table[name][1]
        return self.commands[name].get_short_help_str(WIDTH)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            shown = [name for name in self.list_commands(ctx) if not self._is_hidden(name)]
            formatter.write_dl([(name, self.summary(name)) for name in shown])

    def _is_hidden(self, name: str) -> bool:
        return name in self.commands and self.commands[name].hidden


def _write_own_options(
    command: click.Command, ctx: click.Context, formatter: click.HelpFormatter
) -> None:
    """List the options; the global ones in full at the root, elsewhere as a reminder."""
    own: list[tuple[str, str]] = []
    shared: list[tuple[str, str]] = []
    for parameter in command.get_params(ctx):
        record = isinstance(parameter, click.Option) and parameter.get_help_record(ctx)
        if record:
            (shared if parameter in GLOBAL_OPTIONS else own).append(record)
    if own:
        with formatter.section("Options"):
            formatter.write_dl(own)
    with formatter.section("Global options"):
        if ctx.parent is None:
            formatter.write_dl(shared)
        else:
            flags = (flag.split(" ")[0].rstrip(",") for flag, _ in shared)
            formatter.write_text(f"{' '.join(flags)} (see sagectl --help)")
