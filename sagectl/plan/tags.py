"""Tags: the part of a live resource that Describe does not answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import KINDS
from sagectl.plan.change import ABSENT, FieldChange
from sagectl.plan.live import Callers, listed_tags, mapped
from sagectl.plan.order import key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sagectl.manifest.document import Document
    from sagectl.plan.order import Key


def live_tags(
    documents: Sequence[Document],
    live: Mapping[Key, Mapping[str, Any] | None],
    callers: Callers,
    region: str,
    parallel: int,
) -> Iterable[tuple[Key, dict[str, str]]]:
    """The tags of what is live and has some in its document.

    The service takes tags for a workforce and then cannot list them
    (terraform-provider-aws, pull request 20065): they are not readable, so left alone.
    """
    tagged = (key(document, region) for document in documents if document.tags)
    readable = [own for own in tagged if own[0] != "Workforce" and live[own]]

    def tags(own: Key) -> tuple[Key, dict[str, str]]:
        arn = str((live[own] or {})[KINDS[own[0]].arn_field])
        return own, listed_tags(arn, callers(own[2]))

    return mapped(tags, readable, parallel)


def new_tags(
    wanted: Mapping[str, str], there: Mapping[str, str] | None
) -> tuple[FieldChange, ...]:
    """The tags to set; others that are ``there`` are nobody's business, None is unreadable."""
    if there is None:
        return ()
    return tuple(
        FieldChange(f"Tags.{name}", there.get(name, ABSENT), value)
        for name, value in wanted.items()
        if there.get(name) != value
    )
