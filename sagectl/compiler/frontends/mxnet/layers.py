"""MXNet's layers of networks as ONNX nodes, with MXNet's own defaults."""

from __future__ import annotations

from math import ceil, prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sagectl.compiler.frontends.mxnet.reading import Operation
    from sagectl.compiler.frontends.mxnet.symbol import Graph

# Layouts with channels behind the batch.
_LAYOUTS = ("NCHW", "NCW", "NCDHW")


def convolution(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    node.only("layout", *_LAYOUTS)
    kernel, stride, dilation, pad = _window(node)
    return graph.add(
        "Conv",
        inputs,
        kernel_shape=kernel,
        strides=stride,
        dilations=dilation,
        pads=pad * 2,
        group=int(node.value("num_group", 1)),
    )


def deconvolution(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    """A shape aimed at says where to cut, what is odd of it at the end."""
    node.only("layout", *_LAYOUTS)
    kernel, stride, dilation, pad = _window(node)
    more = list(node.value("adj", ())) or [0] * len(kernel)
    if target := node.value("target_shape", ()):
        sizes = graph.shape(inputs[0])[2:]
        given = zip(sizes, kernel, stride, dilation, target, strict=True)
        excess = [(n - 1) * s + d * (k - 1) + 1 - t for n, k, s, d, t in given]
        pad, more = [(each + 1) // 2 for each in excess], [each % 2 for each in excess]
    return graph.add(
        "ConvTranspose",
        inputs,
        kernel_shape=kernel,
        strides=stride,
        dilations=dilation,
        pads=pad * 2,
        output_padding=more,
        group=int(node.value("num_group", 1)),
    )


def _window(node: Operation) -> tuple[list[int], list[int], list[int], list[int]]:
    """Kernel, stride, dilation and padding in each direction."""
    kernel = list(node.value("kernel", ()))
    if not kernel:
        raise ValueError("it says no kernel")
    rank = len(kernel)
    stride = list(node.value("stride", ())) or [1] * rank
    dilation = list(node.value("dilate", ())) or [1] * rank
    return kernel, stride, dilation, list(node.value("pad", ())) or [0] * rank


def batch_norm(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    """A fixed gamma counts as one, whatever the file says; it is fixed by default."""
    import numpy as np

    node.only("axis", 1)
    x, gamma, *rest = inputs
    if node.value("fix_gamma", True):
        gamma = graph.constant(np.ones(graph.shape(rest[0]), np.float32))
    epsilon = float(node.value("eps", 1e-3))
    return graph.add("BatchNormalization", [x, gamma, *rest], epsilon=epsilon)


def instance_norm(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    epsilon = float(node.value("eps", 1e-3))
    return graph.add("InstanceNormalization", inputs, epsilon=epsilon)


def layer_norm(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    node.only("axis", -1)
    epsilon = float(node.value("eps", 1e-5))
    return graph.add("LayerNormalization", inputs, axis=-1, epsilon=epsilon)


def unit_norm(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    """L2Normalization: of each image, of the channels of a place, or of each channel."""
    import numpy as np

    rank = len(graph.shape(inputs[0]))
    modes = {"instance": range(1, rank), "channel": range(1, 2), "spatial": range(2, rank)}
    axes = graph.constant(np.array(modes[node.value("mode", "instance")], np.int64))
    total = graph.add("ReduceSumSquare", [inputs[0], axes], keepdims=1)
    least = graph.constant(np.float32(node.value("eps", 1e-10)))
    return graph.add("Div", [inputs[0], graph.add("Sqrt", [graph.add("Add", [total, least])])])


def fully_connected(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    x, *rest = inputs
    if not node.value("flatten", True):
        turned = graph.add("Transpose", [rest[0]], perm=[1, 0])
        made = graph.add("MatMul", [x, turned])
        return made if len(rest) == 1 else graph.add("Add", [made, rest[1]])
    return graph.add("Gemm", [graph.add("Flatten", [x], axis=1), *rest], transB=1)


def pooling(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    """The full convention takes in what is left at an end; padding counts in means."""
    kind = node.value("pool_type", "max")
    if kind not in ("max", "avg"):
        raise ValueError(f"pool_type {kind}")
    node.only("layout", *_LAYOUTS)
    if node.value("global_pool", False):
        return graph.add("GlobalMaxPool" if kind == "max" else "GlobalAveragePool", inputs)
    node.only("pooling_convention", "valid", "full")
    kernel, stride, _, pad = _window(node)
    x, ends = inputs[0], list(pad)
    if node.value("pooling_convention", "valid") == "full":
        sizes = graph.shape(x)[2:]
        ends = [_end(*each) for each in zip(sizes, kernel, stride, pad, strict=True)]
    window = {"kernel_shape": kernel, "strides": stride}
    if kind == "max":
        return graph.add("MaxPool", [x], pads=pad + ends, **window)
    if node.value("count_include_pad", True) and any(pad):
        # Padding counts; what the full convention adds behind it does not.
        x = _padded(graph, x, pad)
        ends = [end - each for end, each in zip(ends, pad, strict=True)]
        pad = [0] * len(pad)
    return graph.add("AveragePool", [x], pads=pad + ends, count_include_pad=0, **window)


def _end(size: int, kernel: int, stride: int, pad: int) -> int:
    """The padding behind that makes ``ceil`` of the count of windows."""
    last = ceil((size + 2 * pad - kernel) / stride) * stride
    if last >= size + pad:
        raise ValueError("a window of the full convention lies beyond its input")
    return last + kernel - size - pad


def _padded(graph: Graph, x: str, pad: Sequence[int]) -> str:
    import numpy as np

    amounts = np.array([0, 0, *pad] * 2, np.int64)
    return graph.add("Pad", [x, graph.constant(amounts)])


def average_to(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    """AdaptiveAvgPooling2D, of sizes that divide."""
    wanted = node.value("output_size", ()) or (1,)
    wanted = (wanted,) if isinstance(wanted, int) else tuple(wanted)
    sizes, wanted = graph.shape(inputs[0])[2:], wanted * (2 // len(wanted))
    if any(size % most for size, most in zip(sizes, wanted, strict=True)):
        raise ValueError(f"output_size {wanted} of {sizes} does not divide")
    kernel = [size // most for size, most in zip(sizes, wanted, strict=True)]
    return graph.add("AveragePool", inputs, kernel_shape=kernel, strides=kernel)


def activation(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    names = {"relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh", "softrelu": "Softplus",
             "softsign": "Softsign"}  # fmt: skip
    node.only("act_type", *names)
    return graph.add(names[node.value("act_type", "relu")], inputs)


def leaky(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    import numpy as np

    kind, slope = node.value("act_type", "leaky"), float(node.value("slope", 0.25))
    if kind == "prelu":
        slopes, rank = graph.parameter(inputs[1]), len(graph.shape(inputs[0]))
        # One slope for each channel, or one for all.
        shape = (-1, *[1] * (rank - 2)) if slopes.size > 1 else (1,)
        return graph.add("PRelu", [inputs[0], graph.constant(slopes.reshape(shape))])
    operators = {"leaky": "LeakyRelu", "elu": "Elu"}
    if kind == "selu":
        return graph.add("Selu", inputs[:1])
    if kind not in operators:
        raise ValueError(f"act_type {kind}")
    return graph.add(operators[kind], inputs[:1], alpha=float(np.float32(slope)))


def softmax(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    return _shared(graph, node, inputs, "Softmax")


def log_softmax(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    return _shared(graph, node, inputs, "LogSoftmax")


def _shared(graph: Graph, node: Operation, inputs: Sequence[str], operator: str) -> str:
    import numpy as np

    node.only("use_length", False)
    node.only("dtype", "float32")
    x = inputs[0]
    if (heat := float(node.value("temperature", 1))) != 1:
        x = graph.add("Div", [x, graph.constant(np.float32(heat))])
    return graph.add(operator, [x], axis=int(node.value("axis", -1)))


def softmax_activation(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    if node.value("mode", "instance") == "channel":
        return graph.add("Softmax", inputs[:1], axis=1)
    return _of_all(graph, inputs[0])


def softmax_output(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    """Over all that an image has, over its channels, or over the last dimension."""
    if node.value("multi_output", False):
        return graph.add("Softmax", inputs[:1], axis=1)
    if node.value("preserve_shape", False):
        return graph.add("Softmax", inputs[:1], axis=-1)
    return _of_all(graph, inputs[0])


def _of_all(graph: Graph, x: str) -> str:
    import numpy as np

    shape = graph.shape(x)
    if len(shape) <= 2:
        return graph.add("Softmax", [x], axis=-1)
    rows = graph.constant(np.array([shape[0], prod(shape[1:])], np.int64))
    made = graph.add("Softmax", [graph.add("Reshape", [x, rows])], axis=-1)
    return graph.add("Reshape", [made, graph.constant(np.array(shape, np.int64))])


def upsampled(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    import numpy as np

    scale = float(node.value("scale", 1))
    if node.value("sample_type", "nearest") != "nearest" or len(inputs) != 1:
        raise ValueError("only nearest, of one input, is compiled")
    scales = graph.constant(np.array([1, 1, scale, scale], np.float32))
    return graph.add(
        "Resize",
        [inputs[0], "", scales],
        mode="nearest",
        nearest_mode="floor",
        coordinate_transformation_mode="asymmetric",
    )


def resized(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    """BilinearResize2D to a height and width, its corners kept."""
    import numpy as np

    node.only("mode", "size")
    node.only("align_corners", True, False)
    wanted = [int(node.value(name, 0)) for name in ("height", "width")]
    if min(wanted) < 1 or len(inputs) != 1:
        raise ValueError("only a height and a width are compiled")
    sizes = np.array([*graph.shape(inputs[0])[:2], *wanted], np.int64)
    keeps = node.value("align_corners", True)
    return graph.add(
        "Resize",
        [inputs[0], "", "", graph.constant(sizes)],
        mode="linear",
        coordinate_transformation_mode="align_corners" if keeps else "half_pixel",
    )


def normalised(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    return graph.add(
        "LRN",
        inputs,
        alpha=float(node.value("alpha", 1e-4)),
        beta=float(node.value("beta", 0.75)),
        bias=float(node.value("knorm", 2)),
        size=int(node.value("nsize", 5)),
    )


def embedding(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    """Rows by numbers that MXNet holds as floats; those beyond an end are the end's."""
    import numpy as np

    rows = graph.shape(inputs[1])[0]
    bounds = [graph.constant(np.int64(each)) for each in (0, rows - 1)]
    whole = graph.add("Cast", [inputs[0]], to=7)
    return graph.add("Gather", [inputs[1], graph.add("Clip", [whole, *bounds])], axis=0)
