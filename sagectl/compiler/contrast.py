"""How two packages differ: what they are for, what they hold, how large it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row per fact that differs between two descriptions of packages.

    A package's path is no such fact; its digest and size say whether there is anything to say.
    """
    one, other = dict(_facts(first)), dict(_facts(second))
    return [
        {"Fact": fact, "First": one.get(fact), "Second": other.get(fact)}
        for fact in (*one, *(fact for fact in other if fact not in one))
        if one.get(fact) != other.get(fact)
    ]


def _facts(described: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name in ("Digest", "SizeBytes", "Model", "Sagectl"):
        yield from _flat(name, described.get(name))
    for name, row in described["Files"].items():
        yield f"Files.{name}", row["Size"]
    for row in described.get("GpuCode", ()):
        yield f"GpuCode.{row['Kind']}", row["Architecture"] or row["Form"]
    library = described["Library"]
    for name in ("Needed", "Imports", "Sections", "Functions"):
        yield from _flat(f"Library.{name}", library[name])


def _flat(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The leaves of a mapping, each with its path; lists are leaves, but those of functions."""
    if path == "Sagectl.Operators":
        value = {row["Function"]: row for row in value}
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(f"{path}.{name}", inner)
    else:
        yield path, value
