"""Lines of a file as more arguments of a command, each knowing where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import click

from sagectl.diagnostics import Diagnostic, SourceSpan
from sagectl.errors import FindingsError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sagectl.app import App


class Entry(NamedTuple):
    """One value, and its place if it came from a file."""

    text: str
    span: SourceSpan | None = None


def from_option(what: str) -> click.Option:
    """``--from FILE``."""
    return click.Option(
        ("--from", "file"),
        metavar="FILE",
        help=f"Take more {what} from FILE, one a line; '-' is stdin.",
    )


def batch(app: App, given: Iterable[str], file: str | None) -> tuple[Entry, ...]:
    """The values given, then those of ``file``; empty lines and ``#`` remarks do not count.

    Raises FindingsError for a file that cannot be read, InputError if there is no value.
    """
    entries = [Entry(text) for text in given]
    if file is not None:
        entries += _entries(app, file)
    if not entries:
        raise InputError(
            "there is nothing to go by", hint="Name at least one, or give --from FILE."
        )
    return tuple(entries)


def _entries(app: App, file: str) -> Iterator[Entry]:
    from sagectl.manifest.sources import Source, source

    found = source(file, stdin=app.stdin)
    if not isinstance(found, Source):
        raise FindingsError([found])
    for number, line in enumerate(found.text.splitlines(), 1):
        text = line.partition("#")[0].strip()
        if text:
            column = line.index(text) + 1
            yield Entry(text, SourceSpan(found.name, number, column))


def raise_bad(entries: Sequence[Entry], check: Callable[[str], Iterable[Diagnostic]]) -> None:
    """Check every entry; raises FindingsError with all findings, where each entry stands."""
    from dataclasses import replace

    findings = [
        replace(finding, span=entry.span, path="" if entry.span else finding.path)
        for entry in entries
        for finding in check(entry.text)
        if finding.is_error
    ]
    if findings:
        raise FindingsError(findings)
