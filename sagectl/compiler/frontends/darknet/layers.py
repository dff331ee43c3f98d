"""Darknet's layers as ONNX nodes, after the functions ``forward_*`` of its sources."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from sagectl.compiler.frontends.darknet.activations import activated
from sagectl.compiler.frontends.darknet.boxes import region, yolo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

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
    pad = size // 2 if section.whole("pad", 0) else section.whole("padding", 0)
    if size == 1:
        dilation = 1
    if dilation != 1 and 2 * pad != size - 1:
        raise ValueError(f"dilation {dilation} with padding {pad} of size {size}")
    pad *= dilation
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
    return activated(graph, section, made, "logistic"), result


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
    return activated(graph, section, graph.add("Gemm", names, transB=1), "logistic"), (
        count,
        outputs,
    )


def maxpool(graph: Graph, section: Section, x: str, shape: Shape) -> Made:
    count, channels, height, width = shape
    stride = section.whole("stride", 1)
    size = section.whole("size", stride)
    across, down = section.whole("stride_x", stride), section.whole("stride_y", stride)
    padding = section.whole("padding", size - 1)
    before, after = padding // 2, padding - padding // 2
    made = graph.add(
        "MaxPool",
        [x],
        kernel_shape=[size, size],
        strides=[down, across],
        pads=[before, before, after, after],
    )
    rows, columns = (
        (height + padding - size) // down + 1,
        (width + padding - size) // across + 1,
    )
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
    made, places = x, section.wholes("from")
    if not places:
        raise ValueError("it names no layer to add")
    for place in places:
        name, size = _earlier(graph, place)
        if size != shape:
            raise ValueError(f"layers of shapes {size} and {shape} are added")
        made = graph.add("Add", [made, name])
    return activated(graph, section, made, "linear"), shape


def _earlier(graph: Graph, place: int) -> Made:
    """A layer by its number, or by how far back it lies."""
    index = place if place >= 0 else len(graph.layers) + place
    if not 0 <= index < len(graph.layers):
        raise ValueError(f"there is no layer {place} before it")
    return graph.layers[index]


def upsample(graph: Graph, section: Section, x: str, shape: Shape) -> Made:
    import numpy as np

    stride = section.whole("stride", 2)
    if stride < 1:
        raise ValueError(f"stride {stride}: only larger images are made")
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
    if channels % area or height % stride or width % stride:
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


def scale_channels(graph: Graph, section: Section, x: str, shape: Shape) -> Made:
    """An earlier layer, each channel times its number in this one."""
    name, size = _earlier(graph, section.whole("from", -1))
    if section.whole("scale_wh", 0) or shape != (*size[:2], 1, 1):
        raise ValueError(f"a layer of shape {size} times one of {shape}")
    return activated(graph, section, graph.add("Mul", [name, x]), "linear"), size


def attention(graph: Graph, section: Section, x: str, shape: Shape) -> Made:
    """This layer times an earlier one, number by number."""
    name, size = _earlier(graph, section.whole("from", -1))
    if size != shape:
        raise ValueError(f"layers of shapes {size} and {shape} are multiplied")
    return activated(graph, section, graph.add("Mul", [x, name]), "linear"), shape


def activation(graph: Graph, section: Section, x: str, shape: Shape) -> Made:
    return activated(graph, section, x, "linear"), shape


def crop(graph: Graph, section: Section, x: str, shape: Shape) -> Made:
    """The middle of an image, its pixels brought to -1 to 1 unless they are not adjusted."""
    import numpy as np

    height, width = section.whole("crop_height", 1), section.whole("crop_width", 1)
    top, left = (shape[2] - height) // 2, (shape[3] - width) // 2
    if top < 0 or left < 0:
        raise ValueError(f"{height} by {width} of {shape[2]} by {shape[3]} pixels")
    bounds = ([top, left], [top + height, left + width], [2, 3])
    made = graph.add("Slice", [x, *(graph.constant(np.array(each)) for each in bounds)])
    if not section.whole("noadjust", 0):
        made = graph.add("Mul", [made, graph.constant(np.float32(2))])
        made = graph.add("Sub", [made, graph.constant(np.float32(1))])
    return made, (*shape[:2], height, width)


def unchanged(_graph: Graph, _section: Section, x: str, shape: Shape) -> Made:
    """What only training knows: dropout and cost."""
    return x, shape


LAYERS: Mapping[str, Layer] = MappingProxyType(
    {
        "activation": activation,
        "avg": avgpool,
        "avgpool": avgpool,
        "conn": connected,
        "connected": connected,
        "conv": convolutional,
        "convolutional": convolutional,
        "cost": unchanged,
        "crop": crop,
        "dropout": unchanged,
        "empty": unchanged,
        "max": maxpool,
        "maxpool": maxpool,
        "region": region,
        "reorg": reorg,
        "route": route,
        "sam": attention,
        "scale_channels": scale_channels,
        "shortcut": shortcut,
        "silence": unchanged,
        "soft": softmax,
        "softmax": softmax,
        "upsample": upsample,
        "yolo": yolo,
    }
)
# Those of them that take images, not rows.
IMAGES = frozenset(
    ("avg", "avgpool", "conv", "convolutional", "crop", "max", "maxpool", "region", "reorg")
) | {"upsample", "yolo"}
