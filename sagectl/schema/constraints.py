"""Shapes compiled into checkers that read a value and say everything that is wrong with it.

A checker has two doors: one for YAML nodes (whose text is read by the shape, and whose places
are kept), one for Python values. What is behind the doors is shared.
"""

from __future__ import annotations

from sys import intern
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from sagectl.manifest.nodes import NULLS, outline
from sagectl.manifest.wording import choices, did_you_mean, shown
from sagectl.schema.forms import from_node, from_value
from sagectl.schema.patterns import PATTERN_HINTS, matcher
from sagectl.schema.scalars import READERS, Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sagectl.manifest.nodes import Mark
    from sagectl.schema.model import ServiceModel, Shape
    from sagectl.schema.walk import Walk

_PATTERN_SHOWN = 100  # a longer one tells nobody anything


class Checker(Protocol):
    """The two doors of one shape: each gives the value as it goes on the wire.

    What has the wrong type becomes INVALID; what breaks a limit is kept, and said.
    """

    def from_node(self, node: Any, path: str, walk: Walk) -> Any: ...
    def from_value(self, value: Any, path: str, walk: Walk) -> Any: ...


def checker(shape: Shape, model: ServiceModel) -> Checker:
    """The checker of ``shape``, made once per model."""
    if (known := model.checkers.get(shape)) is None:
        known = model.checkers[shape] = _CHECKERS[shape.type](shape, model)
    return known


class StructureChecker:
    """Checks a structure; ``elsewhere`` has fields given in another place, and says where."""

    __slots__ = ("elsewhere", "model", "ready", "required", "shape")

    def __init__(
        self,
        shape: Shape,
        model: ServiceModel,
        elsewhere: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.shape = shape
        self.model = model
        self.elsewhere = elsewhere
        self.required = tuple(name for name in shape.required if name not in elsewhere)
        self.ready: dict[
            Any, Checker
        ] = {}  # of the fields met so far: shapes contain themselves

    def from_node(self, node: Any, path: str, walk: Walk) -> Any:
        if node.id != "mapping":
            return walk.mistyped(path, "a mapping", outline(node), node.start_mark)
        result: dict[str, Any] = {}
        prefix = path + "." if path else ""
        ready, keys_at, values_at = self.ready, walk.keys_at, walk.values_at
        for key, value in node.value:
            name = intern(key.value) if key.id == "scalar" else text_key(key, path, walk)
            if name is None:
                continue
            at = prefix + name
            known = ready.get(name) or self._field(name, at, walk, key.start_mark)
            if name in result:
                walk.add("schema.duplicate", at, "is given twice", key.start_mark)
            elif known is not None:
                keys_at[at] = key.start_mark
                values_at[at] = value.start_mark
                result[name] = known.from_node(value, at, walk)
        return self._completed(result, path, prefix, walk)

    def from_value(self, value: Any, path: str, walk: Walk) -> Any:
        if not isinstance(value, dict):
            return walk.mistyped(path, "a mapping", value)
        result: dict[str, Any] = {}
        prefix = path + "." if path else ""
        for name, item in value.items():
            at = f"{prefix}{name}"
            known = self.ready.get(name) or self._field(name, at, walk)
            if known is not None:
                result[name] = known.from_value(item, at, walk)
        return self._completed(result, path, prefix, walk)

    def _field(
        self, name: Any, path: str, walk: Walk, mark: Mark | None = None
    ) -> Checker | None:
        """The checker of a field met for the first time, or None and a finding."""
        members = self.shape.members
        if name in members and name not in self.elsewhere:
            found = self.ready[name] = checker(members[name], self.model)
            return found
        known = [member for member in members if member not in self.elsewhere]
        hint = self.elsewhere.get(name) or did_you_mean(str(name), known)
        if hint is None and known:
            hint = f"The fields are {choices(known, str(name))}."
        walk.add("schema.unknown", path, f"{shown(name)} is not a field here", mark, hint)
        return None

    def _completed(self, result: dict[str, Any], path: str, prefix: str, walk: Walk) -> Any:
        for name in self.required:
            if name not in result:
                walk.add_missing(prefix + name, path)
        if self.shape.is_union and len(result) != 1:
            said = f"takes one of {choices(self.shape.members)}, and has {len(result)}"
            walk.add("schema.union", path, said, walk.values_at.get(path))
        return result


class ListChecker:
    """Checks a list: its length, then every item."""

    __slots__ = ("item", "limits")

    def __init__(self, shape: Shape, model: ServiceModel) -> None:
        self.item = checker(shape.member, model)
        self.limits = Limits(shape, "item")

    def from_node(self, node: Any, path: str, walk: Walk) -> Any:
        if node.id != "sequence":
            return walk.mistyped(path, "a list", outline(node), node.start_mark)
        self.limits.judge(len(node.value), path, walk, node.start_mark)
        result = []
        for index, item in enumerate(node.value):
            at = f"{path}[{index}]"
            walk.keys_at[at] = walk.values_at[at] = item.start_mark
            result.append(self.item.from_node(item, at, walk))
        return result

    def from_value(self, value: Any, path: str, walk: Walk) -> Any:
        if not isinstance(value, list | tuple):
            return walk.mistyped(path, "a list", value)
        self.limits.judge(len(value), path, walk)
        return [
            self.item.from_value(item, f"{path}[{index}]", walk)
            for index, item in enumerate(value)
        ]


class MapChecker:
    """Checks a map: its size, then every name and what it stands for."""

    __slots__ = ("key", "limits", "value")

    def __init__(self, shape: Shape, model: ServiceModel) -> None:
        self.key = TextChecker(shape.key, model)
        self.value = checker(shape.value, model)
        self.limits = Limits(shape, "entry")

    def from_node(self, node: Any, path: str, walk: Walk) -> Any:
        if node.id != "mapping":
            return walk.mistyped(path, "a mapping", outline(node), node.start_mark)
        self.limits.judge(len(node.value), path, walk, node.start_mark)
        result: dict[str, Any] = {}
        for key, value in node.value:
            name = key.value if key.id == "scalar" else text_key(key, path, walk)
            if name is None:
                continue
            at = f"{path}.{name}"
            if name in result:
                walk.add("schema.duplicate", at, "is given twice", key.start_mark)
                continue
            walk.keys_at[at], walk.values_at[at] = key.start_mark, value.start_mark
            self.key.judge(name, at, walk, key.start_mark)
            result[name] = self.value.from_node(value, at, walk)
        return result

    def from_value(self, value: Any, path: str, walk: Walk) -> Any:
        if not isinstance(value, dict):
            return walk.mistyped(path, "a mapping", value)
        self.limits.judge(len(value), path, walk)
        result: dict[str, Any] = {}
        for name, item in value.items():
            at = f"{path}.{name}"
            if isinstance(name, str):
                self.key.judge(name, at, walk, None)
                result[name] = self.value.from_value(item, at, walk)
            else:
                walk.mistyped(at, "named by text", name)
        return result


class TextChecker:
    """Checks text: the choices it has, or its length and then its pattern.

    What is too long is not matched: one finding says enough, and no pattern meets a text of a
    size that its author never thought of.
    """

    __slots__ = (
        *("enum", "high", "hint", "is_sensitive", "limits", "low", "matches", "pattern"),
    )

    def __init__(self, shape: Shape, model: ServiceModel) -> None:
        self.enum = shape.enum
        self.limits = Limits(shape, "character")
        self.low, self.high = self.limits.low, self.limits.high
        self.pattern = shape.pattern
        self.matches = matcher(shape.pattern)
        self.hint = PATTERN_HINTS.get(shape.name)
        self.is_sensitive = shape.is_sensitive

    def from_node(self, node: Any, path: str, walk: Walk) -> Any:
        if node.id != "scalar":
            text = from_node(node, path, walk)
            if not isinstance(text, str):
                return text
        elif not node.style and node.value in NULLS:
            return walk.mistyped(path, "text", None, node.start_mark)
        else:
            text = intern(node.value)  # documents of a set say the same things
        if self.enum or not (self.low <= len(text) <= self.high and self.matches(text)):
            self.judge(text, path, walk, node.start_mark)
        return text

    def from_value(self, value: Any, path: str, walk: Walk) -> Any:
        text = value if isinstance(value, str) else from_value(value, path, walk)
        if isinstance(text, str):
            self.judge(text, path, walk, None)
        return text

    def judge(self, text: str, path: str, walk: Walk, mark: Mark | None) -> None:
        if self.enum:
            if text not in self.enum:
                self._refuse_choice(text, path, walk, mark)
        elif self.limits.judge(len(text), path, walk, mark) and not self.matches(text):
            said = "the value" if self.is_sensitive else shown(text)
            wanted = self.pattern or ""
            if len(wanted) > _PATTERN_SHOWN and self.hint:
                wanted = "what this field takes"
            summary = f"{said} does not match {wanted}"
            walk.add("schema.pattern", path, summary, mark, self.hint)

    def _refuse_choice(self, text: str, path: str, walk: Walk, mark: Mark | None) -> None:
        summary = f"{shown(text)} is not one of {choices(self.enum, text)}"
        walk.add("schema.enum", path, summary, mark, did_you_mean(text, self.enum))


class ScalarChecker:
    """Checks what is no text: a number, a truth value, a point in time."""

    __slots__ = ("limits", "reader")

    def __init__(self, shape: Shape, model: ServiceModel) -> None:
        self.reader = READERS[shape.type]
        self.limits = Limits(shape)

    def from_node(self, node: Any, path: str, walk: Walk) -> Any:
        return self._checked(outline(node), path, walk, node.start_mark)

    def from_value(self, value: Any, path: str, walk: Walk) -> Any:
        return self._checked(value, path, walk, None)

    def _checked(self, found: Any, path: str, walk: Walk, mark: Mark | None) -> Any:
        value = self.reader.read(found)
        if value is None:
            return walk.mistyped(
                path, self.reader.expected, found, mark, self.reader.hint(found)
            )
        if self.limits.are_set:
            self.limits.judge(value, path, walk, mark)
        return value


def text_key(key: Any, path: str, walk: Walk) -> str | None:
    """The name that a key is, or None and a finding: YAML lets keys be anything."""
    if key.id == "scalar":
        name: str = key.value
        return name
    walk.add("schema.key", path, "has a key that is not text", key.start_mark)
    return None


_CHECKERS: dict[str, Callable[[Shape, ServiceModel], Checker]] = {
    "structure": StructureChecker,
    "list": ListChecker,
    "map": MapChecker,
    "string": TextChecker,
    **dict.fromkeys(READERS, ScalarChecker),
}
