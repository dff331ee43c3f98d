"""Reads XGBoost models: JSON, UBJSON and the deprecated binary form, without xgboost."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sagectl.compiler.frontends import Imported, Reference
    from sagectl.compiler.request import CompileRequest
    from sagectl.runtime.tensors import Port


def load(request: CompileRequest) -> Imported:
    """What ``Booster.predict`` computes of rows of float32; NaN is what is missing.

    Raises RequestError (reason "format" or "input").
    """
    from sagectl.compiler.frontends.archive import model_file
    from sagectl.compiler.frontends.trees.lowering import cpu_target
    from sagectl.compiler.frontends.xgboost.lowering import imported
    from sagectl.compiler.frontends.xgboost.reading import read_model

    with model_file(request.model, request.framework) as path:
        return imported(read_model(path), request, cpu_target(request))


def reference(model: Path, inputs: Sequence[Port], outputs: Sequence[Port]) -> Reference:
    """The model as xgboost itself predicts with it."""
    from sagectl.compiler.frontends.xgboost.engine import Predictor

    return Predictor(model)
