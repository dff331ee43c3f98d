"""What the control plane answers instead of a result."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from sagectl.errors import NotFoundError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping

# Error code -> HTTP status. SageMaker answers every refusal with 400 (API reference, Errors).
STATUSES: Mapping[str, int] = MappingProxyType(
    {
        "ConflictException": 400,
        "InternalFailure": 500,
        "ResourceInUse": 400,
        "ResourceLimitExceeded": 400,
        "ResourceNotFound": 400,
        "SerializationException": 400,
        "ThrottlingException": 400,
        "UnknownOperationException": 404,
        "ValidationException": 400,
    }
)


class Fault(ServiceError):  # noqa: N818 (the service says fault)
    """A refusal by the control plane; doors put it on the wire, the CLI shows it as it is."""

    def __init__(self, code: str, message: str, *, hint: str | None = None) -> None:
        super().__init__(code, message, status=STATUSES[code], hint=hint)


class MissingFault(Fault, NotFoundError):  # noqa: N818
    """A refusal because what was named does not exist."""


def validation(message: str, *, hint: str | None = None) -> Fault:
    """The request cannot be served as it stands."""
    return Fault("ValidationException", message, hint=hint)


def resource_in_use(message: str, *, hint: str | None = None) -> Fault:
    """The name is taken, or something still depends on the resource."""
    return Fault("ResourceInUse", message, hint=hint)


def not_found(message: str, *, code: str = "ResourceNotFound") -> MissingFault:
    """No such resource; some operations say so with a ValidationException."""
    return MissingFault(code, message)


def limit_exceeded(message: str, *, hint: str | None = None) -> Fault:
    """A quota is used up."""
    return Fault("ResourceLimitExceeded", message, hint=hint)


def conflict(message: str, *, hint: str | None = None) -> Fault:
    """The resource is on its way from one state to another."""
    return Fault("ConflictException", message, hint=hint)


def throttled() -> Fault:
    """Too many requests; the text is the service's."""
    return Fault("ThrottlingException", "Rate exceeded")


def internal(message: str = "The request could not be served because of a fault.") -> Fault:
    """The control plane failed; nothing was changed."""
    return Fault("InternalFailure", message)


def unknown_operation(name: str) -> Fault:
    """The control plane has no such operation."""
    return Fault("UnknownOperationException", f"The local plane does not serve {name!r}.")


FAULTS: Mapping[str, object] = MappingProxyType(
    {
        "validation": validation,
        "resource_in_use": resource_in_use,
        "not_found": not_found,
        "limit_exceeded": limit_exceeded,
        "conflict": conflict,
        "throttled": throttled,
        "internal": internal,
        "unknown_operation": unknown_operation,
    }
)
