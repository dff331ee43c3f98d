"""An MXNet symbol as an ONNX model."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends.archive import weights_beside
from sagectl.compiler.frontends.mxnet.params import read_params
from sagectl.errors import CompileError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from onnx import ModelProto, NodeProto

_OPSET = 18
_PACK_BOTH = "Pack one NAME-symbol.json and one .params file."
_VARIABLE = "null"


@dataclass(frozen=True, slots=True)
class Operation:
    """A node of a symbol: its operator, its name, its attributes as text, what it reads."""

    kind: str
    name: str
    attributes: Mapping[str, str]
    inputs: tuple[tuple[int, int], ...]

    def value(self, name: str, default: Any) -> Any:
        """An attribute's value: a number, a tuple, a truth value, or a word."""
        written = self.attributes.get(name)
        if written is None:
            return default
        try:
            return ast.literal_eval(written)
        except (ValueError, SyntaxError):
            return {"true": True, "false": False}.get(written.lower(), written)


@dataclass(slots=True)
class Graph:
    """What has been written so far."""

    params: dict[str, np.ndarray[Any, Any]]
    nodes: list[NodeProto] = field(default_factory=list)
    constants: dict[str, np.ndarray[Any, Any]] = field(default_factory=dict)

    def add(
        self, operator: str, inputs: Sequence[str], name: str = "", **attributes: Any
    ) -> str:
        """The name of a new node's only output."""
        from onnx import helper

        name = name or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], name, **attributes))
        return name

    def constant(self, value: Any) -> str:
        import numpy as np

        name = f"constant_{len(self.constants)}"
        self.constants[name] = np.asarray(value)
        return name


def converted(symbol: Path, shapes: Mapping[str, Sequence[int]]) -> ModelProto:
    """The model in NAME-symbol.json, with the parameters beside it.

    Raises RequestError, and CompileError that names all operators that are not known.
    """
    from sagectl.compiler.frontends.mxnet.operators import OPERATORS

    operations, heads = _read(symbol)
    unknown = sorted(
        {each.kind for each in operations if each.kind not in OPERATORS} - {_VARIABLE}
    )
    if unknown:
        raise _unsupported(unknown, [each.name for each in operations if each.kind in unknown])
    graph = Graph(read_params(weights_beside(symbol, ".params", _PACK_BOTH)))
    inputs = _inputs(operations, graph.params, shapes)
    names: list[str] = []
    for each in operations:
        if each.kind == _VARIABLE:
            names.append(each.name)
            continue
        try:
            operands = [names[place] for place, _ in each.inputs]
            names.append(OPERATORS[each.kind](graph, each, operands))
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise _unsupported([each.kind], [each.name], f": {error}") from error
    return _model(graph, inputs, {operations[at].name: names[at] for at in heads})


def _read(path: Path) -> tuple[list[Operation], list[int]]:
    try:
        document = json.loads(path.read_bytes())
        operations = [
            Operation(
                kind=str(each["op"]),
                name=str(each["name"]),
                attributes=each.get("attrs") or each.get("attr") or each.get("param") or {},
                inputs=tuple((int(one[0]), int(one[1])) for one in each["inputs"]),
            )
            for each in document["nodes"]
        ]
        heads = [int(each[0]) for each in document["heads"]]
        for at, each in enumerate(operations):
            if not all(0 <= place < at and output == 0 for place, output in each.inputs):
                raise ValueError(f"{each.name!r} reads what is not there before it")
        if not heads or not all(0 <= at < len(operations) for at in heads):
            raise ValueError("its heads are none of its nodes")
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise RequestError(
            f"{path.name} is no symbol of MXNet, or a damaged one ({error})",
            stage="import",
            reason="format",
            hint="Export it with: block.export('net'), or model.save_checkpoint.",
        ) from error
    return operations, heads


def _inputs(
    operations: Sequence[Operation],
    params: Mapping[str, Any],
    shapes: Mapping[str, Sequence[int]],
) -> dict[str, tuple[int, ...]]:
    """The variables that no parameter binds, of the shapes given; labels are training's."""
    used = {place for each in operations for place, _ in each.inputs[: _read_by(each)]}
    variables = [
        each.name
        for at, each in enumerate(operations)
        if each.kind == _VARIABLE and each.name not in params and at in used
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
            f"--input {variables[0] if variables else 'data'}=1,3,224,224.",
        )
    return {name: tuple(shapes[name]) for name in variables}


def _read_by(operation: Operation) -> int:
    """How many operands count: the second of a softmax output is the label to learn."""
    trained = ("SoftmaxOutput", "Softmax", "LinearRegressionOutput", "LogisticRegressionOutput")
    return 1 if operation.kind in trained else len(operation.inputs)


def _model(
    graph: Graph, inputs: Mapping[str, tuple[int, ...]], outputs: Mapping[str, str]
) -> ModelProto:
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    for name, made in outputs.items():
        graph.add("Identity", [made], f"{name}_output")
    used = {name for node in graph.nodes for name in node.input}
    tensors = {**graph.params, **graph.constants}
    made = helper.make_graph(
        graph.nodes,
        "mxnet",
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in inputs.items()
        ],
        [
            helper.make_tensor_value_info(f"{name}_output", TensorProto.FLOAT, None)
            for name in outputs
        ],
        [
            numpy_helper.from_array(np.ascontiguousarray(value), name)
            for name, value in tensors.items()
            if name in used
        ],
    )
    opset = helper.make_opsetid("", _OPSET)
    return helper.make_model(made, opset_imports=[opset], ir_version=9)


def _unsupported(kinds: Sequence[str], nodes: Sequence[str], why: str = "") -> CompileError:
    from sagectl.compiler.frontends.mxnet.operators import OPERATORS

    return CompileError(
        f"{', '.join(kinds)} ({', '.join(nodes[:3])}) cannot be compiled{why}",
        stage="import",
        reason="operator",
        details={"operators": list(kinds), "nodes": list(nodes), "needs": []},
        hint=f"Known are {', '.join(sorted(OPERATORS))}.",
    )
