"""What a ``matrix`` says: its axes, what is left out, what is added, and the limit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from sagectl.manifest.nodes import INTEGER, is_null, outline
from sagectl.manifest.wording import did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sagectl.manifest.nodes import Mark

DEFAULT_LIMIT, MAX_DOCUMENTS = 256, 10_000
_AXIS = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_ITEM_HINT = "An item is a word, or a mapping with a name."


class Say(Protocol):
    """Takes a finding: rule, path, what is wrong, where, what to do."""

    def __call__(
        self, rule: str, path: str, summary: str, mark: Mark, hint: str | None = None, /
    ) -> None: ...


class Item(NamedTuple):
    """One value of an axis: its word, where it stands, and the fields of a mapping."""

    word: str
    node: Any
    fields: Mapping[str, Any]


class Exclusion(NamedTuple):
    """Combinations that are not made: those that have these words."""

    words: Mapping[str, str]
    node: Any

    def matches(self, items: Mapping[str, Item]) -> bool:
        return all(items[axis].word == word for axis, word in self.words.items())


class Matrix(NamedTuple):
    """``axes`` are multiplied, ``include`` is added; ``items`` are all that may be met."""

    axes: Mapping[str, tuple[Item, ...]]
    items: Mapping[str, tuple[Item, ...]]
    include: tuple[dict[str, Item], ...]
    exclude: tuple[Exclusion, ...]
    limit: int | None


def read_matrix(node: Any, say: Say) -> Matrix | None:
    """The matrix that ``node`` is; None, and findings, where it is none."""
    reading = _Reading(say)
    matrix = reading.matrix(node)
    return None if reading.has_failed else matrix


class _Reading:
    def __init__(self, say: Say) -> None:
        self._say = say
        self.has_failed = False

    def say(self, path: str, summary: str, node: Any, hint: str | None = None) -> None:
        self.has_failed = True
        self._say("matrix.form", f"matrix{path}", summary, node.start_mark, hint)

    def matrix(self, node: Any) -> Matrix | None:
        hint = "Write axes, such as `board: [rasp4b, jetson_nano]`."
        if node.id != "mapping" or not node.value:
            self.say("", f"must be a mapping with axes, not {shown(outline(node))}", node, hint)
            return None
        given = dict(self._pairs(node, ""))
        special = {name: given.pop(name, None) for name in ("include", "exclude", "limit")}
        axes = {name: tuple(self._axis(name, item)) for name, item in given.items()}
        included = special["include"]
        known = tuple(axes) or self._axes_of(included)
        if not known and not self.has_failed:
            self.say("", "has no axis", node, hint)
        include = tuple(self._included(included, known, axes))
        met = {
            name: (*axes.get(name, ()), *(one[name] for one in include if name in one))
            for name in known
        }
        exclude = tuple(self._excluded(special["exclude"], axes))
        return Matrix(axes, met, include, exclude, self._limit(special["limit"]))

    def _pairs(self, node: Any, path: str) -> Iterator[tuple[str, Any]]:
        met = set()
        for key, value in node.value:
            name = key.value if key.id == "scalar" else None
            if name is None or not _AXIS.fullmatch(name):
                self.say(path, f"{shown(name)} cannot name an axis", key)
            elif name in met:
                self.say(f"{path}.{name}", "is given twice", key)
            else:
                met.add(name)
                yield name, value

    def _axis(self, name: str, node: Any) -> Iterator[Item]:
        if node.id != "sequence" or not node.value:
            found = f"must be a list with items, not {shown(outline(node))}"
            self.say(f".{name}", found, node, f"Write {name}: [ONE, ANOTHER].")
            return
        met = set()
        for index, value in enumerate(node.value):
            item = self._item(f".{name}[{index}]", value)
            if item is not None and item.word in met:
                self.say(
                    f".{name}[{index}]", f"{shown(item.word)} is in this axis twice", value
                )
            elif item is not None:
                met.add(item.word)
                yield item

    def _item(self, path: str, node: Any) -> Item | None:
        if node.id == "scalar" and not is_null(node):
            return Item(node.value, node, {})
        fields = dict(self._pairs(node, path)) if node.id == "mapping" else {}
        name = fields.get("name")
        if name is None or name.id != "scalar" or is_null(name):
            self.say(path, f"has no name: it is {shown(outline(node))}", node, _ITEM_HINT)
            return None
        return Item(name.value, node, fields)

    def _rows(self, name: str, node: Any) -> Iterator[tuple[str, Any]]:
        if node is None:
            return
        if node.id != "sequence":
            self.say(f".{name}", f"must be a list, not {shown(outline(node))}", node)
            return
        for index, row in enumerate(node.value):
            if row.id == "mapping" and row.value:
                yield f".{name}[{index}]", row
            else:
                hint = "Write an axis and its item, as in `- {board: rasp4b}`."
                self.say(f".{name}[{index}]", "must be a mapping of axes", row, hint)

    def _axes_of(self, included: Any) -> tuple[str, ...]:
        """The axes of a matrix that only includes: those of its first row."""
        for _, row in self._rows("include", included):
            return tuple(name for name, _ in self._pairs(row, ""))
        return ()

    def _included(
        self, node: Any, known: tuple[str, ...], axes: Mapping[str, tuple[Item, ...]]
    ) -> Iterator[dict[str, Item]]:
        for path, row in self._rows("include", node):
            made: dict[str, Item] = {}
            for name, value in self._pairs(row, path):
                item = self._item(f"{path}.{name}", value)
                if self._is_axis(name, path, value, known) and item is not None:
                    same = (one for one in axes.get(name, ()) if one.word == item.word)
                    made[name] = item if item.fields else next(same, item)
            if missing := [name for name in known if name not in made]:
                self.say(path, f"does not say which {', which '.join(missing)}", row)
            yield {name: made[name] for name in known if name in made}

    def _excluded(self, node: Any, axes: Mapping[str, tuple[Item, ...]]) -> Iterator[Exclusion]:
        for path, row in self._rows("exclude", node):
            words = {}
            for name, value in self._pairs(row, path):
                item = self._item(f"{path}.{name}", value)
                if not self._is_axis(name, path, value, tuple(axes)) or item is None:
                    continue
                listed = [one.word for one in axes[name]]
                if item.word not in listed:
                    found = f"{shown(item.word)} is not in the axis {name}"
                    self.say(f"{path}.{name}", found, value, did_you_mean(item.word, listed))
                words[name] = item.word
            yield Exclusion(words, row)

    def _is_axis(self, name: str, path: str, node: Any, known: tuple[str, ...]) -> bool:
        if name in known:
            return True
        hint = did_you_mean(name, known) or f"The axes are {', '.join(known)}."
        self.say(f"{path}.{name}", f"{shown(name)} is not an axis", node, hint)
        return False

    def _limit(self, node: Any) -> int | None:
        if node is None:
            return None
        is_number = node.id == "scalar" and INTEGER.fullmatch(node.value) is not None
        if is_number and 1 <= int(node.value) <= MAX_DOCUMENTS:
            return int(node.value)
        self.say(".limit", f"must be a number from 1 to {MAX_DOCUMENTS}", node)
        return None
