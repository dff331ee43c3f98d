"""Is this request well formed?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.exports import exported

if TYPE_CHECKING:
    from sagectl.schema.documents import read_documents
    from sagectl.schema.model import service_model
    from sagectl.schema.request import create_request, operation_request

__all__ = ["create_request", "operation_request", "read_documents", "service_model"]

# Most who import this package want one of its modules.
__getattr__ = exported(
    __name__,
    {
        "create_request": "sagectl.schema.request",
        "operation_request": "sagectl.schema.request",
        "read_documents": "sagectl.schema.documents",
        "service_model": "sagectl.schema.model",
    },
)
