"""An estimator as scikit-learn predicts with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends import UnanswerableError
from sagectl.compiler.frontends.sklearn.reading import is_skops, read_model

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class Predictor:
    """``predict`` and its kin; raises UnanswerableError."""

    def __init__(self, model: Path) -> None:
        import sklearn

        if not is_skops(model):
            raise UnanswerableError(
                "A pickle is not opened to be compared with: save the model with skops"
            )
        try:
            self._model = read_model(model, is_trusted=False)
        except RequestError as error:
            raise UnanswerableError(error.message) from error
        self.name = f"scikit-learn {sklearn.__version__}"

    def outputs(self, feeds: Mapping[str, Any], names: Sequence[str]) -> list[Any]:
        rows = next(iter(feeds.values()))
        return [answer(self._model, rows, name) for name in names]


def answer(model: Any, rows: Any, name: str) -> Any:
    """One of the outputs that a package has, from the estimator itself."""
    import numpy as np

    if name == "probabilities":
        return model.predict_proba(rows)
    if name == "scores":
        return model.decision_function(rows)
    found = np.asarray(model.predict(rows))
    if name != "label":
        return found.astype(np.float64)
    if found.dtype.kind in "iub":
        return found.astype(np.int64)
    return np.searchsorted(model.classes_, found).astype(np.int64)
