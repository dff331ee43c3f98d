"""Is this request well formed?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sagectl.schema.documents import read_documents
    from sagectl.schema.model import service_model
    from sagectl.schema.request import create_request, operation_request

__all__ = ["create_request", "operation_request", "read_documents", "service_model"]

# Public name -> where it is; most who import this package want one of its modules.
_PLACES = {
    "create_request": "sagectl.schema.request",
    "operation_request": "sagectl.schema.request",
    "read_documents": "sagectl.schema.documents",
    "service_model": "sagectl.schema.model",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'sagectl.schema' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_PLACES[name]), name)
