"""Projections and norms of rows, and linear models with a link of their own."""

from __future__ import annotations

from typing import Any

from sagectl.compiler.frontends.sklearn.steps import (
    DTYPE,
    UnknownFormError,
    decision,
    halves,
    labels,
    linear_classifier,
    number,
    signs,
)


def pca(builder: Any, x: Any, model: Any, _target: Any) -> Any:
    """Centred after the product, as PCA.transform does."""
    import numpy as np
    from tvm.relax import op

    made = builder.emit(
        op.subtract(
            truncated_svd(builder, x, model, _target),
            number(np.asarray(model.mean_ @ model.components_.T, DTYPE)),
        )
    )
    if not model.whiten:
        return made
    scale = np.maximum(np.sqrt(model.explained_variance_), np.finfo(DTYPE).eps)
    return builder.emit(op.divide(made, number(scale)))


def truncated_svd(builder: Any, x: Any, model: Any, _target: Any) -> Any:
    import numpy as np
    from tvm.relax import op

    weights = np.ascontiguousarray(np.asarray(model.components_, DTYPE).T)
    return builder.emit(op.matmul(x, number(weights)))


def normalizer(builder: Any, x: Any, model: Any, _target: Any) -> Any:
    """Rows by their norms; a row of zeros stays."""
    from tvm.relax import op

    size = builder.emit(op.abs(x))
    if model.norm == "l2":
        squares = builder.emit(op.sum(builder.emit(op.multiply(x, x)), axis=1, keepdims=True))
        size = builder.emit(op.sqrt(squares))
    else:
        combine = op.sum if model.norm == "l1" else op.max
        size = builder.emit(combine(size, axis=1, keepdims=True))
    is_nothing = builder.emit(op.equal(size, number(0.0)))
    return builder.emit(op.divide(x, builder.emit(op.where(is_nothing, number(1.0), size))))


def binarizer(builder: Any, x: Any, model: Any, _target: Any) -> Any:
    from tvm.relax import op

    above = builder.emit(op.greater(x, number(float(model.threshold))))
    return builder.emit(op.astype(above, DTYPE))


def generalised_regressor(builder: Any, x: Any, model: Any, _target: Any) -> dict[str, Any]:
    """A linear predictor, its exponential where the link is a logarithm."""
    from tvm.relax import op

    link = type(model._base_loss.link).__name__
    if link not in ("IdentityLink", "LogLink"):
        raise UnknownFormError(f"the link {link}")
    flat = builder.emit(op.squeeze(decision(builder, x, model), [1]))
    return {"prediction": builder.emit(op.exp(flat)) if link == "LogLink" else flat}


def descended_classifier(builder: Any, x: Any, model: Any, target: Any) -> dict[str, Any]:
    """SGDClassifier: with log_loss probabilities, one class against the rest; else scores."""
    from tvm.relax import op

    if model.loss == "modified_huber":
        raise UnknownFormError("loss='modified_huber'")
    if model.loss != "log_loss":
        return linear_classifier(builder, x, model, target)
    scores = decision(builder, x, model)
    if len(model.classes_) == 2:
        flat = builder.emit(op.squeeze(scores, [1]))
        label = signs(builder, model, flat, strictly=True)
        return {"label": label, "probabilities": halves(builder, scores)}
    shares = builder.emit(op.sigmoid(scores))
    total = builder.emit(op.sum(shares, axis=1, keepdims=True))
    made = builder.emit(op.divide(shares, total))
    return {"label": labels(builder, model, scores), "probabilities": made}
