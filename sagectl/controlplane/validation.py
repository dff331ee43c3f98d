"""The shape and rules of a request, refused in the service's manner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.controlplane import faults

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagectl.schema.model import ServiceModel


def check(operation: str, params: Mapping[str, Any], model: ServiceModel) -> None:
    """Raise the service's ValidationException if ``params`` break the model or a rule."""
    from sagectl.schema.request import findings

    found = [finding for finding in findings(operation, params, model) if finding.is_error]
    if found:
        raise faults.validation("; ".join(map(str, found)))
