"""A LightGBM model as lightgbm predicts with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends import UnanswerableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class Predictor:
    """``Booster.predict``; raises UnanswerableError."""

    def __init__(self, model: Path) -> None:
        try:
            import lightgbm
        except ImportError as error:
            raise UnanswerableError(
                "lightgbm is not installed: pip install 'sagectl[lightgbm]'"
            ) from error
        self.name = f"lightgbm {lightgbm.__version__}"
        try:
            self._booster = lightgbm.Booster(model_str=model.read_text(encoding="utf-8"))
        except lightgbm.basic.LightGBMError as error:
            raise UnanswerableError(f"lightgbm cannot read the model: {error}") from error

    def outputs(self, feeds: Mapping[str, Any], names: Sequence[str]) -> list[Any]:
        import numpy as np

        found = self._booster.predict(next(iter(feeds.values())), num_threads=1)
        return [np.asarray(found) for _ in names]
