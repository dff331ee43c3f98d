"""The single forward pass that turns an ONNX model into nodes the compiler knows.

Every value carries its type, its static shape and, where known, its data, so that each
node is folded, rewritten, inlined or kept with all that is known of its inputs.
"""

from __future__ import annotations

from collections import ChainMap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.onnx import sizing
from sagectl.compiler.frontends.onnx.builder import OPSET, Builder
from sagectl.compiler.frontends.onnx.control import CONTROL, blamed
from sagectl.compiler.frontends.onnx.folding import evaluated
from sagectl.compiler.frontends.onnx.functions import (
    bound_attributes,
    resolved_attributes,
    schema_function,
)
from sagectl.compiler.frontends.onnx.gate import Form, form_of
from sagectl.compiler.frontends.onnx.graph import (
    Graph,
    Node,
    Origin,
    Problem,
    Unsupported,
    Value,
    complete,
    live_nodes,
)
from sagectl.compiler.frontends.onnx.half import HalfFloats
from sagectl.compiler.frontends.onnx.protos import (
    constant,
    dense,
    is_untyped,
    opset_versions,
    origin_of,
    typed,
    without,
)
from sagectl.compiler.frontends.onnx.rewrites import rewrite_of
from sagectl.compiler.frontends.onnx.sequences import SEQUENCES
from sagectl.compiler.frontends.onnx.sizing.full import refused
from sagectl.compiler.frontends.onnx.sizing.numbers import picked
from sagectl.compiler.frontends.onnx.support import check_kept, check_type, is_kept
from sagectl.compiler.frontends.onnx.typing import UNTYPED, output_types

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, MutableMapping, Sequence

    import numpy as np
    from onnx import AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto

    from sagectl.compiler.frontends.onnx.rewrites import Rewrite

Versions = dict[str, int]

# Unrolling multiplies nodes, and compile time grows faster than their number.
MOST_NODES = 30_000

MALFORMED = (ArithmeticError, AssertionError, LookupError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Lowered:
    """The graph, everything that stands against compiling it, and what the model applies.

    ``forms`` has one entry for each node of the model that is left to run time.
    """

    graph: Graph
    problems: tuple[Problem, ...]
    forms: tuple[Form, ...]


def lowered(model: ModelProto, inputs: Sequence[Value]) -> Lowered:
    """Lower ``model`` for ``inputs``, whose types, shapes and known data are fixed."""
    lowering = Lowering(model)
    scope: dict[str, Value] = {value.name: value for value in inputs}
    outputs = lowering.run_graph(model.graph, scope, lowering.versions)
    named = tuple(zip((each.name for each in model.graph.output), outputs, strict=True))
    open_inputs = tuple(value for value in inputs if value.data is None)
    wanted = [*outputs, *(size for each in outputs for size in each.sizes.values())]
    graph = Graph(open_inputs, named, live_nodes(lowering.nodes, wanted))
    return Lowered(graph, tuple(lowering.problems), tuple(lowering.forms))


class Lowering:
    """Nodes and problems collected so far, and what all scopes of one model share."""

    def __init__(self, model: ModelProto) -> None:
        self.versions = opset_versions(model.opset_import)
        self.functions = {
            (each.domain, each.name, each.overload): each for each in model.functions
        }
        self.nodes: list[Node] = []
        self.problems: list[Problem] = []
        self.forms: list[Form] = []
        self.half = HalfFloats()
        self._names: dict[str, int] = {}

    def fresh(self, stem: str) -> str:
        """A name for a value that no other value has."""
        count = self._names.get(stem, 0)
        self._names[stem] = count + 1
        return f"{stem}_{count}" if count else stem

    def run_graph(
        self,
        graph: GraphProto,
        scope: MutableMapping[str, Value],
        versions: Versions,
        bound: Mapping[str, AttributeProto] | None = None,
        origin: Origin | None = None,
    ) -> list[Value]:
        """Lower a graph's nodes in ``scope``; the values of its outputs."""
        from onnx import numpy_helper

        for tensor in graph.initializer:
            scope[tensor.name] = constant(tensor.name, numpy_helper.to_array(tensor))
        for sparse in graph.sparse_initializer:
            scope[sparse.values.name] = constant(sparse.values.name, dense(sparse))
        self.run_nodes(graph.node, scope, versions, bound or {}, origin)
        return [scope[output.name] for output in graph.output]

    def run_nodes(
        self,
        protos: Iterable[NodeProto],
        scope: MutableMapping[str, Value],
        versions: Versions,
        bound: Mapping[str, AttributeProto],
        origin: Origin | None,
    ) -> None:
        for proto in protos:
            domain = "" if proto.domain == "ai.onnx" else proto.domain
            node = Node(
                op=proto.op_type,
                inputs=tuple(scope[name] if name else None for name in proto.input),
                wanted=tuple(bool(name) for name in proto.output),
                attributes=resolved_attributes(proto, bound),
                domain=domain,
                version=versions.get(domain, 1),
                origin=origin or origin_of(proto, domain),
                overload=proto.overload,
            )
            if origin is None or origin.operator in CONTROL:
                self._note(node)
            if not domain and node.op in CONTROL:
                values = self._controlled(node, scope, versions, bound)
            else:
                values = self.apply(node)
            for name, value in zip(proto.output, values, strict=False):
                if name and value is not None:
                    scope[name] = self._named(name, value)

    def _note(self, node: Node) -> None:
        """Keep the form of a node of the model's own that has something to do at run time."""
        given = [value for value in node.inputs if value is not None]
        if any(value.data is None for value in given) and not any(map(is_untyped, given)):
            self.forms.append(form_of(node))

    def apply(self, node: Node) -> list[Value | None]:
        """The values of the node's outputs; what cannot be lowered becomes a problem."""
        if any(value is not None and is_untyped(value) for value in node.inputs):
            return self._poisoned(node, [UNTYPED] * len(node.wanted))
        try:
            if not node.domain and node.op in SEQUENCES:
                return [SEQUENCES[node.op](node, Builder(self, node.origin))]
            return complete(node, self._applied(node))
        except Unsupported as refusal:
            self.problems.append(Problem(node, refusal.reason, refusal.needs))
            return self._poisoned(node, self._types_or_nothing(node))

    def _applied(self, node: Node) -> list[Value | None]:
        if any(value is not None and value.items is not None for value in node.inputs):
            raise Unsupported("a sequence goes in")
        if sizing.concerns(node):
            return self._sized(node)
        numbers = picked(node, Builder(self, node.origin))
        if numbers is not None:
            return numbers
        arrays = evaluated(node)
        if arrays is not None:
            return [
                None if array is None else constant(self.fresh(f"{node.op}_const"), array)
                for array in arrays
            ]
        local = self.functions.get((node.domain, node.op, node.overload))
        if local is not None:
            return self._inlined(node, local)
        rewrite = None if node.is_final else rewrite_of(node)
        if rewrite is not None:
            results = self._rewritten(rewrite, node)
            if results is not None:
                return [results] if isinstance(results, Value) else list(results)
        if not is_kept(node):
            body = schema_function(node)
            if body is None:
                raise Unsupported("the compiler lacks this operator")
            return self._inlined(node, body)
        if self.half.concerns(node):
            return self.half.widened(node, self)
        return self._kept(node)

    def _sized(self, node: Node) -> list[Value | None]:
        """Results of a node that takes values whose sizes a run finds."""
        rule = sizing.rule_of(node)
        if rule is not None:
            results: list[Value | None] = self._rewritten(rule, node)
            return results
        local = self.functions.get((node.domain, node.op, node.overload))
        body = local or schema_function(node)
        if body is None:
            raise refused(node)
        return self._inlined(node, body)

    def full(self, value: Value, origin: Origin) -> Value:
        """What ``value`` is without its sizes."""
        node = Node("Identity", (value,), (True,), version=OPSET, origin=origin)
        made = Value(self.fresh(f"{value.name}_full"), value.dtype, value.shape, producer=node)
        node.outputs = (made,)
        self.nodes.append(node)
        return made

    def _rewritten(self, rewrite: Rewrite, node: Node) -> Any:
        try:
            return rewrite(node, Builder(self, node.origin))
        except MALFORMED as error:
            # A rewrite takes ranks and attributes for what the schema says they are.
            given = ", ".join(typed(value) for value in node.inputs if value is not None)
            raise Unsupported(f"its attributes do not fit, or its inputs: {given}") from error

    def _kept(self, node: Node) -> list[Value | None]:
        check_kept(node)
        types = output_types(node)
        if all(shape is not None and 0 in shape for _, shape in types):
            return [self._empty(*each) for each in types]
        if len(self.nodes) >= MOST_NODES:
            raise Unsupported(f"unrolling makes more than {MOST_NODES} nodes")
        node.outputs = tuple(
            Value(self.fresh(node.op.lower()), dtype, shape, producer=node) if wanted else None
            for wanted, (dtype, shape) in zip(node.wanted, types, strict=True)
        )
        if any(value is not None and value.dtype is None for value in node.outputs):
            raise Unsupported("its output's type is not known")
        for dtype, _ in types:
            if dtype is not None:
                check_type(node, dtype, "of its result")
        self.nodes.append(node)
        return list(node.outputs)

    def computed(self, node: Node, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Value:
        """The output of a node whose ``compute`` is a tensor expression."""
        if 0 in shape:
            return self._empty(dtype, shape)
        value = Value(self.fresh(node.op), dtype, shape, producer=node)
        node.outputs = (value,)
        self.nodes.append(node)
        return value

    def _inlined(self, node: Node, body: FunctionProto) -> list[Value | None]:
        from onnx.defs import onnx_opset_version

        scope: dict[str, Value] = {}
        # A left-out optional input is an empty name wherever the body reads it.
        left_out = set()
        for index, name in enumerate(body.input):
            value = node.input(index)
            if value is None:
                left_out.add(name)
            else:
                scope[name] = value
        # A body that imports no operator set was written for the newest.
        newest = {"": onnx_opset_version()}
        versions = newest | self.versions | opset_versions(body.opset_import)
        protos = [without(proto, left_out) for proto in body.node] if left_out else body.node
        self.run_nodes(protos, scope, versions, bound_attributes(body, node), node.origin)
        return [
            scope.get(name) if node.wants(index) else None
            for index, name in enumerate(body.output)
        ]

    def _controlled(
        self,
        node: Node,
        scope: MutableMapping[str, Value],
        versions: Versions,
        bound: Mapping[str, AttributeProto],
    ) -> list[Value | None]:
        def run(graph: GraphProto, arguments: Sequence[Value]) -> list[Value]:
            names = [each.name for each in graph.input]
            inner = ChainMap(dict(zip(names, arguments, strict=True)), scope)
            return self.run_graph(graph, inner, versions, bound, node.origin)

        known = len(self.problems)
        try:
            return CONTROL[node.op](node, Builder(self, node.origin), run)
        except Unsupported as refusal:
            self.problems.append(Problem(node, refusal.reason, refusal.needs))
            return self._poisoned(node, [UNTYPED] * len(node.wanted))
        finally:
            self.problems[known:] = blamed(node, self.problems[known:])

    def _named(self, name: str, value: Value) -> Value:
        """Give a value its name in the model, the first time one is at hand."""
        if value.producer is not None and name not in self._names:
            self._names[name] = 1
            value.name = name
        return value

    def _poisoned(self, node: Node, types: Sequence[Any]) -> list[Value | None]:
        """Outputs of a refused node: typed if possible, so that later nodes are checked too."""
        node.outputs = tuple(
            Value(self.fresh(node.op.lower()), dtype, shape, producer=node)
            for dtype, shape in types
        )
        return list(node.outputs)

    def _types_or_nothing(self, node: Node) -> Sequence[Any]:
        try:
            return output_types(node)
        except Unsupported:
            return [UNTYPED] * len(node.wanted)

    def _empty(self, dtype: Any, shape: Any) -> Value:
        import numpy as np

        return constant(self.fresh("empty"), np.empty(shape, dtype))
