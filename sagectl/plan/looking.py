"""What is live of a set of documents, looked at part by part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.catalog.kinds import KINDS
from sagectl.plan.live import answering, asked, described, live_states, unlisted
from sagectl.plan.order import key, references
from sagectl.plan.tags import live_tags

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sagectl.manifest.document import Document
    from sagectl.plan.live import Callers
    from sagectl.plan.order import Key

_PART = 250  # what is live is many times what is wanted, so only so much is held at a time


class Look(NamedTuple):
    """A document, what Describe says of its resource, and tags where they matter."""

    document: Document
    live: Mapping[str, Any] | None
    tags: Mapping[str, str] | None


class Looking:
    """Looks at the resources of ``documents``; ``referred`` are those that they refer to."""

    def __init__(
        self, documents: Sequence[Document], callers: Callers, region: str, parallel: int
    ) -> None:
        self._documents = documents
        self._callers = callers
        self._region = region
        self._parallel = parallel
        self._absent: frozenset[Key] = frozenset()
        self.referred = live_states(self._references(), callers, parallel)

    def __iter__(self) -> Iterator[Look]:
        """A look for every document, in their order."""
        keys = [key(document, self._region) for document in self._documents]
        whom = answering(keys, self._callers)
        self._absent = unlisted(keys, self._callers)
        for begin in range(0, len(keys), _PART):
            part = self._documents[begin : begin + _PART]
            yield from asked(self._look, part, whom, self._parallel)

    def _references(self) -> Iterator[Key]:
        for document in self._documents:
            for leaf in references(document):
                yield (leaf.kind, leaf.name, document.region or self._region)

    def _look(self, document: Document) -> Look:
        """Describe and ListTags, one after the other: many documents are under way at once."""
        own = key(document, self._region)
        caller = self._callers(own[2])
        if own in self.referred:
            live = self.referred[own]
        elif own in self._absent:
            live = None
        else:
            live = described(KINDS[document.kind], document.name, caller)
        return Look(document, live, live_tags(document, live, caller))
