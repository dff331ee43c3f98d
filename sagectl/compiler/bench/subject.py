"""What a benchmark was given: a package, or a model to make one from."""

from __future__ import annotations

import tarfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sagectl.compiler.workplace import workplace
from sagectl.runtime.package import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_MODELS = (".onnx",)


def is_model(path: Path) -> bool:
    """Whether ``path`` is a model, or an archive of one, and no package."""
    if path.suffix.lower() in _MODELS:
        return True
    try:
        with tarfile.open(path, "r:*") as tar:
            members = [member.name for member in tar]
    except (OSError, EOFError, tarfile.TarError):
        return False  # whatever else it is, reading it as a package says so
    return MANIFEST not in members and any(name.lower().endswith(_MODELS) for name in members)


@contextmanager
def made(model: Path, inputs: Mapping[str, Any]) -> Iterator[Path]:
    """A package of a model for this very processor, gone when it is left.

    Raises what ``compile_model`` raises.
    """
    from sagectl.compiler.api import compile_model
    from sagectl.compiler.request import compile_request

    with workplace("bench") as place:
        request = compile_request(model, output=place, inputs=inputs, verify=False)
        yield compile_model(request).path
