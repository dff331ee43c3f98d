"""Lowered graph to a TVM module, through our own converters and those of TVM's importer."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.onnx.casts import cast
from sagectl.compiler.frontends.onnx.graph import Problem
from sagectl.compiler.frontends.onnx.support import CONSTANT_INPUTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sagectl.compiler.frontends.onnx.graph import Graph, Node, Value

# What TVM's converters raise for a form they do not know, besides TVMError (a RuntimeError).
_REFUSALS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    IndexError,
    KeyError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
)


@cache
def tvm_operators() -> Mapping[str, Any]:
    """Operator -> converter class of TVM's importer. It knows no domains: ai.onnx only."""
    from tvm.relax.frontend.onnx import onnx_frontend

    known: Mapping[str, Any] = onnx_frontend._get_convert_map()
    return known


def imported(graph: Graph) -> tuple[Any, tuple[Problem, ...]]:
    """The module with one function ``main``, and the nodes that could not be converted.

    ``main`` takes the open inputs in order and returns one tensor, or a tuple of them for
    several outputs. The module is of no use when there are problems.
    """
    return _Import(graph).run()


class _Import:
    def __init__(self, graph: Graph) -> None:
        from tvm import relax

        self.graph = graph
        self.bb = relax.BlockBuilder()
        self.expressions: dict[int, Any] = {}
        self.problems: list[Problem] = []

    def run(self) -> tuple[Any, tuple[Problem, ...]]:
        from tvm import relax

        cuts = {id(value): self._cut(value) for _, value in self.graph.outputs if value.sizes}
        parameters = [self._parameter(value) for value in self.graph.inputs]
        with self.bb.function("main", params=parameters):
            with self.bb.dataflow():
                for node in self.graph.nodes:
                    self._convert(node)
                results = self._results(cuts)
                output = results[0] if len(results) == 1 else relax.Tuple(results)
                returned = self.bb.emit_output(output)
            self.bb.emit_func_output(returned)
        module = self.bb.get()
        module["main"] = module["main"].with_attrs({"num_input": len(parameters)})
        return module, tuple(self.problems)

    def _parameter(self, value: Value) -> Any:
        from tvm import relax

        variable = relax.Var(
            identifier(value.name), relax.TensorType(value.shape, str(value.dtype))
        )
        self.expressions[id(value)] = variable
        return variable

    def _expression(self, value: Value | None) -> Any:
        from tvm import relax

        if value is None:
            return None
        known = self.expressions.get(id(value))
        if known is None:
            known = self.expressions[id(value)] = relax.const(value.data, str(value.dtype))
        return known

    def _operand(self, node: Node, position: int) -> Any:
        """An input; one that decides shapes stays a constant, whatever its size."""
        value = node.inputs[position]
        is_data = position not in CONSTANT_INPUTS.get(node.op, ())
        if is_data and value is not None and value.data is not None and not value.data.size:
            return self._empty(value)
        return self._expression(value)

    def _empty(self, value: Value) -> Any:
        """A constant without elements: the machine's format for stored tensors has none."""
        from tvm import topi

        return self.bb.emit_te(topi.full, value.shape, str(value.dtype), 0)

    def _convert(self, node: Node) -> None:
        inputs = [self._operand(node, position) for position in range(len(node.inputs))]
        try:
            result = _conversion(node, inputs, self.bb)
            parts = self._parts(node, result)
        except _REFUSALS as error:
            self.problems.append(Problem(node, _reason(error)))
            parts = [self._placeholder(value) for value in node.outputs]
        for value, part in zip(node.outputs, parts, strict=False):
            if value is not None:
                self.expressions[id(value)] = part

    def _parts(self, node: Node, result: Any) -> list[Any]:
        """The result's tensors as variables, each of the type that ONNX's schema gives."""
        from tvm import relax

        if isinstance(result, list | tuple):
            result = relax.Tuple(list(result))
        normal = self.bb.normalize(result)
        if not isinstance(normal.ty, relax.TupleType):
            parts = [self.bb.emit(normal, _hint(node))]
        else:
            if not isinstance(normal, relax.Tuple):
                normal = self.bb.emit(normal, _hint(node))
            parts = [
                self.bb.emit(normal[index], _hint(node))
                for index in range(len(normal.ty.fields))
            ]
        if len(parts) < len(node.outputs):
            raise NotImplementedError(f"only {len(parts)} of its outputs are computed")
        for value, part in zip(node.outputs, parts, strict=False):
            if value is not None:
                _check_type(value, part)
        return parts

    def _placeholder(self, value: Value | None) -> Any:
        from tvm import relax

        if value is None:
            return None
        shape = [1 if size is None else size for size in value.shape or ()]
        return self.bb.emit(relax.op.zeros(shape, str(value.dtype)))

    def _cut(self, value: Value) -> Any:
        """A function of its own from a tensor and its sizes to the part that counts.

        So ``main`` stays straight-line code of fixed shapes, which the passes can walk.
        """
        from tvm import relax, te, tirx

        scalar = relax.TensorType((), "int64")
        sizes = [relax.Var(f"size_{axis}", scalar) for axis in value.sizes]
        tensor = relax.Var("tensor", relax.TensorType(value.shape, str(value.dtype)))
        shape = list(value.shape or ())
        with self.bb.function("cut", params=[tensor, *sizes], private=True):
            with self.bb.dataflow():
                for axis, size in zip(value.sizes, sizes, strict=True):
                    listed = self.bb.emit(relax.op.reshape(size, (1,)))
                    count = tirx.Var(f"count_{axis}", "int64")
                    told = self.bb.emit(relax.op.tensor_to_shape(listed))
                    self.bb.match_cast(told, relax.ShapeType([count]))
                    shape[axis] = count
                part = self.bb.emit_te(
                    lambda x: te.compute(shape, lambda *at: x(*at)),
                    tensor,
                    primfunc_name_hint="part",
                )
                returned = self.bb.emit_output(part)
            return self.bb.emit_func_output(returned)

    def _results(self, cuts: Mapping[int, Any]) -> list[Any]:
        """Each output as a tensor of its own: no input, constant or other output shows."""
        from tvm import relax, topi

        taken: set[int] = {id(value) for value in self.graph.inputs}
        results = []
        for _, value in self.graph.outputs:
            if value.data is not None and not value.data.size:
                expression = self._empty(value)
            elif value.data is not None or id(value) in taken:
                expression = self.bb.emit_te(topi.identity, self._expression(value))
            else:
                expression = self._expression(value)
            taken.add(id(value))
            if value.sizes:
                sizes = [self._expression(size) for size in value.sizes.values()]
                expression = self.bb.emit(relax.Call(cuts[id(value)], [expression, *sizes]))
            results.append(expression)
        return results


def _conversion(node: Node, inputs: list[Any], bb: Any) -> Any:
    from tvm.relax.frontend.onnx.onnx_frontend import onnx_input

    if node.compute is not None and node.is_relax:
        return bb.emit(node.compute(*inputs))
    if node.compute is not None:
        return bb.emit_te(node.compute, *inputs, primfunc_name_hint=node.op)
    if node.op == "Cast":
        return cast(node, inputs[0], bb)
    convert = tvm_operators()[node.op].get_converter(node.version)
    operands = onnx_input()
    operands.extend(inputs)
    attributes = {name: value for name, value in _tvm_attributes(node) if value is not None}
    attributes["tvm_custom"] = {"name": node.origin.name, "num_outputs": len(node.outputs)}
    return convert(bb, operands, attributes, [{}, {}])


def _tvm_attributes(node: Node) -> list[tuple[str, Any]]:
    """Attributes as TVM's converters want them: text as bytes, lists as tuples."""
    from onnx import helper

    pairs = []
    for name, proto in node.attributes.items():
        value = helper.get_attribute_value(proto)
        if isinstance(value, list):
            value = tuple(value) or None
        pairs.append((name, value))
    return pairs


def _check_type(value: Value, part: Any) -> None:
    """A conversion that yields another shape or type than the schema says is a wrong one."""
    from tvm import relax

    made = part.ty
    if not isinstance(made, relax.TensorType):
        raise NotImplementedError("its result is no tensor")
    dtype = str(getattr(made.dtype, "dtype", made.dtype))
    if dtype != str(value.dtype):
        raise NotImplementedError(f"its result comes as {dtype}, not {value.dtype}")
    if value.shape is None or made.shape is None or not hasattr(made.shape, "values"):
        return
    sizes = list(made.shape.values)
    if len(sizes) != len(value.shape):
        raise NotImplementedError(f"its result comes with {len(sizes)} dimensions")
    for size, wanted in zip(sizes, value.shape, strict=True):
        if wanted is not None and hasattr(size, "value") and int(size.value) != wanted:
            raise NotImplementedError(f"its result comes in shape {sizes}, not {value.shape}")


def _hint(node: Node) -> str:
    first = next((value.name for value in node.outputs if value is not None), node.op)
    return identifier(first)


def identifier(name: str) -> str:
    """What a tensor of the model is called in the graph."""
    cleaned = "".join(char if char.isalnum() and char.isascii() else "_" for char in name)
    return cleaned if cleaned and not cleaned[0].isdigit() else f"v_{cleaned}"


def _reason(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = next(
        (line for line in reversed(lines) if "Error" in line), lines[0] if lines else ""
    )
    return text[:200] or type(error).__name__
