"""Options that mean the same thing on every command."""

from __future__ import annotations

import os
import sys
from functools import cached_property, update_wrapper
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sagectl.errors import InputError
from sagectl.settings import CHOICES, Settings, home, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sagectl.app import App
    from sagectl.render.console import Console
    from sagectl.settings import Home

R = TypeVar("R")
F = TypeVar("F", bound="Callable[..., Any]")

# Options whose values appear in no message, log or crash file.
SECRET_OPTIONS = ("--oidc-client-secret",)


class Invocation:
    """One run of the command line: the global flags met so far, and what they make."""

    def __init__(self) -> None:
        self.flags: dict[str, Any] = {}

    @cached_property
    def settings(self) -> Settings:
        return settings(self.flags)

    @cached_property
    def app(self) -> App:
        from sagectl.app import App

        return App(self.settings)

    def close(self) -> None:
        """End the run; without an app there was nothing to end."""
        if "app" in vars(self):
            self.app.close()

    @property
    def home(self) -> Home:
        return home(os.environ)

    def console(self, args: Sequence[str]) -> Console:
        """A console to report a failure on, however early it came.

        A command line that could not be parsed may still have said ``-o json``.
        """
        if "app" in vars(self):
            return self.app.console
        from sagectl.render.console import bare_console

        asked = _asked_output(args)
        try:
            return bare_console(settings({"output": asked} | self.flags), os.environ)
        except InputError:
            return bare_console(Settings(self.home, output=asked or "table"), os.environ)


def _asked_output(args: Sequence[str]) -> str | None:
    asked = None
    for index, arg in enumerate(args):
        name, given, value = arg.partition("=")
        if name in ("-o", "--output"):
            asked = value if given else "".join(args[index + 1 : index + 2])
    return asked if asked in CHOICES["output"] else None


def pass_app(function: Callable[..., R]) -> Callable[..., R]:
    """Hand the command its App, made from the flags once all of them are known."""

    def command(*args: Any, **kwargs: Any) -> R:
        return function(invocation(click.get_current_context()).app, *args, **kwargs)

    return update_wrapper(command, function)


def invocation(ctx: click.Context) -> Invocation:
    """The run that ``ctx`` belongs to."""
    return ctx.ensure_object(Invocation)


def _keep(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value is not None:
        invocation(ctx).flags[str(parameter.name)] = value


def _global(*names: str, **attributes: Any) -> click.Option:
    return click.Option(names, default=None, expose_value=False, callback=_keep, **attributes)


def _help(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(ctx.get_help(), color=ctx.color)
        ctx.exit()


# One for all commands: click would make one for each, and look for a translation each time.
HELP = click.Option(
    ("--help",),
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_help,
    help="Show this and leave.",
)
GLOBAL_OPTIONS: tuple[click.Option, ...] = (
    _global(
        "--local",
        "backend",
        is_flag=True,
        flag_value="local",
        help="Use the embedded control plane instead of AWS.",
    ),
    _global("--backend", type=click.Choice(CHOICES["backend"]), help="What to talk to.  [aws]"),
    _global("--region", metavar="NAME", help="AWS region."),
    _global(
        "--profile", metavar="NAME", help="Profile of config.toml, or of the AWS configuration."
    ),
    _global("--endpoint-url", metavar="URL", help="Talk to this endpoint."),
    _global(
        "-o", "--output", type=click.Choice(CHOICES["output"]), help="Output format.  [table]"
    ),
    _global("--query", metavar="JMESPATH", help="Show only this part of the result."),
    _global("--color", type=click.Choice(CHOICES["color"]), help="Use colour.  [auto]"),
    _global(
        "--progress", type=click.Choice(CHOICES["progress"]), help="Show progress.  [auto]"
    ),
    _global("-q", "--quiet", is_flag=True, flag_value=True, help="Say only what went wrong."),
    _global("-v", "--verbose", is_flag=True, flag_value=True, help="Say more."),
    _global(
        "--strict", is_flag=True, flag_value=True, help="Treat warnings about input as errors."
    ),
    _global("--debug", is_flag=True, flag_value=True, help="Show the traceback of a failure."),
)

# What a command that writes files takes for -o, which is its directory, as in every compiler.
FORMAT = click.Option(
    ("--format", "output"),
    type=click.Choice(("table", "json", "yaml")),
    default=None,
    expose_value=False,
    callback=_keep,
    help="Output format.  [table]",
)
# What every command that changes something takes.
DRY_RUN = click.Option(
    ("--dry-run",),
    type=click.Choice(("client", "server")),
    is_flag=False,
    flag_value="client",
    default=None,
    metavar="[client|server]",
    help="Change nothing, show what would be sent; 'server' also asks the service.",
)
YES = click.Option(
    ("-y", "--yes"), is_flag=True, help="Do not ask; needed where there is no terminal."
)


def takes(*parameters: click.Parameter) -> Callable[[F], F]:
    """Give a command ``parameters``, shown in this order, above those of decorators below."""

    def decorate(function: F) -> F:
        known = getattr(function, "__click_params__", [])
        function.__click_params__ = [*known, *reversed(parameters)]  # type: ignore[attr-defined]
        return function

    return decorate


def consent(yes: bool, question: str | None = None) -> None:
    """Return if the user agrees to a change; leave with exit code 1 if not.

    A change wants ``--yes`` or a person at a terminal, who is asked ``question`` if there is
    one. Raises InputError where there is neither, so that nothing ever hangs on a prompt.
    """
    if yes:
        return
    if not sys.stdin or not sys.stdin.isatty():
        options = click.get_current_context().command.params
        can_try = any(option.name == "dry_run" for option in options)
        rather = ", or --dry-run to see what would be sent" if can_try else ""
        raise InputError(
            "this changes something, and there is no terminal to ask on",
            hint=f"Say --yes to go ahead{rather}.",
        )
    if question is None:
        return
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        sys.stderr.write("Nothing was changed.\n")
        click.get_current_context().exit(1)
