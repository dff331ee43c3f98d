"""Help: prose that ends, and examples that can be pasted."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import click
import pytest

from sagectl.cli.lazy import WIDTH, LazyGroup
from sagectl.cli.options import GLOBAL_OPTIONS, HELP, Invocation
from sagectl.cli.root import cli

if TYPE_CHECKING:
    from collections.abc import Iterator


def contexts(ctx: click.Context) -> Iterator[click.Context]:
    """Every command below ``ctx``."""
    group = ctx.command
    if isinstance(group, click.Group):
        for name in group.list_commands(ctx):
            command = group.get_command(ctx, name)
            assert command is not None
            inner = click.Context(command, info_name=name, parent=ctx)
            if not command.hidden:
                yield inner
                yield from contexts(inner)


COMMANDS = list(contexts(click.Context(cli, info_name="sagectl")))


def identity(ctx: click.Context) -> str:
    return ctx.command_path.removeprefix("sagectl ").replace(" ", "-")


@pytest.mark.parametrize("ctx", COMMANDS, ids=identity)
def test_help_is_prose(ctx: click.Context) -> None:
    text = (ctx.command.help or "").split("\b")[0].strip()

    assert text[:1].isupper(), text
    assert text.endswith("."), text
    for option in ctx.command.params:
        if isinstance(option, click.Option):
            said = re.sub(r"\s+\[[^]]*]$", "", option.help or "")
            assert said.endswith("."), f"{option.opts}: {option.help!r}"


@pytest.mark.parametrize("ctx", COMMANDS, ids=identity)
def test_a_list_of_commands_is_a_line_of_prose_each(ctx: click.Context) -> None:
    group = ctx.parent and ctx.parent.command
    if not isinstance(group, LazyGroup):
        pytest.skip("it is in no table")

    summary = group.summary(str(ctx.info_name))

    assert summary[:1].isupper(), summary
    assert summary.endswith("."), summary
    assert len(summary) < WIDTH - 16, "it fits beside its name"


@pytest.mark.parametrize("ctx", COMMANDS, ids=identity)
def test_every_command_has_an_example_that_parses(ctx: click.Context) -> None:
    text = (ctx.command.help or "").replace("\\\n", " ").partition("Example")[2]

    found = [words for line in text.splitlines() for words in arguments(line)]

    assert found, f"{ctx.command_path} has no example"
    for words in found:
        parse(words)


def arguments(line: str) -> list[list[str]]:
    """What follows every ``sagectl`` on a line of shell."""
    if inner := re.findall(r"[$<]\((sagectl [^)]*)\)", line):
        return [shlex.split(command)[1:] for command in inner]
    words = shlex.split(line)
    if "sagectl" not in words:
        return []
    words = words[words.index("sagectl") + 1 :]
    end = next((index for index, word in enumerate(words) if word in (">", ">>", "|")), None)
    return [words[:end]]


def parse(words: list[str]) -> None:
    """Parse as sagectl would, down to the command; nothing is run."""
    ctx = cli.make_context("sagectl", words, obj=Invocation())
    while isinstance(ctx.command, click.Group) and ctx._protected_args:
        rest = [*ctx._protected_args, *ctx.args]
        name, command, rest = ctx.command.resolve_command(ctx, rest)
        assert command is not None
        ctx = command.make_context(name, rest, parent=ctx)


@pytest.mark.parametrize("ctx", COMMANDS, ids=identity)
def test_short_options_are_the_agreed_ones(ctx: click.Context) -> None:
    short = {
        name
        for parameter in ctx.command.params
        if isinstance(parameter, click.Option)
        for name in parameter.opts
        if not name.startswith("--")
    }

    assert short <= {"-f", "-o", "-q", "-v", "-y", "-R"}


@pytest.mark.parametrize("ctx", COMMANDS, ids=identity)
def test_what_changes_something_takes_yes_and_dry_run(ctx: click.Context) -> None:
    changing = ("create", "update", "delete", "stop", "apply")
    if ctx.info_name not in changing or ctx.command_path.startswith("sagectl local "):
        pytest.skip("it changes nothing on the service")

    names = {name for option in ctx.command.params for name in option.opts}

    assert {"--yes", "--dry-run"} <= names


def test_global_options_are_not_repeated_in_full_below_the_root() -> None:
    ctx = next(ctx for ctx in COMMANDS if ctx.command_path == "sagectl workteam list")

    text = ctx.command.get_help(ctx)

    assert "see sagectl --help" in text
    assert "Use the embedded control plane" not in text
    assert "Use the embedded control plane" in cli.get_help(click.Context(cli))


def test_the_shared_options_are_shared() -> None:
    for ctx in COMMANDS:
        parameters = ctx.command.get_params(ctx)
        assert HELP in parameters
        spared = getattr(ctx.command, "spared", ())
        assert all(option in parameters or option.name in spared for option in GLOBAL_OPTIONS)
