"""What a deletion is about, and the plan for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.cli.sets import named, read
from sagectl.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sagectl.app import App
    from sagectl.manifest.document import Document
    from sagectl.plan.change import Plan


def doomed(
    app: App, words: Sequence[str], files: Sequence[str], recursive: bool
) -> tuple[Document, ...]:
    """The documents of ``files``, or bare ones for what ``words`` name; not both."""
    from sagectl.manifest.document import Document

    if words and files:
        raise InputError(
            "both -f and names are given", hint="Delete by manifests or by KIND/NAME."
        )
    if not words:
        return read(app, files, recursive)
    return tuple(Document(kind.name, name) for kind, name in dict.fromkeys(named(words)))


def deletion_plan(
    app: App, documents: Sequence[Document], *, parallel: int | None, must_exist: bool
) -> Plan:
    """The plan that deletes ``documents``.

    With ``must_exist``, what is not there is a NotFoundError; otherwise it is passed over.
    """
    from sagectl.plan.deletion import deletion

    choices = app.choices(parallel=parallel)
    plan = deletion(documents, app.caller_in, choices.region, choices.parallel)
    missing = [change.label for change in plan.changes if change.live is None]
    if must_exist and missing:
        raise NotFoundError("ResourceNotFound", f"there is no {', no '.join(missing)}")
    return plan
