"""The input that a Darknet network declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends.darknet.network import INPUT, input_shape
from sagectl.compiler.frontends.darknet.reading import read_sections

if TYPE_CHECKING:
    from pathlib import Path

    from sagectl.compiler.frontends.signature import Declared


def declared(path: Path) -> tuple[Declared, ...] | None:
    """One image of the size that [net] has; None where it has none."""
    try:
        return ((INPUT, "float32", input_shape(read_sections(path)[0], {})),)
    except RequestError:
        return None
