"""What differs between a manifest and a live resource, judged by what the manifest sets."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sagectl.manifest.document import Reference
from sagectl.plan.change import ABSENT, FieldChange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sagectl.catalog.kinds import Kind


def differences(
    kind: Kind, desired: Mapping[str, Any], live: Mapping[str, Any]
) -> tuple[FieldChange, ...]:
    """The fields of ``desired`` (create parameters) that ``live`` (a describe) has otherwise.

    What the manifest leaves out is the server's to choose and never a difference. Lists that
    the service does not keep in order are compared as sets, JSON text as the value it spells,
    an empty list or mapping as an absent one. Secrets cannot be read back and are passed over.
    """
    skipped = (kind.name_field, "Tags")
    wanted = {name: value for name, value in desired.items() if name not in skipped}
    return tuple(_mapping(kind, "", wanted, as_created(kind, live)))


def unset_fields(
    kind: Kind, desired: Mapping[str, Any], live: Mapping[str, Any]
) -> tuple[tuple[str, Any], ...]:
    """Path and value of what ``live`` has and ``desired``, a spec, leaves out."""

    def inner(path: str, wanted: Any, found: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        for name, value in found.items():
            here = f"{path}.{name}" if path else name
            is_set = isinstance(wanted, Mapping) and name in wanted
            if is_set and isinstance(value, Mapping) and here not in kind.json_text:
                yield from inner(here, wanted[name], value)
            elif not is_set and _has_content(value):
                yield here, value

    named = {**desired, kind.name_field: ""}
    return tuple(inner("", named, as_created(kind, live)))


def as_created(kind: Kind, live: Mapping[str, Any]) -> Mapping[str, Any]:
    """``live`` with the reference fields spelled as the create operation takes them.

    CreateWorkteam takes a WorkforceName, DescribeWorkteam answers a WorkforceArn.
    """
    named = {}
    for path in kind.references:
        arn = live.get(path.removesuffix("Name") + "Arn")
        if path.endswith("Name") and path not in live and isinstance(arn, str):
            named[path] = arn.rpartition("/")[2]
    return {**live, **named}


def _compared(
    kind: Kind, path: str, generic: str, desired: Any, live: Any
) -> Iterator[FieldChange]:
    """``path`` is for people (``Groups[0]``), ``generic`` names the field (``Groups[]``)."""
    if desired == live or generic in kind.secrets or _is_same(kind, generic, desired, live):
        return
    if generic in kind.json_text:
        yield FieldChange(path, json_value(live), json_value(desired))
    elif isinstance(desired, Mapping) and isinstance(live, Mapping):
        yield from _mapping(kind, path, desired, live, generic)
    elif isinstance(desired, list) and isinstance(live, list):
        compare = _unordered if generic in kind.unordered else _ordered
        yield from compare(kind, path, generic, desired, live)
    else:
        after = desired.as_value() if isinstance(desired, Reference) else desired
        yield FieldChange(path, live, after)


def _mapping(
    kind: Kind,
    path: str,
    desired: Mapping[str, Any],
    live: Mapping[str, Any],
    generic: str = "",
) -> Iterator[FieldChange]:
    for name, value in desired.items():
        yield from _compared(
            kind,
            f"{path}.{name}" if path else name,
            f"{generic}.{name}" if generic else name,
            value,
            live.get(name, ABSENT),
        )


def _ordered(
    kind: Kind, path: str, generic: str, desired: list[Any], live: list[Any]
) -> Iterator[FieldChange]:
    for index in range(max(len(desired), len(live))):
        before = live[index] if index < len(live) else ABSENT
        after = desired[index] if index < len(desired) else ABSENT
        yield from _compared(kind, f"{path}[{index}]", f"{generic}[]", after, before)


def _unordered(
    kind: Kind, path: str, generic: str, desired: list[Any], live: list[Any]
) -> Iterator[FieldChange]:
    item = f"{generic}[]"
    before = {_canonical(kind, item, value): value for value in live}
    after = {_canonical(kind, item, value): value for value in desired}
    removed = [value for text, value in before.items() if text not in after]
    added = [value for text, value in after.items() if text not in before]
    # One definition that was edited reads better as an edit than as one gone and one new.
    if len(removed) == len(added) == 1 and isinstance(added[0], Mapping):
        yield from _compared(kind, f"{path}[]", item, added[0], removed[0])
        return
    for value in removed:
        yield FieldChange(f"{path}[]", value, ABSENT)
    for value in added:
        yield FieldChange(f"{path}[]", ABSENT, value)


def _is_same(kind: Kind, generic: str, desired: Any, live: Any) -> bool:
    if isinstance(desired, Reference):
        return isinstance(live, str) and live.rpartition("/")[2] == desired.name
    if live is ABSENT or desired is ABSENT:
        return not _has_content(desired) and not _has_content(live)
    if generic in kind.json_text:
        return bool(json_value(desired) == json_value(live))
    if isinstance(desired, Mapping | list):
        return False  # looked into, member by member
    return bool(desired == live)


def _has_content(value: Any) -> bool:
    """Whether any leaf of ``value`` says something; an empty string does."""
    if isinstance(value, Mapping):
        return any(map(_has_content, value.values()))
    if isinstance(value, list):
        return bool(value)
    return value is not ABSENT


def _canonical(kind: Kind, generic: str, value: Any) -> str:
    """``value`` as text that is the same for whatever compares as the same."""
    return json.dumps(_sorted(kind, generic, value), sort_keys=True, default=str)


def _sorted(kind: Kind, generic: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _sorted(kind, f"{generic}.{name}", item) for name, item in value.items()}
    if isinstance(value, list):
        items = [_sorted(kind, f"{generic}[]", item) for item in value]
        if generic in kind.unordered:
            return sorted(items, key=lambda item: json.dumps(item, sort_keys=True, default=str))
        return items
    return value


def json_value(text: Any) -> Any:
    """What JSON text, or the Python literal that the service's examples use, spells.

    Text that is neither stands for itself.
    """
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        pass  # then it may be a Python literal
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
