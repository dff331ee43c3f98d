"""An XGBoost model as xgboost predicts with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends import UnanswerableError
from sagectl.compiler.frontends.conversion import first_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class Predictor:
    """``Booster.predict``; raises UnanswerableError."""

    def __init__(self, model: Path) -> None:
        try:
            import xgboost
        except ImportError as error:
            raise UnanswerableError(
                "xgboost is not installed: pip install 'sagectl[xgboost]'"
            ) from error
        self.name = f"xgboost {xgboost.__version__}"
        self._matrix = xgboost.DMatrix
        # Told apart by its beginning: the name of a model says nothing of its form.
        content = bytearray(model.read_bytes())
        try:
            self._booster = xgboost.Booster(model_file=content)
        except xgboost.core.XGBoostError as error:
            raise UnanswerableError(
                f"xgboost cannot read the model: {first_line(error)}"
            ) from error

    def outputs(self, feeds: Mapping[str, Any], names: Sequence[str]) -> list[Any]:
        import numpy as np

        rows = next(iter(feeds.values()))
        # A model of categories wants to be told which columns they are.
        types = self._booster.feature_types
        matrix = self._matrix(
            rows,
            feature_names=self._booster.feature_names,
            feature_types=types,
            enable_categorical="c" in (types or ()),
        )
        found = self._booster.predict(matrix)
        return [np.asarray(found) for _ in names]
