"""What a compilation tells whoever watches it."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

# The stages of a compilation, in their order.
STAGES = ("import", "optimize", "schedule", "generate", "link", "verify", "package")


class Observer(Protocol):
    """Watches a compilation; its context is entered and left around each stage."""

    def stage(self, name: str) -> AbstractContextManager[object]: ...

    def warn(self, message: str) -> None: ...


class Silent:
    """Watches and says nothing."""

    def stage(self, name: str) -> AbstractContextManager[object]:
        return nullcontext()

    def warn(self, message: str) -> None:
        return None


SILENT: Observer = Silent()
