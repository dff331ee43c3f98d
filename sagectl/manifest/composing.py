"""YAML text to nodes, by libyaml where PyYAML has it."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from sagectl.diagnostics import Diagnostic, SourceSpan

if TYPE_CHECKING:
    from collections.abc import Iterator

    import yaml

    from sagectl.manifest.sources import Source

# libyaml's composer calls itself for every level and overruns the stack some thousands deep.
_SUSPECT = 1000
_MAX_DEPTH = 200
_BRACKETS = re.compile(r"[\[\]{}]")

# What a parser says -> what to do about it, first match wins.
_HINTS = (
    (
        "mapping values are not allowed",
        "Quote a text that holds ': ', or check the indentation.",
    ),
    ("cannot start any token", "Quote a text that begins with this character."),
    ("did not find expected key", "Check the indentation of this line and the one before."),
    ("did not find expected '-' indicator", "Check the indentation of this list."),
    ("expected <block end>", "Check the indentation of this line and the one before."),
    ("expected <document start>", "Separate documents with a line of three hyphens."),
    ("unexpected end of stream", "Close the quote, bracket or brace that is open."),
    ("expected ',' or", "Close the bracket or brace, or put a comma between its items."),
    ("undefined alias", "Define it before its use, as &name."),
    ("characters are not allowed", "Remove the character, or write it as an escape in quotes."),
)
_TAB_HINT = "Indent with spaces: YAML does not take tabs."


def composed(source: Source) -> Iterator[Any]:
    """The root node of every document; at broken YAML a Diagnostic, and no more.

    Scalars keep their text: nothing is read as a number or a date here.
    """
    import yaml

    try:
        if (deep := _too_deep(source, yaml)) is not None:
            yield deep
            return
        yield from yaml.compose_all(source.text, Loader=_loader())
    except yaml.MarkedYAMLError as error:
        yield _broken(source, error)
    except yaml.reader.ReaderError as error:
        yield _unprintable(source, error)
    except RecursionError:  # PyYAML's own composer has less room than libyaml's
        yield _deep(source.name, 0, 0)


@cache
def _loader() -> type[Any]:
    """PyYAML's base loader, which asks three questions of every node, with short answers."""
    import yaml

    base: Any = yaml.CBaseLoader if yaml.__with_libyaml__ else yaml.BaseLoader
    tags = {
        yaml.ScalarNode: "tag:yaml.org,2002:str",
        yaml.SequenceNode: "tag:yaml.org,2002:seq",
        yaml.MappingNode: "tag:yaml.org,2002:map",
    }

    class Loader(base):  # type: ignore[misc]
        """Composes nodes whose tag tells what they are, and nothing of what they mean."""

        def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
            return tags[kind]

        def descend_resolver(self, node: Any, index: Any) -> None:
            """Nothing depends on where a node stands."""

        def ascend_resolver(self) -> None:
            """Nothing was descended into."""

    return Loader


def _broken(source: Source, error: yaml.MarkedYAMLError) -> Diagnostic:
    lines = source.text.splitlines()
    mark = error.problem_mark or error.context_mark
    began = error.context_mark if error.context else None
    if mark is not None and began is not None and mark.line >= len(lines):
        mark = began  # the end of the file shows nothing; what was left open does
    line, column = (mark.line, mark.column) if mark is not None else (0, 0)
    summary = f"is not YAML: {error.problem or error.context}"
    if began is not None and began.line != line:
        summary += f", {error.context} that begins at line {began.line + 1}"
    hint = next((hint for said, hint in _HINTS if said in (error.problem or "")), None)
    if line < len(lines) and lines[line][column : column + 1] == "\t":
        hint = _TAB_HINT
    return Diagnostic(
        summary, "", SourceSpan(source.name, line + 1, column + 1), hint, "yaml.syntax"
    )


def _unprintable(source: Source, error: yaml.reader.ReaderError) -> Diagnostic:
    character = error.character if isinstance(error.character, str) else chr(error.character)
    before = source.text[: max(source.text.find(character), 0)].split("\n")
    span = SourceSpan(source.name, len(before), len(before[-1]) + 1)
    summary = f"is not YAML: {error.reason} (U+{ord(character):04X})"
    hint = next((hint for said, hint in _HINTS if said in error.reason), None)
    return Diagnostic(summary, "", span, hint, "yaml.syntax")


def _too_deep(source: Source, yaml: Any) -> Diagnostic | None:
    """A finding if nesting is beyond reason; the parser's events tell, which need no stack."""
    if not _is_suspect(source.text):
        return None
    try:
        mark = _too_deep_at(source.text, yaml, _loader())
    except yaml.YAMLError as error:
        if "nesting depth" not in str(error):
            return None  # composing will meet the same, no deeper than this, and say it
        # libyaml reads ahead of its events, and since 0.2.6 stops at a depth of its own.
        mark = _too_deep_at(source.text, yaml, yaml.BaseLoader)
    return None if mark is None else _deep(source.name, mark.line, mark.column)


def _too_deep_at(text: str, yaml: Any, loader: type[Any]) -> Any:
    """Where nesting grows beyond reason; ``None`` where it does not."""
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            return event.start_mark
    return None


def _deep(file: str, line: int, column: int) -> Diagnostic:
    said = f"is nested more than {_MAX_DEPTH} deep"
    return Diagnostic(said, "", SourceSpan(file, line + 1, column + 1), None, "yaml.depth")


def _is_suspect(text: str) -> bool:
    """Whether brackets or indentation could nest deeper than the composer bears."""
    depth = 0
    for bracket in _BRACKETS.findall(text):
        depth = depth + 1 if bracket in "[{" else max(depth - 1, 0)
        if depth > _SUSPECT:
            return True
    # A line is not made to be measured: one too long has no end within reach of its beginning.
    begin = 0
    while len(text) - begin > _SUSPECT:
        begin = text.rfind("\n", begin, begin + _SUSPECT + 1) + 1
        if begin == 0:
            return True
    return False
