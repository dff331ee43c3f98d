"""Public names of a package that are imported on first use."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:  # without the price of typing, which every start of the program would pay
    from collections.abc import Callable, Mapping
    from typing import Any


def exported(package: str, places: Mapping[str, str]) -> Callable[[str], Any]:
    """The ``__getattr__`` of ``package``; ``places`` tells which module has a name."""

    def attribute(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(places[name]), name)

    return attribute
