"""A TensorFlow computation, written as ONNX by tf2onnx."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.conversion import MODEL, Conversion, converting, renamed
from sagectl.compiler.frontends.signature import settled
from sagectl.compiler.frontends.tensorflow.computation import failures

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sagectl.compiler.frontends.tensorflow.computation import Computation

# The newest that tf2onnx writes.
OPSET = 18
_TO_NHWC = (0, 2, 3, 1)
_HINT = "Does the model run in TensorFlow on inputs of these shapes?"


def exported(
    computation: Computation, shapes: Mapping[str, Sequence[int]], folder: Path
) -> Conversion:
    """Write ``model.onnx`` with static shapes and the computation's own names."""
    import onnx
    import tensorflow as tf
    import tf2onnx

    logging.disable(logging.CRITICAL)
    values = settled(computation.inputs, shapes)
    specs = [
        tf.TensorSpec(_inside(value, computation), value.dtype, name=f"argument_{place}")
        for place, value in enumerate(values)
    ]
    names = {spec.name: value.name for spec, value in zip(specs, values, strict=True)}
    function = tf.function(lambda *tensors: list(computation.run(*tensors)))
    with converting("The model cannot be converted", failures(), _HINT):
        traced = function.get_concrete_function(*specs)
        model, _ = tf2onnx.convert.from_function(
            function,
            specs,
            opset=OPSET,
            inputs_as_nchw=[
                spec.name for spec in specs if names[spec.name] in computation.swapped
            ],
        )
    _bind_captures(model, traced.graph.captures)
    _without_erfc(model)
    results = [each.name for each in model.graph.output]
    renamed(model, {**names, **dict(zip(results, computation.outputs, strict=True))})
    onnx.save(model, folder / MODEL)
    facts = {
        "Form": computation.form,
        "Tensorflow": tf.__version__,
        "Tf2Onnx": tf2onnx.__version__,
    }
    return Conversion(facts=facts)


def _inside(value: Any, computation: Computation) -> list[int]:
    """The shape as the computation takes it."""
    if value.name not in computation.swapped:
        return list(value.shape)
    return [value.shape[place] for place in _TO_NHWC]


def _bind_captures(model: Any, captures: Sequence[tuple[Any, Any]]) -> None:
    """Give constants that the function closes over their values, in place.

    Variables are resources, and frozen by tf2onnx; large constants it leaves as inputs.
    """
    import tensorflow as tf
    from onnx import numpy_helper

    constants = {
        inside.name: outside for outside, inside in captures if outside.dtype != tf.resource
    }
    bound = [each for each in model.graph.input if each.name in constants]
    for each in bound:
        value = numpy_helper.from_array(constants[each.name].numpy(), each.name)
        model.graph.initializer.append(value)
        model.graph.input.remove(each)


def _without_erfc(model: Any) -> None:
    """tf2onnx leaves Erfc, which ONNX has not, as it is: 1 - Erf."""
    from onnx import TensorProto, helper

    nodes = []
    for node in model.graph.node:
        if node.op_type != "Erfc" or node.domain not in ("", "ai.onnx"):
            nodes.append(node)
            continue
        inner = f"{node.output[0]}:erf"
        one = f"{node.output[0]}:one"
        value = helper.make_tensor(one, TensorProto.FLOAT, [], [1.0])
        nodes += [
            helper.make_node("Erf", [node.input[0]], [inner], name=f"{node.name}:erf"),
            helper.make_node("Constant", [], [one], value=value, name=f"{node.name}:one"),
            helper.make_node("Sub", [one, inner], [node.output[0]], name=node.name),
        ]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
