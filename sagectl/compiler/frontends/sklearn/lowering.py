"""An estimator, or a pipeline that ends in one, as a Relax module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.sklearn.reading import DATA_TYPES
from sagectl.compiler.frontends.sklearn.steps import DTYPE, UnknownFormError
from sagectl.compiler.frontends.sklearn.tables import ESTIMATORS, TRANSFORMERS
from sagectl.errors import CompileError

if TYPE_CHECKING:
    from sagectl.compiler.frontends import Imported
    from sagectl.compiler.request import CompileRequest
    from sagectl.compiler.targets import Target

INPUT = "data"


def imported(model: Any, request: CompileRequest, target: Target) -> Imported:
    """The module of a fitted model, and what it takes and gives.

    Raises CompileError (reason "operator") that names every step that is not compiled.
    """
    from sklearn import __version__

    from sagectl.compiler.frontends import Imported
    from sagectl.compiler.frontends.trees.rows import batch_of, row_module

    steps = _steps(model)
    _refuse_unknown(steps)
    features = int(steps[0].n_features_in_)

    def emit(builder: Any, x: Any) -> dict[str, Any]:
        *before, last = steps
        for step in before:
            x = _applied(TRANSFORMERS, builder, x, step, target)
        made: dict[str, Any] = _applied(ESTIMATORS, builder, x, last, target)
        return made

    shape = (batch_of(request, INPUT, features), features)
    module, inputs, outputs = row_module(INPUT, shape, DTYPE, emit)
    return Imported(
        module=module,
        inputs=inputs,
        outputs=outputs,
        framework="SKLEARN",
        reference=_as_skops(model),
        warnings=_warnings(steps[-1]),
        facts={"scikit-learn": __version__, "steps": [type(each).__name__ for each in steps]},
    )


def _steps(model: Any) -> list[Any]:
    from sklearn.base import BaseEstimator
    from sklearn.pipeline import Pipeline

    if not isinstance(model, BaseEstimator):
        raise _unsupported([type(model).__name__], "no estimator of scikit-learn's")
    if isinstance(model, Pipeline):
        return [step for _, step in model.steps if step not in (None, "passthrough")]
    return [model]


def _refuse_unknown(steps: list[Any]) -> None:
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    *before, last = steps
    if _name(last) in TRANSFORMERS:
        raise _unsupported([_name(last)], "a transformer, and no estimator comes behind it")
    unknown = [_name(each) for each in before if _name(each) not in TRANSFORMERS]
    unknown += [_name(last)] if _name(last) not in ESTIMATORS else []
    if unknown:
        raise _unsupported(unknown, "not compiled")
    try:
        for step in steps:
            check_is_fitted(step)
    except NotFittedError as error:
        raise _unsupported([_name(last)], "not fitted") from error


def _applied(table: Any, builder: Any, x: Any, step: Any, target: Target) -> Any:
    try:
        return table[_name(step)](builder, x, step, target)
    except UnknownFormError as error:
        raise _unsupported([_name(step)], f"not compiled with {error}") from error


def _name(step: Any) -> str:
    """The class of a step, with its module where it is not scikit-learn's own."""
    kind = type(step)
    own = kind.__module__.partition(".")[0] == "sklearn"
    return kind.__name__ if own else f"{kind.__module__}.{kind.__name__}"


def _unsupported(names: list[str], why: str) -> CompileError:
    verb = "is" if len(names) == 1 else "are"
    return CompileError(
        f"{', '.join(names)} {verb} {why}",
        stage="import",
        reason="operator",
        details={"operators": names, "nodes": names, "needs": []},
        hint=f"Known are pipelines of {', '.join(TRANSFORMERS)} that end in one of "
        f"{', '.join(ESTIMATORS)}; others may go by ONNX (skl2onnx).",
    )


def _as_skops(model: Any) -> bytes | None:
    """The model in the form that is safe to read again, where it has no types of its own."""
    from skops import io

    made: bytes = io.dumps(model)
    return made if set(io.get_untrusted_types(data=made)) <= DATA_TYPES else None


def _warnings(estimator: Any) -> tuple[str, ...]:
    import numpy as np

    classes = np.asarray(getattr(estimator, "classes_", np.zeros(0, np.int64)))
    if classes.dtype.kind in "iub":
        return ()
    listed = ", ".join(f"{place} {name}" for place, name in enumerate(classes.tolist()))
    return (f"Output 'label' tells classes by their places: {listed}",)
