"""Models of rows: one matrix in, a line a row, and as many lines as there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sagectl.compiler.frontends import TensorSpec
    from sagectl.compiler.request import CompileRequest

    # From the builder and the rows to the outputs, by name.
    Emit = Callable[[Any, Any], dict[str, Any]]

FREE = -1


def batch_of(request: CompileRequest, name: str, features: int) -> int:
    """How many rows are asked for: FREE unless the request fixes the input's shape.

    Raises RequestError (reason "input") for another name, or another number of features.
    """
    for given, shape in request.inputs.items():
        if given != name:
            raise _refused(f"The model has no input {given!r}", name, features)
        if len(shape) != 2 or shape[1] != features:
            sizes = ", ".join(map(str, shape))
            raise _refused(f"Input {name!r} cannot be [{sizes}]", name, features)
        return shape[0]
    return FREE


def row_module(
    name: str, shape: tuple[int, int], dtype: str, emit: Emit
) -> tuple[Any, tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
    """The module of what ``emit`` makes of the rows; the specs of its input and outputs."""
    from tvm import relax, tirx

    from sagectl.compiler.frontends import TensorSpec

    batch, features = shape
    rows = tirx.Var("rows", "int64") if batch == FREE else batch
    x = relax.Var(name, relax.TensorType((rows, features), dtype))
    builder = relax.BlockBuilder()
    with builder.function("main", params=[x]):
        with builder.dataflow():
            made = emit(builder, x)
            results = [builder.normalize(value) for value in made.values()]
            specs = tuple(_spec(each, value) for each, value in zip(made, results, strict=True))
            result = results[0] if len(results) == 1 else relax.Tuple(results)
            returned = builder.emit_output(result)
        builder.emit_func_output(returned)
    module = builder.get()
    module["main"] = module["main"].with_attrs({"num_input": 1})
    return module, (TensorSpec(name, dtype, shape),), specs


def _spec(name: str, value: Any) -> TensorSpec:
    from tvm.tirx import IntImm

    from sagectl.compiler.frontends import TensorSpec
    from sagectl.compiler.passes.graph import dtype

    sizes = tuple(
        int(size) if isinstance(size, IntImm) else FREE for size in value.ty.shape.values
    )
    return TensorSpec(name, dtype(value), sizes)


def _refused(message: str, name: str, features: int) -> RequestError:
    return RequestError(
        message,
        stage="import",
        reason="input",
        details={"inputs": [name]},
        hint=f"The model takes rows of {features} numbers, in input {name!r}: leave the shape "
        f"out for any number of rows, or give --input {name}=1,{features}.",
    )
