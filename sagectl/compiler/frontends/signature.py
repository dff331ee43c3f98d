"""Inputs as a framework declares them, with the shapes that were asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagectl.compiler.frontends.onnx.graph import Value

# Name, numpy dtype name, sizes (None is open); no sizes where not even their number is known.
Declared = tuple[str, str, "Sequence[int | None] | None"]

# How Keras and TensorFlow call text.
_TEXTS = frozenset(("string", "object"))


def settled(inputs: Sequence[Declared], shapes: Mapping[str, Sequence[int]]) -> list[Value]:
    """Every input with its static shape; raises RequestError as the ONNX frontend does."""
    import numpy as np
    from onnx import helper

    from sagectl.compiler.frontends.onnx.signature import fixed_inputs

    if texts := [name for name, dtype, _ in inputs if dtype in _TEXTS]:
        raise RequestError(
            f"Input {', '.join(map(repr, texts))} takes text; packages take numbers",
            stage="import",
            reason="input",
            details={"inputs": texts},
            hint="Save the part behind the look-up of words, which takes their numbers.",
        )
    codes = [helper.np_dtype_to_tensor_dtype(np.dtype(dtype)) for _, dtype, _ in inputs]
    values = [
        helper.make_tensor_value_info(name, code, sizes)
        for code, (name, _, sizes) in zip(codes, inputs, strict=True)
    ]
    model: Any = helper.make_model(helper.make_graph([], "signature", values, []))
    return fixed_inputs(model, shapes)
