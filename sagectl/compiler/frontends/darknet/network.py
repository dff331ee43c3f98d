"""A Darknet network as an ONNX model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends.archive import weights_beside
from sagectl.compiler.frontends.darknet.reading import (
    PACK_BOTH,
    Section,
    Weights,
    format_error,
    read_sections,
)
from sagectl.errors import CompileError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from onnx import ModelProto, NodeProto, TensorProto

INPUT = "data"
_OPSET = 18
Shape = tuple[int, ...]


@dataclass(slots=True)
class Graph:
    """What has been written so far: each layer's tensor and shape, in their order."""

    weights: Weights
    nodes: list[NodeProto] = field(default_factory=list)
    tensors: list[TensorProto] = field(default_factory=list)
    layers: list[tuple[str, Shape]] = field(default_factory=list)
    outputs: list[tuple[str, Shape]] = field(default_factory=list)

    def add(
        self, operator: str, inputs: Sequence[str], name: str = "", **attributes: Any
    ) -> str:
        """The name of a new node's only output: that given, or one of the layer's."""
        from onnx import helper

        name = name or f"{operator.lower()}_{len(self.layers)}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], name, **attributes))
        return name

    def constant(self, value: Any) -> str:
        from onnx import numpy_helper

        name = f"weights_{len(self.tensors)}"
        self.tensors.append(numpy_helper.from_array(value, name))
        return name


def converted(cfg: Path, shapes: Mapping[str, Sequence[int]]) -> ModelProto:
    """The network in a .cfg file, with the weights beside it.

    Raises RequestError, and CompileError that names all layers that are not known.
    """
    from sagectl.compiler.frontends.darknet.layers import IMAGES, LAYERS

    net, *sections = read_sections(cfg)
    _check_known(cfg, sections)
    graph = Graph(Weights(weights_beside(cfg, ".weights", PACK_BOTH)))
    shape = input_shape(net, shapes)
    name = INPUT
    for section in sections:
        here = _shape_of(graph, shape)
        try:
            if len(here) != len(shape) and section.kind in IMAGES:
                raise ValueError(f"it takes images, not rows of {here[-1]} numbers")
            name, result = LAYERS[section.kind](graph, section, name, here)
        except (IndexError, ZeroDivisionError, ValueError) as error:
            raise format_error(
                f"{cfg.name}:{section.line}: [{section.kind}] cannot be: {error}",
                "Check the options of the layer.",
            ) from error
        if min(result) < 1:
            raise _refused(
                f"the input is too small for [{section.kind}] at {section.line}", shape
            )
        graph.layers.append((name, result))
    graph.weights.require_end()
    return _model(graph, shape)


def _check_known(cfg: Path, sections: Sequence[Section]) -> None:
    """Raise CompileError that tells of every layer and option that is not compiled."""
    from sagectl.compiler.frontends.darknet.layers import LAYERS
    from sagectl.compiler.frontends.darknet.options import not_compiled

    unknown = sorted({f"[{each.kind}]" for each in sections if each.kind not in LAYERS})
    verb = "is" if len(unknown) == 1 else "are"
    problems = [f"{', '.join(unknown)} of {cfg.name} {verb} not known"] if unknown else []
    problems += [
        f"{cfg.name}:{each.line}: [{each.kind}] cannot be: {what}"
        for each in sections
        for what in not_compiled(each)
    ]
    if problems:
        raise CompileError(
            "\n".join(problems),
            stage="import",
            reason="operator",
            details={"operators": unknown, "nodes": problems, "needs": []},
            hint=f"Known are {', '.join(f'[{name}]' for name in sorted(LAYERS))}.",
        )


def _shape_of(graph: Graph, given: Shape) -> Shape:
    return graph.layers[-1][1] if graph.layers else given


def input_shape(net: Section, shapes: Mapping[str, Sequence[int]]) -> Shape:
    """The shape asked for, or that of the .cfg for one image."""
    size = (net.whole("channels", 3), net.whole("height", 0), net.whole("width", 0))
    declared = (1, *size)
    for name, shape in shapes.items():
        if name != INPUT:
            raise _refused(f"the model has no input {name!r}", declared)
        if len(shape) != 4 or shape[1] != size[0]:
            raise _refused(f"input {INPUT!r} cannot be {list(shape)}", declared)
        return tuple(shape)
    if min(declared) < 1:
        raise _refused("[net] does not say width, height and channels", declared)
    return declared


def _model(graph: Graph, shape: Shape) -> ModelProto:
    from onnx import TensorProto, helper

    outputs = graph.outputs
    if not outputs:
        last, size = graph.layers[-1] if graph.layers else (INPUT, shape)
        outputs = [(graph.add("Identity", [last], "output"), size)]
    made = helper.make_graph(
        graph.nodes,
        "darknet",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, shape)],
        [
            helper.make_tensor_value_info(each, TensorProto.FLOAT, size)
            for each, size in outputs
        ],
        graph.tensors,
    )
    opset = helper.make_opsetid("", _OPSET)
    return helper.make_model(made, opset_imports=[opset], ir_version=9)


def _refused(message: str, shape: Sequence[int]) -> RequestError:
    return RequestError(
        message[0].upper() + message[1:],
        stage="import",
        reason="input",
        details={"inputs": [INPUT]},
        hint=f"The network's input is {INPUT}: {list(shape)}, in NCHW order.",
    )
