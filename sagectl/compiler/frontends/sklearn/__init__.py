"""Reads scikit-learn's models: skops files, and pickles where these are trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sagectl.compiler.frontends import Imported, Reference
    from sagectl.compiler.request import CompileRequest
    from sagectl.runtime.tensors import Port


def load(request: CompileRequest) -> Imported:
    """What an estimator, or a pipeline that ends in one, predicts of rows of float64.

    A classifier has the outputs ``label`` and ``probabilities`` (or ``scores``, where it
    knows none), others ``prediction``. Raises RequestError (reason "extra", "format" or
    "input"), or CompileError (reason "operator") for estimators that are not compiled.
    """
    from sagectl.compiler.frontends.archive import model_file
    from sagectl.compiler.frontends.extras import require
    from sagectl.compiler.frontends.sklearn.lowering import imported
    from sagectl.compiler.frontends.sklearn.reading import read_model
    from sagectl.compiler.frontends.trees.lowering import cpu_target

    require(request.framework)
    with model_file(request.model, request.framework) as path:
        model = read_model(path, is_trusted=request.trust)
        return imported(model, request, cpu_target(request))


def reference(model: Path, inputs: Sequence[Port], outputs: Sequence[Port]) -> Reference:
    """The model as scikit-learn itself predicts with it; a pickle is not opened for that."""
    from sagectl.compiler.frontends.sklearn.engine import Predictor

    return Predictor(model)
