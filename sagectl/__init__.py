"""Labeling teams, labeling jobs and model compilations, on SageMaker or without it."""

from __future__ import annotations

TYPE_CHECKING = False  # not typing's: every start of the program would pay for its import
if TYPE_CHECKING:
    from sagectl.compiler.api import compile_model
    from sagectl.compiler.request import Platform, compile_request
    from sagectl.runtime import load

__version__ = "0.1.0"
__all__ = ["Platform", "compile_model", "compile_request", "load"]

_PLACES = {
    "Platform": "sagectl.compiler.request",
    "compile_model": "sagectl.compiler.api",
    "compile_request": "sagectl.compiler.request",
    "load": "sagectl.runtime",
}


def __getattr__(name: str) -> object:
    # Whoever imports the loader of packages imports this file, and is to get no other of ours.
    from sagectl.exports import exported

    return exported(__name__, _PLACES)(name)
