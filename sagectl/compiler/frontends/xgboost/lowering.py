"""An XGBoost document as a Relax module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.xgboost.forests import forest_of, refuse_what_is_unknown
from sagectl.compiler.frontends.xgboost.objectives import LINKS, OBJECTIVES
from sagectl.compiler.frontends.xgboost.reading import refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sagectl.compiler.frontends import Imported
    from sagectl.compiler.request import CompileRequest
    from sagectl.compiler.targets import Target

INPUT, OUTPUT = "data", "prediction"


def imported(document: Mapping[str, Any], request: CompileRequest, target: Target) -> Imported:
    """The module of a document, and what it takes and gives. Raises RequestError."""
    from sagectl.compiler.frontends import Imported
    from sagectl.compiler.frontends.trees.forest import require_sound
    from sagectl.compiler.frontends.trees.lowering import emitted
    from sagectl.compiler.frontends.trees.rows import batch_of, row_module

    learner, file = document["learner"], request.model.name
    refuse_what_is_unknown(learner, file)
    try:
        forest = forest_of(learner)
        objective = learner["objective"]["name"]
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise refused(
            f"{file} is no complete XGBoost model ({type(error).__name__}: {error})"
        ) from error
    require_sound(forest, file)
    link = LINKS[OBJECTIVES[objective].prediction]

    def emit(builder: Any, x: Any) -> dict[str, Any]:
        return {OUTPUT: link(builder.emit(emitted(builder, x, forest, target)))}

    shape = (batch_of(request, INPUT, forest.features), forest.features)
    module, inputs, outputs = row_module(INPUT, shape, "float32", emit)
    return Imported(
        module=module,
        inputs=inputs,
        outputs=outputs,
        framework="XGBOOST",
        reference=request.model,
        warnings=tuple(_warnings(learner)),
        facts={"objective": objective, "trees": len(forest.trees)},
    )


def _warnings(learner: Mapping[str, Any]) -> Iterator[str]:
    best = (learner.get("attributes") or {}).get("best_iteration")
    if best is not None:
        yield (
            "Training stopped early; all trees are used, as Booster.predict does, and not "
            f"only those up to the best iteration: save booster[: {int(best) + 1}] for that"
        )
