"""A plan as frozen values: what would be done to which resource, field by field."""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sagectl.catalog.kinds import Kind
    from sagectl.diagnostics import Diagnostic
    from sagectl.manifest.document import Document
    from sagectl.plan.order import Key
    from sagectl.plan.people import PersonChange


class Action(Enum):
    """What happens to a resource; the value is its symbol on the screen."""

    CREATE = "+"
    UPDATE = "~"
    REPLACE = "-/+"
    DELETE = "-"
    UNCHANGED = "="
    FAILED = "!"  # the live job ended badly; it is reported and left alone

    @property
    def is_change(self) -> bool:
        return self not in (Action.UNCHANGED, Action.FAILED)


class _Absent(Enum):
    ABSENT = "absent"


ABSENT = _Absent.ABSENT  # stands for a field that one side does not have


class FieldChange(NamedTuple):
    """One field before and after, either of which may be ABSENT; a secret shows neither."""

    path: str  # dotted, in the service's spelling, without "spec."
    before: Any
    after: Any
    is_secret: bool = False


class Transfer(NamedTuple):
    """A local file to be put at ``uri``; ``is_packed`` says it goes inside a tar.gz."""

    source: Path
    uri: str
    is_packed: bool = False


class Change(NamedTuple):
    """What a plan does with one document's resource.

    ``fields`` are the differences (of CREATE and DELETE only those that ``people`` make).
    ``params`` are what the create, update or delete operation will be given, uploads as URIs; a
    Reference is left where an ARN is known only once its resource was made. ``tags`` are added
    to a live resource. ``needs`` are the keys of the changes that must have ended well before
    this one starts. ``people`` are let in before anything else. ``live`` is what Describe said.
    ``lost`` are the names of work teams that have to be deleted first.
    """

    action: Action
    kind: Kind
    document: Document
    region: str
    fields: tuple[FieldChange, ...] = ()
    params: Mapping[str, Any] = MappingProxyType({})
    tags: Mapping[str, str] = MappingProxyType({})
    live: Mapping[str, Any] | None = None
    needs: frozenset[Key] = frozenset()
    uploads: tuple[Transfer, ...] = ()
    lost: tuple[str, ...] = ()
    people: tuple[PersonChange, ...] = ()
    reason: str = ""

    @property
    def key(self) -> Key:
        """What makes the resource one of its own: kind, name, region."""
        return (self.kind.name, self.document.name, self.region)

    @property
    def label(self) -> str:
        return self.document.label


class Plan(NamedTuple):
    """Every document's change, in an order that respects what needs what."""

    changes: tuple[Change, ...]
    warnings: tuple[Diagnostic, ...] = ()

    @property
    def pending(self) -> tuple[Change, ...]:
        """The changes that would do something."""
        return tuple(change for change in self.changes if change.action.is_change)

    def number_of(self, action: Action) -> int:
        """How many changes are of one action."""
        return sum(change.action is action for change in self.changes)
