"""scikit-learn's transformers and estimators, each as Relax operators over rows of doubles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.sklearn import forests

if TYPE_CHECKING:
    from collections.abc import Callable

    from tvm.relax import BlockBuilder

    from sagectl.compiler.targets import Target

    # From builder, rows, model and target to rows, or to outputs by name.
    Step = Callable[[BlockBuilder, Any, Any, Target], Any]

DTYPE = "float64"


class UnknownFormError(Exception):
    """An estimator is known, but not with these settings; the text says which."""


def number(value: Any) -> Any:
    from tvm import relax

    return relax.const(value, DTYPE)


def _scaled(builder: Any, x: Any, factor: Any, offset: Any, *, divides: bool) -> Any:
    """(x - offset) / factor, or x * factor + offset."""
    from tvm.relax import op

    if divides:
        made = x if offset is None else builder.emit(op.subtract(x, number(offset)))
        return made if factor is None else builder.emit(op.divide(made, number(factor)))
    return builder.emit(op.add(builder.emit(op.multiply(x, number(factor))), number(offset)))


def standard_scaler(builder: Any, x: Any, model: Any, _target: Any) -> Any:
    mean = model.mean_ if model.with_mean else None
    return _scaled(builder, x, model.scale_ if model.with_std else None, mean, divides=True)


def robust_scaler(builder: Any, x: Any, model: Any, _target: Any) -> Any:
    centre = model.center_ if model.with_centering else None
    return _scaled(
        builder, x, model.scale_ if model.with_scaling else None, centre, divides=True
    )


def max_abs_scaler(builder: Any, x: Any, model: Any, _target: Any) -> Any:
    return _scaled(builder, x, model.scale_, None, divides=True)


def min_max_scaler(builder: Any, x: Any, model: Any, _target: Any) -> Any:
    from tvm.relax import op

    made = _scaled(builder, x, model.scale_, model.min_, divides=False)
    if not model.clip:
        return made
    low, high = (number(float(each)) for each in model.feature_range)
    return builder.emit(op.minimum(builder.emit(op.maximum(made, low)), high))


def imputer(builder: Any, x: Any, model: Any, _target: Any) -> Any:
    import numpy as np
    from tvm.relax import op

    if not np.isnan(float(model.missing_values)) or model.add_indicator:
        raise UnknownFormError("missing_values other than NaN, or add_indicator")
    filled = np.asarray(model.statistics_, DTYPE)
    if np.isnan(filled).any():
        raise UnknownFormError("columns without any value")
    return builder.emit(op.where(builder.emit(op.isnan(x)), number(filled), x))


def decision(builder: Any, x: Any, model: Any) -> Any:
    """Rows times coefficients plus intercepts: a column for each."""
    import numpy as np
    from tvm.relax import op

    weights = np.atleast_2d(np.asarray(model.coef_, DTYPE)).T
    made = builder.emit(op.matmul(x, number(np.ascontiguousarray(weights))))
    bias = np.broadcast_to(np.asarray(model.intercept_, DTYPE), (weights.shape[1],))
    return builder.emit(op.add(made, number(np.ascontiguousarray(bias))))


def linear_regressor(builder: Any, x: Any, model: Any, _target: Any) -> dict[str, Any]:
    from tvm.relax import op

    made = decision(builder, x, model)
    is_flat = getattr(model.coef_, "ndim", 1) == 1
    return {"prediction": builder.emit(op.squeeze(made, [1])) if is_flat else made}


def linear_classifier(builder: Any, x: Any, model: Any, _target: Any) -> dict[str, Any]:
    """Scores alone; positive ones are of the second class where there are two."""
    from tvm.relax import op

    scores = decision(builder, x, model)
    if len(model.classes_) > 2:
        return {"label": labels(builder, model, scores), "scores": scores}
    flat = builder.emit(op.squeeze(scores, [1]))
    return {"label": signs(builder, model, flat, strictly=True), "scores": flat}


def logistic_regression(builder: Any, x: Any, model: Any, _target: Any) -> dict[str, Any]:
    from tvm.relax import op

    scores = decision(builder, x, model)
    if len(model.classes_) > 2:
        shares = builder.emit(op.nn.softmax(scores, axis=1))
        return {"label": labels(builder, model, scores), "probabilities": shares}
    flat = builder.emit(op.squeeze(scores, [1]))
    label = signs(builder, model, flat, strictly=True)
    return {"label": label, "probabilities": halves(builder, scores)}


def forest_regressor(builder: Any, x: Any, model: Any, target: Any) -> dict[str, Any]:
    from tvm.relax import op

    means = _means(builder, x, model, target)
    flat = int(means.ty.shape.values[1]) == 1
    return {"prediction": builder.emit(op.squeeze(means, [1])) if flat else means}


def forest_classifier(builder: Any, x: Any, model: Any, target: Any) -> dict[str, Any]:
    if model.n_outputs_ != 1:
        raise UnknownFormError("several outputs")
    shares = _means(builder, x, model, target)
    return {"label": labels(builder, model, shares), "probabilities": shares}


def boosted_regressor(builder: Any, x: Any, model: Any, target: Any) -> dict[str, Any]:
    from tvm.relax import op

    return {"prediction": builder.emit(op.squeeze(_boosted(builder, x, model, target), [1]))}


def boosted_classifier(builder: Any, x: Any, model: Any, target: Any) -> dict[str, Any]:
    factor = 2.0 if model.loss == "exponential" else 1.0
    return _raw_classes(builder, model, _boosted(builder, x, model, target), factor)


def histogram_regressor(builder: Any, x: Any, model: Any, target: Any) -> dict[str, Any]:
    from tvm.relax import op

    raw = builder.emit(op.squeeze(_histogram(builder, x, model, target), [1]))
    positive = model.loss in ("poisson", "gamma")
    return {"prediction": builder.emit(op.exp(raw)) if positive else raw}


def histogram_classifier(builder: Any, x: Any, model: Any, target: Any) -> dict[str, Any]:
    return _raw_classes(builder, model, _histogram(builder, x, model, target), 1.0)


def _boosted(builder: Any, x: Any, model: Any, target: Any) -> Any:
    if model.init_ != "zero" and not type(model.init_).__name__.startswith("Dummy"):
        raise UnknownFormError("an init estimator of its own")
    return _summed(builder, x, forests.boosted_forest(model), target, "float32")


def _histogram(builder: Any, x: Any, model: Any, target: Any) -> Any:
    if model.is_categorical_ is not None and any(model.is_categorical_):
        raise UnknownFormError("categorical features")
    return _summed(builder, x, forests.histogram_forest(model), target, DTYPE)


def _means(builder: Any, x: Any, model: Any, target: Any) -> Any:
    from tvm.relax import op

    forest = forests.averaged_forest(model)
    sums = _summed(builder, x, forest, target, "float32")
    if len(forest.trees) == 1:
        return sums
    return builder.emit(op.divide(sums, number(float(len(forest.trees)))))


def _summed(builder: Any, x: Any, forest: Any, target: Any, dtype: str) -> Any:
    from tvm.relax import op

    from sagectl.compiler.frontends.trees.forest import require_sound
    from sagectl.compiler.frontends.trees.lowering import emitted

    require_sound(forest, "The model")
    rows = x if dtype == DTYPE else builder.emit(op.astype(x, dtype))
    return emitted(builder, rows, forest, target)


def _raw_classes(builder: Any, model: Any, raw: Any, factor: float) -> dict[str, Any]:
    from tvm.relax import op

    if len(model.classes_) > 2:
        shares = builder.emit(op.nn.softmax(raw, axis=1))
        return {"label": labels(builder, model, raw), "probabilities": shares}
    flat = builder.emit(op.squeeze(raw, [1]))
    label = signs(builder, model, flat, strictly=False)
    scaled = raw if factor == 1 else builder.emit(op.multiply(raw, number(factor)))
    return {"label": label, "probabilities": halves(builder, scaled)}


def halves(builder: Any, scores: Any) -> Any:
    """The probabilities of two classes for the log odds of the second."""
    from tvm.relax import op

    powers = builder.emit(op.exp(builder.emit(op.negative(scores))))
    second = builder.emit(op.divide(number(1.0), builder.emit(op.add(number(1.0), powers))))
    first = builder.emit(op.subtract(number(1.0), second))
    return builder.emit(op.concat([first, second], axis=1))


def signs(builder: Any, model: Any, scores: Any, *, strictly: bool) -> Any:
    from tvm.relax import op

    compare = op.greater if strictly else op.greater_equal
    second = builder.emit(op.astype(builder.emit(compare(scores, number(0.0))), "int64"))
    return _of_classes(builder, model, second)


def labels(builder: Any, model: Any, scores: Any) -> Any:
    """The class of the first of a row's largest scores."""
    from tvm.relax import op

    return _of_classes(builder, model, builder.emit(op.argmax(scores, axis=1)))


def _of_classes(builder: Any, model: Any, place: Any) -> Any:
    """A class that is a number by itself; another by its place in ``classes_``."""
    import numpy as np
    from tvm import relax

    classes = np.asarray(model.classes_)
    if classes.dtype.kind not in "iub" or (classes == np.arange(len(classes))).all():
        return place
    known = relax.const(classes.astype(np.int64), "int64")
    return builder.emit(relax.op.take(known, place, axis=0, mode="clip"))
