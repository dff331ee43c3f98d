"""``${axis}`` and ``${axis.key}`` in a document, and what they stand for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sagectl.manifest.wording import did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sagectl.manifest.axes import Item, Say

    Problem = tuple[str, str, Any, str | None]  # path, what is wrong, the node, a hint

# $${ writes ${ itself.
_TEMPLATE = re.compile(r"\$(\$(?=\{))|\$\{([^}]*)\}")
_WHOLE = re.compile(r"\$\{([^}]*)\}")


def _as_it_is(text: str) -> str:
    return text


class Templates:
    """The templates of one document over some axes."""

    def __init__(self, axes: Mapping[str, tuple[Item, ...]], say: Say) -> None:
        self._axes = axes
        self._say = say

    def are_sound(self, root: Any) -> bool:
        """Whether every template in ``root`` has something to stand for, whatever the item."""
        nodes = [root, *self._overlays()]
        problems = [problem for node in nodes for problem in self._problems(node, "")]
        for path, said, node, hint in problems:
            self._say("matrix.template", path, said, node.start_mark, hint)
        return not problems

    def filled(
        self, node: Any, items: Mapping[str, Item], spelled: Callable[[str], str] = _as_it_is
    ) -> Any:
        """A copy of ``node`` with every template replaced.

        A template that is all of a text is replaced by the item's node, a mapping too, which
        stands where the matrix has it; ``spelled`` is done to the words put into texts.
        """
        if node.id == "sequence":
            made = [self.filled(item, items, spelled) for item in node.value]
            return type(node)(node.tag, made, node.start_mark, node.end_mark)
        if node.id == "mapping":
            pairs = [
                (self.filled(key, items, spelled), self.filled(value, items, spelled))
                for key, value in node.value
            ]
            return type(node)(node.tag, pairs, node.start_mark, node.end_mark)
        if "${" not in node.value:
            return node
        whole = _WHOLE.fullmatch(node.value)
        if whole and spelled is _as_it_is:
            return _in_place_of(node, _value(items, whole[1]))

        def word(match: re.Match[str]) -> str:
            return "$" if match[1] else spelled(_value(items, match[2]).value)

        text = _TEMPLATE.sub(word, node.value)
        return type(node)(node.tag, text, node.start_mark, node.end_mark, node.style)

    def _overlays(self) -> list[Any]:
        items = (item for listed in self._axes.values() for item in listed)
        return [item.fields["spec"] for item in items if "spec" in item.fields]

    def _problems(self, node: Any, path: str) -> Iterator[Problem]:
        if node.id == "sequence":
            for index, item in enumerate(node.value):
                yield from self._problems(item, f"{path}[{index}]")
        elif node.id == "mapping":
            for key, value in node.value:
                yield from self._problems(key, path)
                yield from self._problems(
                    value, f"{path}.{key.value}" if path else str(key.value)
                )
        else:
            is_part = not _WHOLE.fullmatch(node.value)
            for match in _TEMPLATE.finditer(node.value):
                if not match[1] and (found := self._problem(match[2], is_part=is_part)):
                    yield (path, found[0], node, found[1])

    def _problem(self, template: str, *, is_part: bool) -> tuple[str, str | None] | None:
        """What is wrong with one template, and a hint; ``is_part`` if text stands around it."""
        axis, _, key = template.partition(".")
        if axis not in self._axes:
            known = f"The axes are {', '.join(self._axes)}."
            hint = did_you_mean(axis, self._axes) or known
            return f"{shown(axis)} is not an axis of the matrix", hint
        items = self._axes[axis]
        lacking = [item.word for item in items if key and key not in item.fields]
        if lacking:
            hint = f"Write `{{name: {lacking[0]}, {key}: ...}}` in the matrix."
            return f"{lacking[0]}, of the axis {axis}, has no {key}", hint
        if is_part and any(_value({axis: item}, template).id != "scalar" for item in items):
            return f"${{{template}}} is not always text, and cannot be part of one", None
        return None


def _value(items: Mapping[str, Item], template: str) -> Any:
    """The node that ``axis`` or ``axis.key`` stands for."""
    axis, _, key = template.partition(".")
    item = items[axis]
    return item.fields[key] if key else item.fields.get("name", item.node)


def _in_place_of(template: Any, value: Any) -> Any:
    """``value`` where ``template`` was; quotes around the template make text of it."""
    if value.id != "scalar":
        return value
    style = template.style or value.style
    return type(value)(value.tag, value.value, value.start_mark, value.end_mark, style)
