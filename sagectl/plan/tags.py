"""Tags: the part of a live resource that Describe does not answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import KINDS
from sagectl.plan.change import ABSENT, FieldChange
from sagectl.plan.live import listed_tags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagectl.manifest.document import Document
    from sagectl.plan.live import Caller


# The service takes tags for a workforce and then cannot list them
# (terraform-provider-aws, pull request 20065).
UNTAGGED = frozenset(("Workforce",))


def live_tags(
    document: Document, live: Mapping[str, Any] | None, caller: Caller
) -> dict[str, str] | None:
    """The tags of what is live, if they are wanted and can be read."""
    if not live or not document.tags or document.kind in UNTAGGED:
        return None
    return listed_tags(str(live[KINDS[document.kind].arn_field]), caller)


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
