"""MXNet's operators on shapes, axes and parts as ONNX nodes."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sagectl.compiler.frontends.mxnet.reading import Operation
    from sagectl.compiler.frontends.mxnet.symbol import Graph

    Convert = Callable[[Graph, Operation, Sequence[str]], str]


def _numbers(graph: Graph, values: Sequence[int]) -> str:
    import numpy as np

    return graph.constant(np.array(values, np.int64))


def joined(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    return graph.add("Concat", inputs, axis=int(node.value("dim", 1)))


def stacked(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    axis = int(node.value("axis", 0))
    apart = [graph.add("Unsqueeze", [each, _numbers(graph, [axis])]) for each in inputs]
    return graph.add("Concat", apart, axis=axis)


def parted(graph: Graph, node: Operation, inputs: Sequence[str]) -> list[str]:
    axis, count = int(node.value("axis", 1)), int(node.value("num_outputs", 1))
    made = graph.split("Split", inputs[:1], count, axis=axis, num_outputs=count)
    if not node.value("squeeze_axis", False):
        return made
    return [graph.add("Squeeze", [each, _numbers(graph, [axis])]) for each in made]


def reshaped(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    """0 keeps a size, -1 is what is left, -2 keeps all, -3 joins two, -4 splits one."""
    node.only("reverse", False)
    wanted, shape = list(node.value("shape", ())), graph.shape(inputs[0])
    if not wanted:
        raise ValueError("it says no shape")
    sizes = list(_sizes(iter(wanted), iter(shape)))
    if sizes.count(-1) > 1:
        raise ValueError(f"shape {wanted} leaves two sizes open")
    return graph.add("Reshape", [inputs[0], _numbers(graph, sizes)])


def _sizes(wanted: Iterator[int], given: Iterator[int]) -> Iterator[int]:
    for size in wanted:
        match size:
            case -4:
                whole, first, second = _taken(given), _taken(wanted), _taken(wanted)
                yield whole // second if first == -1 else first
                yield whole // first if second == -1 else second
            case -3:
                yield _taken(given) * _taken(given)
            case -2:
                yield from given
            case 0:
                yield _taken(given)
            case _:
                next(given, None)
                yield size


def _taken(sizes: Iterator[int]) -> int:
    if (found := next(sizes, None)) is None:
        raise ValueError("its shape asks for more dimensions than its input has")
    return found


def transposed(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    axes = list(node.value("axes", ()))
    order: dict[str, Any] = {"perm": axes} if axes else {}
    return graph.add("Transpose", inputs, **order)


def swapped(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    axes = list(range(len(graph.shape(inputs[0]))))
    one, two = int(node.value("dim1", 0)), int(node.value("dim2", 0))
    axes[one], axes[two] = axes[two], axes[one]
    return graph.add("Transpose", inputs, perm=axes)


def widened(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    return graph.add("Unsqueeze", [inputs[0], _numbers(graph, [int(node.value("axis", 0))])])


def squeezed(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    axes = _axes(node, graph.shape(inputs[0]))
    return graph.add("Squeeze", [inputs[0], *([_numbers(graph, axes)] if axes else [])])


def _axes(node: Operation, shape: Sequence[int]) -> list[int]:
    """The axes of an attribute, from the front; none where none are said."""
    found = node.value("axis", ())
    listed = [found] if isinstance(found, int) else list(found)
    return [each % len(shape) for each in listed]


def reduced(operator: str) -> Convert:
    """A reduction over all axes where none are said."""

    def convert(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
        shape = graph.shape(inputs[0])
        axes = _axes(node, shape)
        if node.value("exclude", False):
            axes = [each for each in range(len(shape)) if each not in axes]
        operands = [inputs[0], *([_numbers(graph, axes)] if axes else [])]
        keeps = int(bool(node.value("keepdims", False)))
        made = graph.add(operator, operands, keepdims=keeps)
        # MXNet has no tensors without dimensions.
        is_bare = not keeps and len(axes or shape) == len(shape)
        return graph.add("Reshape", [made, _numbers(graph, [1])]) if is_bare else made

    return convert


def sliced(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    begins, ends = list(node.value("begin", ())), list(node.value("end", ()))
    steps = [each or 1 for each in node.value("step", ()) or [1] * len(begins)]
    if any(step < 0 for step in steps):
        raise ValueError("a step backwards")
    shape = graph.shape(inputs[0])
    first = [each or 0 for each in begins]
    last = [size if end is None else end for end, size in zip(ends, shape, strict=False)]
    return _cut(graph, inputs[0], (first, last, list(range(len(begins))), steps))


def sliced_axis(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    axis, begin = int(node.value("axis", 0)), int(node.value("begin", 0))
    end = node.value("end", graph.shape(inputs[0])[axis])
    return _cut(graph, inputs[0], ([begin], [int(end)], [axis], [1]))


def sliced_like(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    """The beginning of the first, as long as the second."""
    shape, other = (graph.shape(each) for each in inputs)
    axes = [each % len(shape) for each in node.value("axes", ()) or range(len(shape))]
    sizes = [other[axis] for axis in axes]
    return _cut(graph, inputs[0], ([0] * len(axes), sizes, axes, [1] * len(axes)))


def cropped(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    """Height and width of the second input, or as said, from an offset or in the middle."""
    height, width = graph.shape(inputs[0])[2:]
    wanted = graph.shape(inputs[1])[2:] if len(inputs) > 1 else node.value("h_w", (0, 0))
    top, left = node.value("offset", (0, 0))
    if node.value("center_crop", False):
        top, left = (height - wanted[0]) // 2, (width - wanted[1]) // 2
    ends = [top + wanted[0], left + wanted[1]]
    if min(top, left, *wanted) < 0 or ends[0] > height or ends[1] > width:
        raise ValueError(f"{list(wanted)} of {height} by {width}")
    return _cut(graph, inputs[0], ([top, left], ends, [2, 3], [1, 1]))


def _cut(graph: Graph, x: str, bounds: Sequence[Sequence[int]]) -> str:
    return graph.add("Slice", [x, *(_numbers(graph, each) for each in bounds)])


def padded(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    import numpy as np

    mode, widths = node.value("mode", "constant"), list(node.value("pad_width", ()))
    node.only("mode", "constant", "edge", "reflect")
    amounts = _numbers(graph, widths[::2] + widths[1::2])
    value = graph.constant(np.float32(node.value("constant_value", 0)))
    operands = [inputs[0], amounts, *([value] if mode == "constant" else [])]
    return graph.add("Pad", operands, mode=mode)


def tiled(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    shape, times = graph.shape(inputs[0]), list(node.value("reps", ()))
    rank = max(len(shape), len(times))
    x, sizes = inputs[0], [1] * (rank - len(shape)) + list(shape)
    if rank > len(shape):
        x = graph.add("Reshape", [x, _numbers(graph, sizes)])
    return graph.add("Tile", [x, _numbers(graph, [1] * (rank - len(times)) + times)])


def product(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    """dot of matrices, and batch_dot."""
    turned = []
    for name, flag in zip(inputs, ("transpose_a", "transpose_b"), strict=True):
        rank = len(graph.shape(name))
        if rank != (3 if node.kind == "batch_dot" else 2):
            raise ValueError(f"an operand has {rank} dimensions")
        axes = [*range(rank - 2), rank - 1, rank - 2]
        is_turned = node.value(flag, False)
        turned.append(graph.add("Transpose", [name], perm=axes) if is_turned else name)
    return graph.add("MatMul", turned)


def flattened(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    shape = graph.shape(inputs[0])
    rows = _numbers(graph, [shape[0], prod(shape[1:])])
    return graph.add("Reshape", [inputs[0], rows])
