"""What happens while a plan is carried out or a job is waited for, as values."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagectl.errors import SagectlError
    from sagectl.manifest.document import Document
    from sagectl.plan.change import Change, Plan


INTERRUPTED = "interrupted"  # why everything that was left was skipped


class Started(NamedTuple):
    """A change is under way."""

    change: Change


class Uploaded(NamedTuple):
    """A local file is now at ``uri``; ``was_there`` means nothing had to be sent."""

    change: Change
    uri: str
    was_there: bool


class Done(NamedTuple):
    """A change was made; ``result`` is the service's answer."""

    change: Change
    result: Mapping[str, Any] = MappingProxyType({})


class Failed(NamedTuple):
    """A change was tried in vain."""

    change: Change
    error: SagectlError


class Skipped(NamedTuple):
    """A change was not tried; ``because`` says why."""

    change: Change
    because: str


class StatusSeen(NamedTuple):
    """What a resource that is waited for looks like now; sent when it changes.

    ``status`` is the service's, "absent" for what is not there; ``stage`` the compiler's step.
    """

    label: str
    status: str
    stage: str | None
    elapsed_seconds: float
    reason: str = ""
    is_final: bool = False


class Checked(NamedTuple):
    """Documents were read and found sound."""

    documents: Sequence[Document]


class Planned(NamedTuple):
    """It is known what there is to do."""

    plan: Plan


Event = Started | Uploaded | Done | Failed | Skipped | StatusSeen | Checked | Planned


class Observer(Protocol):
    """Told of every event, from one thread, in the order things happen."""

    def __call__(self, event: Event, /) -> None: ...


def silent(_: Event, /) -> None:
    """The observer that looks away."""
