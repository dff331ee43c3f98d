"""Parameters of the operations that make and change what documents describe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import KINDS

if TYPE_CHECKING:
    from sagectl.manifest.document import Document


def create_params(document: Document) -> dict[str, Any]:
    """What the create operation of ``document``'s kind takes, not yet checked."""
    params = {KINDS[document.kind].name_field: document.name, **document.spec}
    if document.tags:
        tags = [{"Key": key, "Value": value} for key, value in document.tags.items()]
        params["Tags"] = [*tags, *document.spec.get("Tags", ())]
    return params
