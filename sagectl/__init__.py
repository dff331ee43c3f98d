"""Labeling teams, labeling jobs and model compilations, on SageMaker or without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sagectl.compiler.api import compile_model
    from sagectl.compiler.request import Platform, compile_request
    from sagectl.runtime import load

__version__ = "0.1.0"
__all__ = ["Platform", "compile_model", "compile_request", "load"]

# Public name -> where it is; nothing is imported before it is asked for.
_PLACES = {
    "Platform": "sagectl.compiler.request",
    "compile_model": "sagectl.compiler.api",
    "compile_request": "sagectl.compiler.request",
    "load": "sagectl.runtime",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'sagectl' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_PLACES[name]), name)
