"""Reads LightGBM's text models, without lightgbm."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sagectl.compiler.frontends import Imported, Reference
    from sagectl.compiler.request import CompileRequest
    from sagectl.runtime.tensors import Port


def load(request: CompileRequest) -> Imported:
    """What ``Booster.predict`` computes of rows of float64, in float64.

    Raises RequestError (reason "format" or "input").
    """
    from sagectl.compiler.frontends.archive import model_file
    from sagectl.compiler.frontends.lightgbm.lowering import imported
    from sagectl.compiler.frontends.lightgbm.reading import read_model
    from sagectl.compiler.frontends.trees.lowering import cpu_target

    with model_file(request.model, request.framework) as path:
        return imported(read_model(path), request, cpu_target(request))


def reference(model: Path, inputs: Sequence[Port], outputs: Sequence[Port]) -> Reference:
    """The model as lightgbm itself predicts with it."""
    from sagectl.compiler.frontends.lightgbm.engine import Predictor

    return Predictor(model)
