"""A PyTorch model as torch runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends import UnanswerableError
from sagectl.compiler.frontends.conversion import first_line
from sagectl.compiler.frontends.pytorch.files import EXPORTED
from sagectl.compiler.frontends.pytorch.programs import FAILURES, opened, quiet
from sagectl.errors import CompileError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sagectl.runtime.tensors import Port


class Torch:
    """torch over one model; raises UnanswerableError."""

    def __init__(self, model: Path, inputs: Sequence[Port], outputs: Sequence[Port]) -> None:
        import torch

        self.name = f"torch {torch.__version__}"
        self._inputs = [port.name for port in inputs]
        self._outputs = [port.name for port in outputs]
        try:
            program, kind = opened(model)
        except CompileError as error:
            raise UnanswerableError(error.message) from error
        self._module = program.module() if kind == EXPORTED else program

    def outputs(self, feeds: Mapping[str, Any], names: Sequence[str]) -> list[Any]:
        import torch
        from torch.utils import _pytree

        arguments = [torch.from_numpy(feeds[name].copy()) for name in self._inputs]
        try:
            with quiet(), torch.no_grad():
                results = _pytree.tree_leaves(self._module(*arguments))
        except FAILURES as error:
            raise UnanswerableError(
                f"torch cannot run the model: {first_line(error)}"
            ) from error
        arrays = [each.numpy(force=True) for each in results if isinstance(each, torch.Tensor)]
        if len(arrays) != len(self._outputs):
            raise UnanswerableError(f"torch gives {len(arrays)} tensors for these outputs")
        found = dict(zip(self._outputs, arrays, strict=True))
        return [found[name] for name in names]
