"""PyTorch models in memory, for the converter and the reference alike."""

from __future__ import annotations

import logging
import os
import pickle
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.conversion import converting
from sagectl.compiler.frontends.pytorch.files import EXPORTED, vetted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# What torch raises besides RuntimeError, which its own C++ errors are.
FAILURES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    pickle.PickleError,
)


def opened(path: Path) -> tuple[Any, str]:
    """The ExportedProgram or ScriptModule in ``path``, and which of them; RequestError if none.

    No pickle in it is trusted.
    """
    kind = vetted(path)
    # torch's own switch: wherever it unpickles, tensors come out and nothing else.
    os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = "1"
    import torch

    hint = f"torch {torch.__version__} is installed here; export the model again with it."
    with converting(f"{path.name} cannot be loaded", FAILURES, hint), quiet():
        if kind == EXPORTED:
            return torch.export.load(path), kind
        script: Any = torch.jit
        return script.load(path, map_location="cpu").eval(), kind


@contextmanager
def quiet() -> Iterator[None]:
    """Keep torch's remarks to itself."""
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)
