"""XGBoost's objectives: how margins become predictions, and base scores margins."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sagectl.compiler.frontends.trees.forest import Array


@dataclass(frozen=True, slots=True)
class Objective:
    """The names of an objective's two links, in MARGINS and LINKS."""

    margin: str
    prediction: str


_PLAIN = (
    "reg:squarederror", "reg:linear", "reg:squaredlogerror", "reg:pseudohubererror",
    "reg:absoluteerror", "reg:quantileerror", "rank:pairwise", "rank:ndcg", "rank:map",
)  # fmt: skip
_POSITIVE = ("count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "survival:aft")

# Of src/objective/*.cc in xgboost 3.2: ProbToMargin and PredTransform.
OBJECTIVES: Mapping[str, Objective] = MappingProxyType(
    {
        **dict.fromkeys(_PLAIN, Objective("same", "same")),
        **dict.fromkeys(_POSITIVE, Objective("log", "exp")),
        **dict.fromkeys(("reg:logistic", "binary:logistic"), Objective("logit", "sigmoid")),
        "binary:logitraw": Objective("same", "same"),
        "binary:hinge": Objective("same", "step"),
        "multi:softprob": Objective("same", "softmax"),
        "multi:softmax": Objective("same", "class"),
    }
)


def _logit(scores: Array) -> Array:
    import numpy as np

    one = np.float32(1)
    return -np.log(one / scores - one)


def _log(scores: Array) -> Array:
    import numpy as np

    return np.log(scores)


MARGINS: Mapping[str, Callable[[Array], Array]] = MappingProxyType(
    {"same": lambda scores: scores, "logit": _logit, "log": _log}
)


def _flat(margins: Any) -> Any:
    """One number a row stands alone, several stay a matrix, as Booster.predict gives them."""
    from tvm import relax

    is_one = int(margins.ty.shape.values[1]) == 1
    return relax.op.squeeze(margins, [1]) if is_one else margins


def _sigmoid(margins: Any) -> Any:
    from tvm import relax

    return relax.op.sigmoid(_flat(margins))


def _exponential(margins: Any) -> Any:
    from tvm import relax

    return relax.op.exp(_flat(margins))


def _step(margins: Any) -> Any:
    from tvm import relax

    above = relax.op.greater(_flat(margins), relax.const(0.0, "float32"))
    return relax.op.astype(above, "float32")


def _softmax(margins: Any) -> Any:
    from tvm import relax

    return relax.op.nn.softmax(margins, axis=1)


def _class(margins: Any) -> Any:
    from tvm import relax

    return relax.op.astype(relax.op.argmax(margins, axis=1), "float32")


LINKS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "same": _flat,
        "sigmoid": _sigmoid,
        "exp": _exponential,
        "step": _step,
        "softmax": _softmax,
        "class": _class,
    }
)
