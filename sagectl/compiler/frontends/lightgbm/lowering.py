"""A LightGBM document as a Relax module."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.lightgbm.reading import refused
from sagectl.compiler.frontends.trees.forest import (
    LEAF,
    Forest,
    Missing,
    Tree,
    at_least,
    require_sound,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sagectl.compiler.frontends import Imported
    from sagectl.compiler.frontends.lightgbm.reading import Document
    from sagectl.compiler.frontends.trees.forest import Array
    from sagectl.compiler.request import CompileRequest
    from sagectl.compiler.targets import Target

INPUT, OUTPUT = "data", "prediction"
DTYPE = "float64"

# decision_type, src/io/tree.h: a set of categories, default left, and two bits for what is
# missing: nothing, zero or NaN.
_OF_SET, _DEFAULT_LEFT = 1, 2
_RULES = {
    (0, False): Missing.AS_ZERO, (0, True): Missing.AS_ZERO,
    (1, False): Missing.ZERO_RIGHT, (1, True): Missing.ZERO_LEFT,
    (2, False): Missing.RIGHT, (2, True): Missing.LEFT,
}  # fmt: skip


def imported(document: Document, request: CompileRequest, target: Target) -> Imported:
    """The module of a document, and what it takes and gives. Raises RequestError."""
    from sagectl.compiler.frontends import Imported
    from sagectl.compiler.frontends.trees.lowering import emitted
    from sagectl.compiler.frontends.trees.rows import batch_of, row_module

    file = request.model.name
    objective = document.head.get("objective", "").split()
    link = LINKS.get(objective[0] if objective else "custom")
    if link is None:
        raise refused(f"{file} has the objective {objective[0]!r}, which is not known")
    if any(each.get("is_linear", "0") != "0" for each in document.trees):
        raise refused(
            f"{file} has linear functions in its leaves, which are not compiled",
            "Train it without linear_tree.",
        )
    try:
        forest = _forest(document)
        words = dict(each.split(":", 1) for each in objective[1:] if ":" in each)
        factor = float(words.get("sigmoid", 1))
    except (LookupError, ValueError, OverflowError) as error:
        raise refused(
            f"{file} is no complete LightGBM model ({type(error).__name__}: {error})"
        ) from error
    require_sound(forest, file)
    rounds = len(forest.trees) // forest.outputs if document.averages else 1

    def emit(builder: Any, x: Any) -> dict[str, Any]:
        from tvm import relax

        sums = builder.emit(
            emitted(builder, _below_infinity(builder, x, forest), forest, target)
        )
        if rounds > 1:
            sums = builder.emit(relax.op.divide(sums, _number(rounds)))
        if "sqrt" in objective:
            sums = builder.emit(relax.op.multiply(sums, relax.op.abs(sums)))
        result = link(sums, factor)
        is_one = forest.outputs == 1
        return {OUTPUT: relax.op.squeeze(builder.emit(result), [1]) if is_one else result}

    shape = (batch_of(request, INPUT, forest.features), forest.features)
    module, inputs, outputs = row_module(INPUT, shape, DTYPE, emit)
    return Imported(
        module=module,
        inputs=inputs,
        outputs=outputs,
        framework="LIGHTGBM",
        reference=request.model,
        facts={"objective": " ".join(objective), "trees": len(forest.trees)},
    )


def _forest(document: Document) -> Forest:
    import numpy as np

    outputs = int(document.head["num_tree_per_iteration"])
    if outputs < 1 or not document.trees:
        raise ValueError("it has no trees")
    trees = tuple(_tree(each, at % outputs) for at, each in enumerate(document.trees))
    features = int(document.head["max_feature_idx"]) + 1
    return Forest(features, trees, np.zeros(outputs, DTYPE))


def _below_infinity(builder: Any, x: Any, forest: Forest) -> Any:
    """The rows with the largest number for infinity, where a tree parts by infinity.

    There what is missing goes one way and all else the other, and infinity is all else: no
    number is greater than the threshold.
    """
    import numpy as np
    from tvm import relax

    if not any(np.isinf(tree.threshold).any() for tree in forest.trees):
        return x
    infinite = builder.emit(relax.op.equal(x, _number(np.inf)))
    return builder.emit(relax.op.where(infinite, _number(float(np.finfo(DTYPE).max)), x))


def _tree(block: Mapping[str, str], target: int) -> Tree:
    """A tree's nodes, then its leaves, to which negative children point."""
    import numpy as np

    count = int(block["num_leaves"])
    values = _list(block, "leaf_value", DTYPE, count)[:, None]
    inner = count - 1
    split = _list(block, "split_feature", np.int64, inner)
    written = _list(block, "threshold", DTYPE, inner)
    kinds = _list(block, "decision_type", np.int64, inner)
    children = [_list(block, name, np.int64, inner) for name in ("left_child", "right_child")]
    left, right = (np.where(each < 0, inner + ~each, each) for each in children)
    of_set = kinds & _OF_SET != 0
    rules = [
        Missing.AS_ZERO
        if kind & _OF_SET
        else _RULES[int(kind >> 2) & 3, bool(kind & _DEFAULT_LEFT)]
        for kind in kinds.tolist()
    ]
    nothing = np.zeros(count, np.int64)
    # What is in a set goes left here, and right in ours: the children change places.
    return Tree(
        feature=np.concatenate([split, nothing + LEAF]),
        threshold=np.concatenate([at_least(written, DTYPE), nothing]).astype(DTYPE),
        left=np.concatenate([np.where(of_set, right, left), nothing]),
        right=np.concatenate([np.where(of_set, left, right), nothing]),
        missing=np.concatenate([np.array(rules, np.int64), nothing]),
        values=np.concatenate([np.zeros((inner, 1)), values]),
        target=target,
        categories=_sets(block, of_set, written),
    )


def _sets(
    block: Mapping[str, str], of_set: Array, written: Array
) -> dict[int, tuple[int, ...]]:
    import numpy as np

    count = int(block.get("num_cat", "0"))
    if not count:
        return {}
    bounds = _list(block, "cat_boundaries", np.int64, count + 1)
    words = _list(block, "cat_threshold", np.uint64, int(bounds[-1])).tolist()
    found = {}
    for node in np.flatnonzero(of_set):
        place = int(written[node])
        if not 0 <= place < count:
            raise ValueError(f"a node has set {place} of {count}")
        found[int(node)] = tuple(words[int(bounds[place]) : int(bounds[place + 1])])
    return found


def _list(block: Mapping[str, str], name: str, dtype: Any, count: int) -> Array:
    import numpy as np

    found = np.array(block.get(name, "").split(), dtype)
    if len(found) != count:
        raise ValueError(f"{name} has {len(found)} numbers, not {count}")
    return found


def _number(value: float) -> Any:
    from tvm import relax

    return relax.const(value, DTYPE)


def _sigmoid(sums: Any, factor: float) -> Any:
    from tvm import relax

    powers = relax.op.exp(relax.op.multiply(sums, _number(-factor)))
    return relax.op.divide(_number(1), relax.op.add(_number(1), powers))


def _exponential(sums: Any, _factor: float) -> Any:
    from tvm import relax

    return relax.op.exp(sums)


def _softmax(sums: Any, _factor: float) -> Any:
    from tvm import relax

    return relax.op.nn.softmax(sums, axis=1)


def _softplus(sums: Any, _factor: float) -> Any:
    from tvm import relax

    return relax.op.log(relax.op.add(_number(1), relax.op.exp(sums)))


_PLAIN = (
    "custom", "regression", "regression_l1", "huber", "fair", "quantile", "mape", "lambdarank",
    "rank_xendcg",
)  # fmt: skip
# Objective -> ConvertOutput of src/objective/*.hpp, lightgbm 4.
LINKS: Mapping[str, Callable[[Any, float], Any]] = MappingProxyType(
    {
        **dict.fromkeys(_PLAIN, lambda sums, _factor: sums),
        **dict.fromkeys(("poisson", "gamma", "tweedie"), _exponential),
        **dict.fromkeys(("binary", "multiclassova", "cross_entropy"), _sigmoid),
        "cross_entropy_lambda": _softplus,
        "multiclass": _softmax,
    }
)
