"""Parts of a model: everything up to one of its tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto


class Place(NamedTuple):
    """A tensor inside a model, and the node that makes it."""

    tensor: str
    node: str
    operator: str


def places_behind(model: ModelProto, tensor: str) -> list[Place]:
    """The typed tensors that ``tensor`` is computed from, and itself last, in their order.

    What depends on no input of the model is left out: it is known while compiling.
    """
    typed = {each.name for each in (*model.graph.value_info, *model.graph.output)}
    made_by = {name: node for node in model.graph.node for name in node.output if name}
    bound = {each.name for each in model.graph.initializer}
    moving = {each.name for each in model.graph.input if each.name not in bound}
    for node in model.graph.node:
        if moving.intersection(_read(node)):
            moving.update(node.output)
    needed, stack = set(), [tensor]
    while stack:
        name = stack.pop()
        if name in needed or name not in made_by:
            continue
        needed.add(name)
        stack.extend(_read(made_by[name]))
    return [
        Place(name, node.name or name, node.op_type)
        for node in model.graph.node
        for name in node.output
        if name in needed and name in moving and name in typed
    ]


def operators_behind(model: ModelProto, tensor: str) -> set[str]:
    """The names of the operators that a tensor of the model is computed with."""
    made_by = {name: node for node in model.graph.node for name in node.output if name}
    operators, seen, stack = set(), set(), [tensor]
    while stack:
        name = stack.pop()
        if name in seen or name not in made_by:
            continue
        seen.add(name)
        operators.add(made_by[name].op_type)
        stack.extend(_read(made_by[name]))
    return operators


def cut_at(model: ModelProto, tensor: str) -> ModelProto:
    """The model with ``tensor`` for its only output, and the nodes that this needs."""
    from onnx import ModelProto

    part = ModelProto()
    part.CopyFrom(model)
    typed = {each.name: each for each in (*model.graph.value_info, *model.graph.output)}
    del part.graph.output[:]
    part.graph.output.append(typed[tensor])
    kept = []
    needed = {tensor}
    for node in reversed(part.graph.node):
        if needed.intersection(node.output):
            needed.update(_read(node))
            kept.append(node)
    nodes = list(reversed(kept))
    del part.graph.node[:]
    part.graph.node.extend(nodes)
    return part


def _read(node: NodeProto) -> set[str]:
    """What the node reads, in its branches and bodies too."""
    names = {name for name in node.input if name}
    for attribute in node.attribute:
        for inner in attribute.g.node:
            names |= _read(inner)
    return names
