"""Aliases, merge keys and tags, settled before a document is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from sagectl.manifest.nodes import Mark

MAX_NODES = 100_000  # of one document, every alias counted as what it stands for
_MAX_DEPTH = 100
_MERGE = "<<"
_CORE = "tag:yaml.org,2002:"
_TAGS = frozenset(
    _CORE + name for name in ("str", "seq", "map", "int", "float", "bool", "null")
)


def needs_settling(text: str) -> bool:
    """Whether ``text`` may hold what ``settled`` deals with; most manifests do not."""
    return "&" in text or "*" in text or "!" in text or _MERGE in text


class Settling:
    """One document's nodes on their way to a tree; ``say`` takes what is wrong and where."""

    def __init__(self, say: Callable[[str, str, Mark, str | None], None]) -> None:
        self._say = say
        self._sizes: dict[int, int] = {}
        self._open: set[int] = set()

    def settle(self, root: Any) -> bool:
        """Merge what ``<<`` asks for, in place; False where the document cannot be read on."""
        try:
            size = self._size(root, 0)
        except _UnsettledError as error:
            self._say(error.rule, str(error), error.mark, None)
            return False
        if size > MAX_NODES:
            said = f"grows to more than {MAX_NODES} values through its aliases"
            self._say(
                "yaml.alias-bomb", said, root.start_mark, "Write less, or in several files."
            )
            return False
        return True

    def _size(self, node: Any, depth: int) -> int:
        """How many nodes ``node`` is with every alias written out."""
        place = id(node)
        if (known := self._sizes.get(place)) is not None:
            return known
        if place in self._open:
            raise _UnsettledError(
                "yaml.alias", "is an alias that contains itself", node.start_mark
            )
        if depth > _MAX_DEPTH:
            said = f"is nested more than {_MAX_DEPTH} deep"
            raise _UnsettledError("yaml.depth", said, node.start_mark)
        if node.tag not in _TAGS:
            # Of other tags the name is not said: it may be a secret that begins with "!".
            known = node.tag.startswith(_CORE)
            named = f"the tag {node.tag.replace(_CORE, '!!')}" if known else "a tag"
            said = f"has {named}, which has no meaning here"
            hint = "Remove the tag, or quote a text that begins with '!'."
            self._say("yaml.tag", said, node.start_mark, hint)
        self._open.add(place)
        size = 1
        if node.id == "sequence":
            size += sum(self._size(item, depth + 1) for item in node.value)
        elif node.id == "mapping":
            self._merge(node)
            for key, value in node.value:
                size += self._size(key, depth + 1) + self._size(value, depth + 1)
        self._open.discard(place)
        self._sizes[place] = size
        return size

    def _merge(self, node: Any) -> None:
        """Replace ``<<`` by what it brings in: own keys win, then earlier mappings."""
        if not any(map(_is_merge, node.value)):
            return
        taken = {key.value for key, _ in node.value if key.id == "scalar"}
        merged: list[tuple[Any, Any]] = []
        for pair in node.value:
            if not _is_merge(pair):
                merged.append(pair)
                continue
            for key, value in self._brought(pair[1]):
                if key.id != "scalar" or key.value not in taken:
                    merged.append((key, value))
                    taken.add(key.value if key.id == "scalar" else None)
        node.value = merged

    def _brought(self, value: Any) -> list[tuple[Any, Any]]:
        pairs: list[tuple[Any, Any]] = []
        for item in value.value if value.id == "sequence" else [value]:
            if id(item) in self._open:
                raise _UnsettledError(
                    "yaml.alias", "is an alias that contains itself", item.start_mark
                )
            if item.id != "mapping":
                said = "merges what is no mapping"
                self._say("yaml.merge", said, item.start_mark, "Give << an alias of a mapping.")
                continue
            self._merge(item)
            pairs += item.value
        return pairs


class _UnsettledError(Exception):
    def __init__(self, rule: str, message: str, mark: Mark) -> None:
        super().__init__(message)
        self.rule = rule
        self.mark = mark


def _is_merge(pair: tuple[Any, Any]) -> bool:
    key = pair[0]
    return key.id == "scalar" and key.value == _MERGE and not key.style
