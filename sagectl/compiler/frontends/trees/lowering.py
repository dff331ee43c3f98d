"""A forest as a Relax expression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends.trees.forest import with_a_split
from sagectl.compiler.frontends.trees.nests import (
    BLOCK,
    STRIDE,
    Rows,
    constants,
    lanes,
    walk,
)
from sagectl.compiler.frontends.trees.plan import fits_lanes, lanes_plan, walk_plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from tvm.relax import BlockBuilder

    from sagectl.compiler.frontends.trees.forest import Array, Forest
    from sagectl.compiler.request import CompileRequest
    from sagectl.compiler.targets import Target

NAME = "forest"
# From this number of rows on a block is worth its while, even if it is not full.
_FEW = 12


def cpu_target(request: CompileRequest) -> Target:
    """The request's target; raises RequestError for a graphics processor."""
    from sagectl.compiler.targets import resolve

    target = resolve(request.platform, request.device, request.options)
    if target.gpu:
        raise RequestError(
            "Decision trees are compiled for processors, not for graphics processors",
            stage="import",
            reason="target",
            hint="Leave the accelerator out.",
        )
    return target


def emitted(builder: BlockBuilder, x: Any, forest: Forest, target: Target) -> Any:
    """Bind the sums of ``forest`` over the rows of ``x``; ``[rows, outputs]``."""
    from tvm import relax

    nest, arrays = nest_of(forest, target.vector_bytes)
    values = [relax.const(array, str(array.dtype)) for array in arrays]
    return builder.emit_te(nest, x, *values, primfunc_name_hint=NAME)


def nest_of(forest: Forest, vector_bytes: int) -> tuple[Callable[..., Any], list[Array]]:
    """A function from a te tensor of rows to one of sums, and arrays that it takes besides."""
    forest = with_a_split(forest)
    plans: list[Any] = [walk_plan(forest)]
    if fits_lanes(forest):
        plans.append(lanes_plan(forest))
    arrays = [constants(plan, str(forest.trees[0].threshold.dtype)) for plan in plans]
    names = [list(each) for each in arrays]

    def nest(rows: Any, *tensors: Any) -> Any:
        from tvm import te

        def body(inputs: list[Any], outputs: list[Any]) -> Any:
            return _body(forest, plans, names, vector_bytes, inputs, outputs[0])

        shape = (rows.shape[0], forest.outputs)
        return te.extern(shape, [rows, *tensors], body, name=NAME, dtype=str(forest.base.dtype))

    return nest, [array for each in arrays for array in each.values()]


def _body(
    forest: Forest,
    plans: list[Any],
    names: list[list[str]],
    vector_bytes: int,
    inputs: list[Any],
    output: Any,
) -> Any:
    from tvm import tirx
    from tvm.script.ir_builder import IRBuilder
    from tvm.script.ir_builder import tirx as T  # noqa: N812

    with IRBuilder() as builder:
        x, *buffers = map(T.buffer_proxy, inputs)
        found = iter(buffers)
        reads = [{name: next(found) for name in each} for each in names]
        count = inputs[0].shape[0]
        rows = Rows(
            x=x,
            out=T.buffer_proxy(output),
            count=count,
            features=forest.features,
            dtype=str(forest.trees[0].threshold.dtype),
            base=forest.base,
            width=max(1, min(BLOCK, vector_bytes)),
            combination=forest.combination,
        )
        few = isinstance(count, tirx.IntImm) and int(count) < _FEW
        if few:
            with T.serial(0, count) as row:
                walk(plans[0], rows, reads[0], row, 1)
        elif isinstance(count, tirx.IntImm):
            _many(plans, rows, reads)
        else:
            with T.If(count < _FEW):
                with T.Then(), T.serial(0, count) as row:
                    walk(plans[0], rows, reads[0], row, 1)
                with T.Else():
                    _many(plans, rows, reads)
        return builder.get()


def _many(plans: list[Any], rows: Rows, reads: list[dict[str, Any]]) -> None:
    """Emit blocks of rows, in parallel."""
    from tvm.script.ir_builder import tirx as T  # noqa: N812

    step = BLOCK if len(plans) > 1 else STRIDE
    with T.parallel(0, (rows.count + step - 1) // step) as block:
        if len(plans) > 1:
            lanes(plans[1], rows, reads[1], block * step)
        else:
            walk(plans[0], rows, reads[0], block * step, step)
