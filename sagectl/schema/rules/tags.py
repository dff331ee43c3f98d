"""Rules of the tags that come with a create request or are added later."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sagectl.schema.rules.rule import Breach, Rule, listed, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def _repeated_keys(params: Mapping[str, Any]) -> Iterator[Breach]:
    met: set[str] = set()
    for index, tag in enumerate(listed(params, "Tags")):
        key = text(tag, "Key")
        if key is not None and key in met:
            yield Breach(f"Tags[{index}].Key", f"the tag {key!r} is given twice")
        elif key is not None:
            met.add(key)


def _reserved_keys(params: Mapping[str, Any]) -> Iterator[Breach]:
    for index, tag in enumerate(listed(params, "Tags")):
        key = text(tag, "Key")
        if key is not None and key.lower().startswith("aws:"):
            said = f"{key!r} is reserved: AWS sets the tags that begin with aws:"
            yield Breach(f"Tags[{index}].Key", said)


TAG_RULES = (
    Rule(
        "tags.duplicate",
        "Every tag key is given once.",
        "API reference, AddTags: tag keys must be unique per resource",
        _repeated_keys,
    ),
    Rule(
        "tags.reserved",
        "No tag key begins with aws:.",
        "AWS General Reference, Tagging AWS resources",
        _reserved_keys,
    ),
)
RULES: Mapping[str, tuple[Rule, ...]] = MappingProxyType({"AddTags": TAG_RULES})
