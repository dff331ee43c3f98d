"""``sagectl help``: topics, and the help of any command."""

from __future__ import annotations

import click

from sagectl.cli.lazy import WIDTH, Command
from sagectl.cli.topics import TOPICS
from sagectl.errors import InputError


@click.command("help", cls=Command)
@click.argument("words", nargs=-1, metavar="[TOPIC | COMMAND...]")
def help_(words: tuple[str, ...]) -> None:
    """Explain a topic, or a command as its --help does. Alone it lists the topics.

    \b
    Examples:
      sagectl help topics
      sagectl help manifests
      sagectl help workteam create
    """
    if words in ((), ("topics",)):
        click.echo(_topics())
    elif len(words) == 1 and words[0] in TOPICS:
        click.echo(_fitted(TOPICS[words[0]].text()), nl=False)
    else:
        click.echo(_command(words))


def _fitted(text: str) -> str:
    """``text`` with its prose as wide as the screen; tables and examples stay."""
    import shutil
    from textwrap import fill

    width = min(WIDTH, shutil.get_terminal_size((WIDTH, 24)).columns - 2)
    parts = (
        part if "  " in part else fill(part, width, break_on_hyphens=False)
        for part in text.rstrip("\n").split("\n\n")
    )
    return "\n\n".join(parts) + "\n"


def _topics() -> str:
    formatter = click.HelpFormatter(max_width=WIDTH)
    with formatter.section("Topics"):
        formatter.write_dl([(name, topic.summary) for name, topic in TOPICS.items()])
    formatter.write_paragraph()
    formatter.write_text("sagectl help TOPIC explains one; sagectl --help lists the commands.")
    return formatter.getvalue().rstrip()


def _command(words: tuple[str, ...]) -> str:
    """The help of a command. Raises InputError for what is neither that nor a topic."""
    from sagectl.cli.root import cli

    context = click.Context(cli, info_name="sagectl", max_content_width=WIDTH)
    for word in words:
        group = context.command
        found = group.get_command(context, word) if isinstance(group, click.Group) else None
        if found is None:
            raise InputError(
                f"{' '.join(words)!r} is neither a topic nor a command",
                hint=_near(word, context),
            )
        context = click.Context(found, info_name=word, parent=context)
    return context.get_help()


def _near(word: str, context: click.Context) -> str:
    from difflib import get_close_matches

    group = context.command
    known = group.list_commands(context) if isinstance(group, click.Group) else []
    if context.parent is None:
        known = [*TOPICS, *known]
    if close := get_close_matches(word, known, n=1):
        return f"Did you mean {close[0]}?"
    return "See sagectl help topics."
