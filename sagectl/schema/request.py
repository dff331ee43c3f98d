"""A call that is known to be well formed, and the only functions that build one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagectl.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True)
class Request:
    """An operation and its parameters; only ever built valid.

    ``warnings`` are findings that did not stop it (the service may know more than the
    installed model).
    """

    operation: str
    params: Mapping[str, Any]
    warnings: tuple[Diagnostic, ...] = field(default=())
