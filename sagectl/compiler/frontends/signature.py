"""Inputs as a framework declares them, with the shapes that were asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagectl.compiler.frontends.onnx.graph import Value

# Name, numpy dtype name, sizes (an open one is None, or has a name of its own); no sizes where
# not even their number is known.
Declared = tuple[str, str, "Sequence[int | str | None] | None"]

# How Keras and TensorFlow call text.
_TEXTS = frozenset(("string", "object"))


def settled(inputs: Sequence[Declared], shapes: Mapping[str, Sequence[int]]) -> list[Value]:
    """Every input with its static shape; raises RequestError as the ONNX frontend does."""
    from sagectl.compiler.frontends.onnx.signature import fixed_inputs

    if texts := [name for name, dtype, _ in inputs if dtype in _TEXTS]:
        raise RequestError(
            f"Input {', '.join(map(repr, texts))} takes text; packages take numbers",
            stage="import",
            reason="input",
            details={"inputs": texts},
            hint="Save the part behind the look-up of words, which takes their numbers.",
        )
    return fixed_inputs(_signature(inputs), shapes)


def for_one(
    inputs: Sequence[Declared], shapes: Mapping[str, Sequence[int]]
) -> dict[str, Sequence[int]]:
    """``shapes``, and a batch of one for inputs of which the leading size alone is open."""
    from sagectl.compiler.frontends.onnx.signature import with_batch_of_one

    return with_batch_of_one(_signature(inputs), shapes)


def _signature(inputs: Sequence[Declared]) -> Any:
    """An ONNX model of nothing but these inputs."""
    import numpy as np
    from onnx import TensorProto, helper

    values = [
        helper.make_tensor_value_info(
            name,
            TensorProto.STRING
            if dtype in _TEXTS
            else helper.np_dtype_to_tensor_dtype(np.dtype(dtype)),
            sizes,
        )
        for name, dtype, sizes in inputs
    ]
    return helper.make_model(helper.make_graph([], "signature", values, []))
