"""The lowered form of a model: typed values and the nodes that make them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import numpy as np
    from onnx import AttributeProto

Shape = tuple[int | None, ...]


@dataclass(eq=False, slots=True)
class Value:
    """What flows along an edge; ``data`` is set when it is known at compile time.

    ``dtype`` is None for what could not be typed, downstream of a node that is refused.
    A dimension that is None is known at run time only; ``shape`` None is an unknown rank.
    ``items`` makes the value a sequence, whose length is known while compiling. ``sizes`` has
    the axes that are as long as a run finds, each with its size, an int64 scalar: ``shape``
    then says the most they may be, and what lies beyond the size means nothing. ``numbers``
    are the elements of a vector, each known as a value of its own.
    """

    name: str
    dtype: np.dtype[Any] | None
    shape: Shape | None
    data: np.ndarray[Any, Any] | None = None
    producer: Node | None = None
    items: tuple[Value, ...] | None = None
    sizes: Mapping[int, Value] = field(default_factory=dict)
    numbers: tuple[Value, ...] | None = None

    @property
    def is_static(self) -> bool:
        return self.shape is not None and None not in self.shape


@dataclass(frozen=True, slots=True)
class Origin:
    """The model's own node that a lowered one stems from."""

    name: str
    operator: str


@dataclass(eq=False, slots=True)
class Node:
    """One operator application, at the operator set version its author wrote it for.

    ``compute`` is set where a rewrite says in TVM's tensor expressions what no ONNX
    operator says, ``is_final`` where no rewrite may look at the node again.
    """

    op: str
    inputs: tuple[Value | None, ...]
    wanted: tuple[bool, ...]
    attributes: Mapping[str, AttributeProto] = field(default_factory=dict)
    domain: str = ""
    version: int = 1
    origin: Origin = Origin("", "")
    outputs: tuple[Value | None, ...] = ()
    # What makes the output: of te tensors, or of Relax values where ``is_relax``.
    compute: Callable[..., Any] | None = None
    is_relax: bool = False
    is_final: bool = False
    # Which of a model's functions of this name, where it has several.
    overload: str = ""

    def input(self, index: int) -> Value | None:
        """The input at ``index``, None where it is left out."""
        return self.inputs[index] if index < len(self.inputs) else None

    def required(self, index: int) -> Value:
        """The input at ``index``, which the operator's schema demands."""
        value = self.input(index)
        if value is None:
            raise Unsupported(f"input {index} is missing")
        return value

    def wants(self, index: int) -> bool:
        """Whether anyone may read the output at ``index``."""
        return index < len(self.wanted) and self.wanted[index]

    def attribute(self, name: str, default: Any = None) -> Any:
        """The attribute's value; text comes as str."""
        from onnx import helper

        proto = self.attributes.get(name)
        if proto is None:
            return default
        value = helper.get_attribute_value(proto)
        if isinstance(value, bytes):
            return value.decode()
        if isinstance(value, list) and value and isinstance(value[0], bytes):
            return [each.decode() for each in value]
        return value


@dataclass(frozen=True, slots=True)
class Graph:
    """A model in lowered form, nodes in topological order.

    ``outputs`` pairs the model's own names with values, in the model's own order; one value
    may stand under several names, be an input, or be a constant.
    """

    inputs: tuple[Value, ...]
    outputs: tuple[tuple[str, Value], ...]
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why one node cannot be compiled; ``needs`` are inputs whose values would help."""

    node: Node
    reason: str
    needs: tuple[Value, ...] = ()


class Unsupported(Exception):  # noqa: N818 - a signal inside the frontend, no user error
    """A node cannot be lowered as it stands.

    ``needs`` are the values that would have to be known at compile time.
    """

    def __init__(self, reason: str, needs: tuple[Value, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.needs = needs


def inputs_behind(values: tuple[Value, ...]) -> Iterator[Value]:
    """The graph inputs that ``values`` are computed from, each once."""
    seen: set[int] = set()
    stack = list(values)
    while stack:
        value = stack.pop()
        if id(value) in seen or value.data is not None:
            continue
        seen.add(id(value))
        if value.producer is None:
            yield value
        else:
            stack.extend(each for each in value.producer.inputs if each is not None)


def complete(node: Node, results: list[Value | None]) -> list[Value | None]:
    """The results of a node; Unsupported where one that is read is not among them."""
    for position, is_read in enumerate(node.wanted):
        if is_read and (position >= len(results) or results[position] is None):
            raise Unsupported(f"its output {position + 1} is not computed")
    return results


def live_nodes(nodes: list[Node], outputs: list[Value]) -> tuple[Node, ...]:
    """Those of ``nodes`` that ``outputs`` depend on, in the same order."""
    needed = {id(value) for value in outputs}
    kept = []
    for node in reversed(nodes):
        if any(value is not None and id(value) in needed for value in node.outputs):
            kept.append(node)
            needed.update(id(value) for value in node.inputs if value is not None)
    return tuple(reversed(kept))
