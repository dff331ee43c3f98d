"""An explained field for people: what it is, what is in it, which rules speak of it."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import Column
from sagectl.render.views import Listing, Report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sagectl.render.console import Console
    from sagectl.schema.explaining import Explanation, Field

_WIDTH = 88
_COLUMNS = (
    Column("FIELD", "Path"),
    Column("TYPE", "Type"),
    Column("REQUIRED", "Required"),
    Column("LIMITS", "Limits"),
    Column("CHOICES", "Choices", "list", is_wide=True),
)


def explanation(found: Explanation) -> Report:
    """``found`` as something to show."""
    fields = [_as_dict(member) for member in found.members]
    rules = [
        {"Id": rule.id, "Asks": rule.sentence, "Source": rule.source} for rule in found.rules
    ]
    answer = {
        "Kind": found.kind.name,
        **_as_dict(found.field),
        "Fields": fields,
        "Rules": rules,
    }
    return Report(
        {key: value for key, value in answer.items() if value != []},
        Listing("Fields", fields, _COLUMNS, "field", "Path", "fields"),
        lambda console: _lines(found, console),
    )


def _as_dict(field: Field) -> dict[str, Any]:
    known = {
        "Path": field.path,
        "Type": field.type,
        "Required": field.is_required,
        "Limits": field.limits,
        "Choices": list(field.choices),
        "Besides": list(field.forms),
        "Description": field.description,
        "Default": field.default,
        "Source": field.source,
    }
    return {key: value for key, value in known.items() if value not in ("", [])}


def _lines(found: Explanation, console: Console) -> Iterator[str]:
    field = found.field
    yield console.style(f"{found.kind.name}.{field.path}", "bold") + f"  {_head(field)}"
    yield from _facts(field, console, "  ")
    for line in field.description.split("\n"):
        yield from _wrapped(line, "  ")
    yield from _wrapped(f"source: {field.source}", "  ")
    if found.members:
        yield ""
        yield console.style("FIELDS", "bold")
    for member in found.members:
        yield f"  {console.style(member.name, 'key')}  {_head(member)}"
        yield from _facts(member, console, "      ")
        yield from _wrapped(member.description.split("\n")[0], "      ")
    if found.rules:
        yield ""
        yield console.style("RULES", "bold")
    for rule in found.rules:
        yield from _wrapped(f"{rule.id}: {rule.sentence} ({rule.source})", "  ", "      ")


def _head(field: Field) -> str:
    return f"{field.type}, required" if field.is_required else field.type


def _facts(field: Field, console: Console, indent: str) -> Iterator[str]:
    facts = {
        "limits": field.limits,
        "one of": ", ".join(field.choices),
        "or": "; ".join(field.forms),
        "default": field.default,
    }
    for name, text in facts.items():
        if text:
            first, *rest = wrap(f"{name}: {text}", _WIDTH - len(indent))
            yield f"{indent}{console.style(first, 'hint')}"
            yield from (f"{indent}  {console.style(line, 'hint')}" for line in rest)


def _wrapped(text: str, indent: str, rest: str | None = None) -> Iterator[str]:
    yield from wrap(
        text,
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent if rest is None else rest,
        break_on_hyphens=False,
        break_long_words=False,
    )
