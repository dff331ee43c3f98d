"""An MXNet symbol as an ONNX model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends.archive import weights_beside
from sagectl.compiler.frontends.mxnet.params import read_params
from sagectl.compiler.frontends.mxnet.reading import VARIABLE, read_symbol
from sagectl.errors import CompileError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from onnx import ModelProto, NodeProto, TypeProto

    from sagectl.compiler.frontends.mxnet.reading import Entry, Operation

_OPSET = 18
_PACK_BOTH = "Pack one NAME-symbol.json and one .params file."
# Operators whose second operand is the label to learn.
_TRAINED = frozenset(
    ("SoftmaxOutput", "Softmax", "LinearRegressionOutput", "LogisticRegressionOutput")
)
# Tensors that say a shape, which inference needs the numbers of.
_SMALL = 64


@dataclass(slots=True)
class Graph:
    """What has been written so far, with the type of each value."""

    params: dict[str, np.ndarray[Any, Any]]
    types: dict[str, TypeProto] = field(default_factory=dict)
    nodes: list[NodeProto] = field(default_factory=list)
    constants: dict[str, np.ndarray[Any, Any]] = field(default_factory=dict)

    def add(self, operator: str, inputs: Sequence[str], **attributes: Any) -> str:
        """The name of a new node's only output; raises ValueError as ``split`` does."""
        return self.split(operator, inputs, 1, **attributes)[0]

    def split(
        self, operator: str, inputs: Sequence[str], count: int, **attributes: Any
    ) -> list[str]:
        """The outputs of a new node; raises ValueError for operands that do not fit."""
        from onnx import helper

        name = f"mx:{operator.lower()}_{len(self.nodes)}"
        outputs = [name, *(f"{name}_{place}" for place in range(1, count))]
        node = helper.make_node(operator, list(inputs), outputs, name, **attributes)
        self.nodes.append(node)
        self.types |= self._inferred(node)
        return outputs

    def constant(self, value: Any) -> str:
        """A name that no parameter has, for a tensor."""
        import numpy as np

        name = f"mx:constant_{len(self.constants)}"
        self.constants[name] = np.asarray(value)
        return name

    def shape(self, name: str) -> tuple[int, ...]:
        """The sizes of a value; raises ValueError where they depend on data."""
        if name in self.constants or name in self.params:
            return tuple((self.constants | self.params)[name].shape)
        sizes = [each.dim_value for each in self.types[name].tensor_type.shape.dim]
        if min(sizes, default=1) < 1:
            raise ValueError("the shape of its input depends on data")
        return tuple(sizes)

    def parameter(self, name: str) -> np.ndarray[Any, Any]:
        """A parameter's numbers; raises ValueError for what is computed, or missing."""
        if name not in self.params:
            raise ValueError(f"{name!r} is none of the parameters")
        return self.params[name]

    def _inferred(self, node: NodeProto) -> dict[str, TypeProto]:
        import numpy as np
        from onnx import defs, helper, numpy_helper, shape_inference

        tensors = {
            name: np.asarray(value)
            for name in node.input
            if (value := self.constants.get(name, self.params.get(name))) is not None
        }
        types = {
            name: helper.make_tensor_type_proto(
                helper.np_dtype_to_tensor_dtype(value.dtype), value.shape
            )
            for name, value in tensors.items()
        }
        types |= {name: self.types[name] for name in node.input if name in self.types}
        small = {
            name: numpy_helper.from_array(value, name)
            for name, value in tensors.items()
            if value.size <= _SMALL
        }
        try:
            found: dict[str, TypeProto] = shape_inference.infer_node_outputs(
                defs.get_schema(node.op_type, _OPSET),
                node,
                types,
                small,
                opset_imports=[helper.make_opsetid("", _OPSET)],
            )
        except shape_inference.InferenceError as error:
            sizes = ", ".join(str(list(self.shape(name))) for name in node.input if name)
            raise ValueError(f"operands of shapes {sizes} do not fit") from error
        return found


def converted(symbol: Path, shapes: Mapping[str, Sequence[int]]) -> ModelProto:
    """The model in NAME-symbol.json, with the parameters beside it.

    Raises RequestError, and CompileError that names all operators that are not known.
    """
    from sagectl.compiler.frontends.mxnet.operators import OPERATORS

    operations, heads = read_symbol(symbol)
    unknown = sorted(
        {each.kind for each in operations if each.kind not in OPERATORS} - {VARIABLE}
    )
    if unknown:
        raise _unsupported(unknown, [each.name for each in operations if each.kind in unknown])
    graph = Graph(_single(read_params(weights_beside(symbol, ".params", _PACK_BOTH))))
    inputs = _inputs(operations, graph, shapes)
    values: list[Sequence[str]] = []
    problems: list[tuple[Operation, str]] = []
    for each in operations:
        try:
            made = [each.name] if each.kind == VARIABLE else _outputs(graph, each, values)
        except (LookupError, TypeError, ValueError) as error:
            problems.append((each, str(error)))
            made = []
        values.append(made)
    _refuse([(each, why) for each, why in problems if why])
    return _model(graph, inputs, _named_heads(operations, heads, values))


def _outputs(graph: Graph, operation: Operation, values: Sequence[Sequence[str]]) -> list[str]:
    """The values that a node makes; raises ValueError, without a text behind another's."""
    from sagectl.compiler.frontends.mxnet.operators import OPERATORS

    operands = []
    for place, output in operation.inputs[: _read_by(operation)]:
        if not values[place]:
            raise ValueError
        if output >= len(values[place]):
            raise ValueError(f"it reads output {output} of a node, which only training has")
        operands.append(values[place][output])
    made = OPERATORS[operation.kind](graph, operation, operands)
    return [made] if isinstance(made, str) else list(made)


def _named_heads(
    operations: Sequence[Operation], heads: Sequence[Entry], values: Sequence[Sequence[str]]
) -> dict[str, str]:
    """The model's outputs, named as MXNet names them."""
    found: dict[str, str] = {}
    for place, output in heads:
        operation = operations[place]
        if output >= len(values[place]):
            raise _unsupported(
                [operation.kind], [operation.name], f": it gives no output {output}"
            )
        number = str(output) if len(values[place]) > 1 else ""
        found[f"{operation.name}_output{number}"] = values[place][output]
    return found


def _single(params: Mapping[str, Any]) -> dict[str, Any]:
    """Half-precision parameters as the float32 that inputs are."""
    return {
        name: value.astype("float32") if value.dtype == "float16" else value
        for name, value in params.items()
    }


def _inputs(
    operations: Sequence[Operation], graph: Graph, shapes: Mapping[str, Sequence[int]]
) -> dict[str, tuple[int, ...]]:
    """The variables that no parameter binds, of the shapes given; labels are training's."""
    from onnx import TensorProto, helper

    used = {place for each in operations for place, _ in each.inputs[: _read_by(each)]}
    variables = [
        each.name
        for at, each in enumerate(operations)
        if each.kind == VARIABLE and each.name not in graph.params and at in used
    ]
    findings = [f"the model has no input {name!r}" for name in shapes if name not in variables]
    findings += [f"input {name!r} has no shape" for name in variables if name not in shapes]
    if findings:
        text = "; ".join(findings)
        raise RequestError(
            text[0].upper() + text[1:],
            stage="import",
            reason="input",
            details={"inputs": variables},
            hint=f"Give the shape of {', '.join(map(repr, variables))} in NCHW order, as "
            f"--input {variables[0] if variables else 'data'}=1,3,224,224; weights among them "
            "are missing in the .params file.",
        )
    found = {name: tuple(shapes[name]) for name in variables}
    graph.types |= {
        name: helper.make_tensor_type_proto(TensorProto.FLOAT, shape)
        for name, shape in found.items()
    }
    return found


def _read_by(operation: Operation) -> int:
    """How many operands count for inference."""
    return 1 if operation.kind in _TRAINED else len(operation.inputs)


def _model(
    graph: Graph, inputs: Mapping[str, tuple[int, ...]], outputs: Mapping[str, str]
) -> ModelProto:
    import numpy as np
    from onnx import helper, numpy_helper

    for name, made in outputs.items():
        graph.nodes.append(helper.make_node("Identity", [made], [name], name))
    used = {name for node in graph.nodes for name in node.input}
    tensors = {**graph.params, **graph.constants}
    made_graph = helper.make_graph(
        graph.nodes,
        "mxnet",
        [helper.make_value_info(name, graph.types[name]) for name in inputs],
        [
            helper.make_value_info(name, graph.types[made])
            if made in graph.types
            else helper.make_tensor_value_info(name, 1, graph.shape(made))
            for name, made in outputs.items()
        ],
        [
            numpy_helper.from_array(np.ascontiguousarray(value), name)
            for name, value in tensors.items()
            if name in used
        ],
    )
    opset = helper.make_opsetid("", _OPSET)
    return helper.make_model(made_graph, opset_imports=[opset], ir_version=9)


def _refuse(problems: Sequence[tuple[Operation, str]]) -> None:
    """Raise CompileError that tells of every node that cannot be converted."""
    if not problems:
        return
    raise _unsupported(
        sorted({each.kind for each, _ in problems}),
        [each.name for each, _ in problems],
        "".join(f"\n{each.kind} {each.name}: {why}" for each, why in problems),
    )


def _unsupported(kinds: Sequence[str], nodes: Sequence[str], why: str = "") -> CompileError:
    from sagectl.compiler.frontends.mxnet.operators import OPERATORS

    more = f" and {len(nodes) - 3} more" if len(nodes) > 3 else ""
    return CompileError(
        f"{', '.join(kinds)} ({', '.join(nodes[:3])}{more}) cannot be compiled{why}",
        stage="import",
        reason="operator",
        details={"operators": list(kinds), "nodes": list(nodes), "needs": []},
        hint=f"Known are {', '.join(sorted(OPERATORS))}.",
    )
