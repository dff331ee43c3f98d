"""Darknet's layers as ONNX nodes, after the functions ``forward_*`` of its sources."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sagectl.compiler.frontends.darknet.network import Graph, Shape
    from sagectl.compiler.frontends.darknet.reading import Section, Weights

    Made = tuple[str, Shape]
    Layer = Callable[[Graph, Section, str, Shape], Made]

# What normalize_cpu adds to a standard deviation.
_EPSILON = 1e-6


def convolutional(graph: Graph, section: Section, x: str, shape: Shape) -> Made:
    count, channels, height, width = shape
    filters, size = section.whole("filters", 1), section.whole("size", 1)
    stride, groups = section.whole("stride", 1), section.whole("groups", 1)
    across, down = section.whole("stride_x", stride), section.whole("stride_y", stride)
    dilation = section.whole("dilation", 1)
    pad = size // 2 * dilation if section.whole("pad", 0) else section.whole("padding", 0)
    if channels % groups or filters % groups:
        raise ValueError(f"{groups} groups of {channels} channels and {filters} filters")
    bias, scale = _scales(graph.weights, section, filters)
    weights = graph.weights.take(filters, channels // groups, size, size)
    made = graph.add(
        "Conv",
        [x, graph.constant(weights * scale[:, None, None, None]), graph.constant(bias)],
        strides=[down, across],
        pads=[pad] * 4,
        group=groups,
        dilations=[dilation] * 2,
    )
    reach = dilation * (size - 1) + 1
    result = (
        count,
        filters,
        (height + 2 * pad - reach) // down + 1,
        (width + 2 * pad - reach) // across + 1,
    )
    return _activated(graph, section, made, "logistic"), result


def _scales(weights: Weights, section: Section, count: int) -> tuple[Any, Any]:
    """Bias and factor of each filter, a batch normalisation in them."""
    import numpy as np

    bias, scale = weights.take(count), np.ones(count, np.float32)
    if section.whole("batch_normalize", 0):
        bias, scale = _normalised(bias, weights, count)
    return bias, scale


def _normalised(bias: Any, weights: Weights, count: int) -> tuple[Any, Any]:
    import numpy as np

    factor, mean, variance = (weights.take(count) for _ in range(3))
    scale = (factor / (np.sqrt(variance) + np.float32(_EPSILON))).astype(np.float32)
    return (bias - mean * scale).astype(np.float32), scale


def connected(graph: Graph, section: Section, x: str, shape: Shape) -> Made:
    from math import prod

    count, inputs = shape[0], prod(shape[1:])
    outputs = section.whole("output", 1)
    bias = graph.weights.take(outputs)
    weights = graph.weights.take(outputs, inputs)
    if section.whole("batch_normalize", 0):
        bias, scale = _normalised(bias, graph.weights, outputs)
        weights = weights * scale[:, None]
    flat = graph.add("Flatten", [x], axis=1)
    names = [flat, graph.constant(weights), graph.constant(bias)]
    return _activated(graph, section, graph.add("Gemm", names, transB=1), "logistic"), (
        count,
        outputs,
    )


def maxpool(graph: Graph, section: Section, x: str, shape: Shape) -> Made:
    count, channels, height, width = shape
    stride = section.whole("stride", 1)
    size = section.whole("size", stride)
    padding = section.whole("padding", size - 1)
    before, after = padding // 2, padding - padding // 2
    made = graph.add(
        "MaxPool",
        [x],
        kernel_shape=[size, size],
        strides=[stride, stride],
        pads=[before, before, after, after],
    )
    rows, columns = ((each + padding - size) // stride + 1 for each in (height, width))
    return made, (count, channels, rows, columns)


def avgpool(graph: Graph, _section: Section, x: str, shape: Shape) -> Made:
    return graph.add("GlobalAveragePool", [x]), (*shape[:2], 1, 1)


def route(graph: Graph, section: Section, _x: str, _shape: Shape) -> Made:
    chosen = [_earlier(graph, place) for place in section.wholes("layers")]
    if not chosen:
        raise ValueError("it names no layers")
    groups, group = section.whole("groups", 1), section.whole("group_id", 0)
    names = [
        name if groups == 1 else _part(graph, name, size[1], groups, group)
        for name, size in chosen
    ]
    sizes = [size for _, size in chosen]
    if len({(size[0], *size[2:]) for size in sizes}) > 1:
        raise ValueError(f"layers of shapes {', '.join(map(str, sizes))} side by side")
    channels = sum(size[1] // groups for size in sizes)
    made = names[0] if len(names) == 1 else graph.add("Concat", names, axis=1)
    return made, (sizes[0][0], channels, *sizes[0][2:])


def _part(graph: Graph, x: str, channels: int, groups: int, group: int) -> str:
    import numpy as np

    if channels % groups or not 0 <= group < groups:
        raise ValueError(f"group {group} of {groups} in {channels} channels")
    each = channels // groups
    bounds = ([group * each], [(group + 1) * each], [1])
    return graph.add("Slice", [x, *(graph.constant(np.array(one)) for one in bounds)])


def shortcut(graph: Graph, section: Section, x: str, shape: Shape) -> Made:
    made = x
    for place in section.wholes("from"):
        name, size = _earlier(graph, place)
        if size != shape:
            raise ValueError(f"layers of shapes {size} and {shape} are added")
        made = graph.add("Add", [made, name])
    if section.text("weights_type", "none") != "none":
        raise ValueError("weighted shortcuts are not compiled")
    return _activated(graph, section, made, "linear"), shape


def _earlier(graph: Graph, place: int) -> Made:
    """A layer by its number, or by how far back it lies."""
    index = place if place >= 0 else len(graph.layers) + place
    if not 0 <= index < len(graph.layers):
        raise ValueError(f"there is no layer {place} before it")
    return graph.layers[index]


def upsample(graph: Graph, section: Section, x: str, shape: Shape) -> Made:
    import numpy as np

    stride = section.whole("stride", 2)
    scales = graph.constant(np.array([1, 1, stride, stride], np.float32))
    made = graph.add(
        "Resize",
        [x, "", scales],
        mode="nearest",
        nearest_mode="floor",
        coordinate_transformation_mode="asymmetric",
    )
    if (factor := section.number("scale", 1)) != 1:
        made = graph.add("Mul", [made, graph.constant(np.float32(factor))])
    return made, (*shape[:2], shape[2] * stride, shape[3] * stride)


def reorg(graph: Graph, section: Section, x: str, shape: Shape) -> Made:
    """``reorg_cpu`` reads its input as if it had fewer channels and larger images."""
    import numpy as np

    count, channels, height, width = shape
    stride = section.whole("stride", 1)
    area = stride * stride
    if section.whole("reverse", 0) or channels % area or height % stride or width % stride:
        raise ValueError(f"stride {stride} of {channels} channels, {height} by {width}")
    split = (count, channels // area, height, stride, width, stride)
    result = (count, channels * area, height // stride, width // stride)
    made = graph.add("Reshape", [x, graph.constant(np.array(split))])
    made = graph.add("Transpose", [made], perm=[0, 3, 5, 1, 2, 4])
    return graph.add("Reshape", [made, graph.constant(np.array(result))]), result


def softmax(graph: Graph, section: Section, x: str, shape: Shape) -> Made:
    import numpy as np

    flat = graph.add("Flatten", [x], axis=1)
    if (heat := section.number("temperature", 1)) != 1:
        flat = graph.add("Div", [flat, graph.constant(np.float32(heat))])
    size = (shape[0], int(np.prod(shape[1:])))
    return graph.add("Softmax", [flat], axis=1), size


def unchanged(_graph: Graph, _section: Section, x: str, shape: Shape) -> Made:
    """What only training knows: dropout and cost."""
    return x, shape


def yolo(graph: Graph, section: Section, x: str, shape: Shape) -> Made:
    """Logistic functions of x, y, objectness and classes; width and height as they are."""
    anchors = len(section.wholes("mask")) or section.whole("num", 1)
    stretch = section.number("scale_x_y", 1)
    classes = section.whole("classes", 20)
    name = f"yolo_{len(graph.layers)}"
    made = _boxes(graph, x, shape, (anchors, classes), (name, "Sigmoid", stretch))
    graph.outputs.append((made, shape))
    return made, shape


def region(graph: Graph, section: Section, x: str, shape: Shape) -> Made:
    """The same of YOLO 2, whose classes share by a softmax."""
    anchors, classes = section.whole("num", 1), section.whole("classes", 20)
    if section.whole("coords", 4) != 4 or "tree" in section.options:
        raise ValueError("only four coordinates and no tree of classes are compiled")
    kind = "Softmax" if section.whole("softmax", 0) else "Sigmoid"
    name = f"region_{len(graph.layers)}"
    made = _boxes(graph, x, shape, (anchors, classes), (name, kind, 1))
    graph.outputs.append((made, shape))
    return made, shape


def _boxes(
    graph: Graph, x: str, shape: Shape, boxes: tuple[int, int], form: tuple[str, str, float]
) -> str:
    import numpy as np

    (anchors, classes), (name, kind, stretch) = boxes, form
    count, channels, height, width = shape
    if channels != anchors * (5 + classes):
        raise ValueError(f"{channels} channels for {anchors} anchors of {classes} classes")
    size = np.array([count, anchors, 5 + classes, height, width])
    apart = graph.add("Reshape", [x, graph.constant(size)])

    def cut(first: int, last: int) -> str:
        bounds = (graph.constant(np.array([each])) for each in (first, last, 2))
        return graph.add("Slice", [apart, *bounds])

    centre = graph.add("Sigmoid", [cut(0, 2)])
    if stretch != 1:
        centre = graph.add("Mul", [centre, graph.constant(np.float32(stretch))])
        shift = graph.constant(np.float32(-0.5 * (stretch - 1)))
        centre = graph.add("Add", [centre, shift])
    attributes: dict[str, Any] = {"axis": 2} if kind == "Softmax" else {}
    parts = [
        centre,
        cut(2, 4),
        graph.add("Sigmoid", [cut(4, 5)]),
        graph.add(kind, [cut(5, 5 + classes)], **attributes),
    ]
    together = graph.add("Concat", parts, axis=2)
    return graph.add("Reshape", [together, graph.constant(np.array(shape))], name)


def _activated(graph: Graph, section: Section, x: str, default: str) -> str:
    name = section.text("activation", default)
    if name == "linear":
        return x
    if name not in ACTIVATIONS:
        raise ValueError(f"the activation {name!r} is not known")
    operator, attributes = ACTIVATIONS[name]
    if operator == "Swish":
        return graph.add("Mul", [x, graph.add("Sigmoid", [x])])
    return graph.add(operator, [x], **attributes)


ACTIVATIONS: Mapping[str, tuple[str, dict[str, Any]]] = MappingProxyType(
    {
        "elu": ("Elu", {}),
        "leaky": ("LeakyRelu", {"alpha": 0.1}),
        "logistic": ("Sigmoid", {}),
        "mish": ("Mish", {}),
        "relu": ("Relu", {}),
        "swish": ("Swish", {}),
        "tanh": ("Tanh", {}),
    }
)
LAYERS: Mapping[str, Layer] = MappingProxyType(
    {
        "avg": avgpool,
        "avgpool": avgpool,
        "connected": connected,
        "conv": convolutional,
        "convolutional": convolutional,
        "cost": unchanged,
        "dropout": unchanged,
        "max": maxpool,
        "maxpool": maxpool,
        "region": region,
        "reorg": reorg,
        "route": route,
        "shortcut": shortcut,
        "softmax": softmax,
        "upsample": upsample,
        "yolo": yolo,
    }
)
