"""A plan for people, action by action and field by field, and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import Column
from sagectl.plan.change import ABSENT, Action
from sagectl.plan.diff import unset_fields
from sagectl.render.columns import brief, text
from sagectl.render.views import Listing, Report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sagectl.plan.change import Change, FieldChange, Plan

    Style = Callable[[str, str], str]  # text, what it is -> text as it is shown

SECRET = "(secret)"
_SHADES = {
    Action.CREATE: "good",
    Action.UPDATE: "busy",
    Action.REPLACE: "bad",
    Action.DELETE: "bad",
    Action.FAILED: "bad",
    Action.UNCHANGED: "dim",
}
# Action -> how the summary counts it.
_COUNTED = {
    Action.CREATE: "to create",
    Action.UPDATE: "to update",
    Action.REPLACE: "to replace",
    Action.DELETE: "to delete",
    Action.UNCHANGED: "unchanged",
    Action.FAILED: "failed before",
}
_COLUMNS = (
    Column("ACTION", "Action"),
    Column("KIND", "Kind"),
    Column("NAME", "Name"),
    Column("REGION", "Region"),
    Column("FIELDS", "Fields.Path", "list"),
    Column("REASON", "Reason"),
)


def report(plan: Plan, *, is_full: bool = False) -> Report:
    """``plan`` as something to show; ``is_full`` adds what no manifest sets."""
    changes = [change_dict(change, is_full=is_full) for change in plan.changes]
    summary = {action.name.lower(): plan.number_of(action) for action in Action}
    return Report(
        {"Changes": changes, "Summary": summary},
        Listing("Changes", changes, _COLUMNS, "change", "Name", "changes"),
        lambda console: plan_lines(
            plan, console.style, verbose=console.settings.verbose, is_full=is_full
        ),
    )


def plan_lines(
    plan: Plan, style: Style, *, verbose: bool = False, is_full: bool = False
) -> Iterator[str]:
    """Every change with its fields, then how many of each; ``style`` colours a word.

    What stays as it is is only counted, unless ``verbose`` or ``is_full``. The latter also
    shows, unmarked, what is live and no manifest sets.
    """
    for change in plan.changes:
        if verbose or is_full or change.action is not Action.UNCHANGED:
            yield from _change_lines(change, style)
        for path, value in _unset(change) if is_full else ():
            yield style(f"    {path}: {_written(value)}", "dim")
    yield summary(plan)


def summary(plan: Plan) -> str:
    """``2 to create, 1 unchanged.``"""
    counts = ((plan.number_of(action), words) for action, words in _COUNTED.items())
    found = ", ".join(f"{count} {words}" for count, words in counts if count)
    return f"{found}." if found else "Nothing to do."


def change_dict(change: Change, *, is_full: bool = False) -> dict[str, Any]:
    """One change for a program."""
    known: dict[str, Any] = {
        "Action": change.action.name.lower(),
        "Kind": change.kind.name,
        "Name": change.document.name,
        "Region": change.region,
        "Fields": [_field_dict(item) for item in change.fields],
        "Uploads": [item.uri for item in change.uploads],
        "Reason": change.reason,
    }
    if is_full:
        known["Unset"] = [{"Path": path, "Value": value} for path, value in _unset(change)]
    return {key: value for key, value in known.items() if value not in ("", [])}


def _unset(change: Change) -> tuple[tuple[str, Any], ...]:
    if change.live is None:
        return ()
    return unset_fields(change.kind, change.document.spec, change.live)


def _field_dict(item: FieldChange) -> dict[str, Any]:
    known: dict[str, Any] = {"Path": item.path}
    for side, value in (("Before", item.before), ("After", item.after)):
        if value is not ABSENT:
            known[side] = SECRET if item.is_secret else value
    return known


def _change_lines(change: Change, style: Style) -> Iterator[str]:
    shade = _SHADES[change.action]
    reason = f"  ({change.reason})" if change.reason else ""
    yield f"{style(change.action.value, shade)} {change.label}{reason}"
    for item in change.fields:
        yield f"    {item.path}: {_side(item, item.before, style, 'bad')} -> " + _side(
            item, item.after, style, "good"
        )
    for transfer in change.uploads:
        yield f"    {transfer.source.name} -> {brief(transfer.uri)}"


def _side(item: FieldChange, value: Any, style: Style, shade: str) -> str:
    if value is ABSENT:
        return style("(none)", "dim")
    return style(SECRET if item.is_secret else _written(value), shade)


def _written(value: Any) -> str:
    return f'"{text(value)}"' if isinstance(value, str) else text(value)
