"""Models to measure and to prove: known architectures with random weights, made on the spot."""

from __future__ import annotations

from math import prod, sqrt
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Callable

OPSET = 17
LIGHT = (
    "bvlc_alexnet",
    "densenet121",
    "inception_v1",
    "inception_v2",
    "resnet50",
    "shufflenet",
    "squeezenet",
    "vgg19",
    "zfnet512",
)


class Graph:
    """A graph under construction; each method adds a node and returns its output's name."""

    def __init__(self, name: str, inputs: dict[str, tuple[int, ...]], seed: int = 0) -> None:
        self.name = name
        self.inputs = inputs
        self.nodes: list[Any] = []
        self.weights: list[Any] = []
        self.random = np.random.default_rng(seed)

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node of one output."""
        output = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [output], **attributes))
        return output

    def constant(self, value: Any) -> str:
        """Add an initializer."""
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def weight(self, *shape: int, scale: float | None = None) -> str:
        """Add a normally distributed initializer; by default it keeps the variance."""
        fan = prod(shape[1:]) if len(shape) == 4 else shape[0]
        spread = sqrt(1.6 / fan) if scale is None else scale
        return self.constant((self.random.standard_normal(shape) * spread).astype("f4"))

    def scalar(self, value: float) -> str:
        """Add a constant of no dimension."""
        return self.constant(np.float32(value))

    def ints(self, *values: int) -> str:
        """Add a vector of integers."""
        return self.constant(np.array(values, "i8"))

    def convolution(
        self,
        source: str,
        inputs: int,
        outputs: int,
        size: int,
        stride: int = 1,
        groups: int = 1,
    ) -> str:
        """Add a convolution that keeps the extent (over the stride), with its batch norm."""
        pad = size // 2
        made = self.node(
            "Conv",
            source,
            self.weight(outputs, inputs // groups, size, size),
            kernel_shape=[size, size],
            strides=[stride, stride],
            pads=[pad] * 4,
            group=groups,
        )
        drawn = self.random.uniform
        parts = (drawn(0.6, 1.4, outputs), drawn(-0.2, 0.2, outputs))
        moments = (drawn(-0.2, 0.2, outputs), drawn(0.6, 1.4, outputs))
        names = [self.constant(part.astype("f4")) for part in (*parts, *moments)]
        return self.node("BatchNormalization", made, *names)

    def dense(self, source: str, inputs: int, outputs: int) -> str:
        """Add a product with weights, and a bias."""
        made = self.node("MatMul", source, self.weight(inputs, outputs))
        return self.node("Add", made, self.weight(outputs, scale=0.1))

    def layer_norm(self, source: str, width: int) -> str:
        """Add a layer normalisation, spelled out as exporters did for long."""
        mean = self.node("ReduceMean", source, axes=[-1])
        distance = self.node("Sub", source, mean)
        square = self.node("Pow", distance, self.scalar(2.0))
        variance = self.node("ReduceMean", square, axes=[-1])
        spread = self.node("Sqrt", self.node("Add", variance, self.scalar(1e-5)))
        scaled = self.node(
            "Mul", self.node("Div", distance, spread), self.weight(width, scale=1)
        )
        return self.node("Add", scaled, self.weight(width, scale=0.1))

    def gelu(self, source: str) -> str:
        """Add a GELU, spelled out."""
        error = self.node("Erf", self.node("Div", source, self.scalar(sqrt(2.0))))
        shifted = self.node("Add", error, self.scalar(1.0))
        return self.node("Mul", self.node("Mul", source, shifted), self.scalar(0.5))

    def model(self, output: str) -> onnx.ModelProto:
        """Return the finished model."""
        inputs = [
            helper.make_tensor_value_info(
                name, TensorProto.INT64 if name == "tokens" else TensorProto.FLOAT, shape
            )
            for name, shape in self.inputs.items()
        ]
        result = helper.make_tensor_value_info(output, TensorProto.FLOAT, None)
        graph = helper.make_graph(self.nodes, self.name, inputs, [result], self.weights)
        opset = [helper.make_opsetid("", OPSET)]
        return onnx.shape_inference.infer_shapes(
            helper.make_model(graph, opset_imports=opset, ir_version=9)
        )


def mobilenet(size: int = 224) -> onnx.ModelProto:
    """A MobileNetV2-like net."""
    graph = Graph("mobilenet", {"image": (1, 3, size, size)})

    def clipped(source: str) -> str:
        return graph.node("Clip", source, graph.scalar(0.0), graph.scalar(6.0))

    value, channels = clipped(graph.convolution("image", 3, 32, 3, 2)), 32
    plan = (
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
        (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
    )  # fmt: skip
    for factor, outputs, count, first in plan:
        for place in range(count):
            stride, wide, before = (first if place == 0 else 1), channels * factor, value
            if factor > 1:
                value = clipped(graph.convolution(value, channels, wide, 1))
            value = clipped(graph.convolution(value, wide, wide, 3, stride, wide))
            value = graph.convolution(value, wide, outputs, 1)
            if stride == 1 and channels == outputs:
                value = graph.node("Add", before, value)
            channels = outputs
    value = clipped(graph.convolution(value, channels, 1280, 1))
    value = graph.node("Flatten", graph.node("GlobalAveragePool", value))
    return graph.model(graph.dense(value, 1280, 1000))


def residual(size: int = 224) -> onnx.ModelProto:
    """A ResNet18-like net."""
    graph = Graph("residual", {"image": (1, 3, size, size)})
    value = graph.node("Relu", graph.convolution("image", 3, 64, 7, 2))
    value = graph.node("MaxPool", value, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    channels = 64
    for outputs, first in ((64, 1), (128, 2), (256, 2), (512, 2)):
        for stride in (first, 1):
            inner = graph.node("Relu", graph.convolution(value, channels, outputs, 3, stride))
            inner = graph.convolution(inner, outputs, outputs, 3)
            if channels != outputs:
                value = graph.convolution(value, channels, outputs, 1, stride)
            value, channels = graph.node("Relu", graph.node("Add", value, inner)), outputs
    value = graph.node("Flatten", graph.node("GlobalAveragePool", value))
    return graph.model(graph.dense(value, channels, 1000))


def efficientnet(size: int = 224) -> onnx.ModelProto:
    """An EfficientNet-like net: squeeze and excitation, SiLU, large depthwise kernels."""
    graph = Graph("efficientnet", {"image": (1, 3, size, size)})

    def silu(source: str) -> str:
        return graph.node("Mul", source, graph.node("Sigmoid", source))

    def excited(source: str, wide: int, few: int) -> str:
        mean = graph.node("GlobalAveragePool", source)
        squeezed = silu(graph.node("Conv", mean, graph.weight(few, wide, 1, 1)))
        gates = graph.node("Conv", squeezed, graph.weight(wide, few, 1, 1))
        return graph.node("Mul", source, graph.node("Sigmoid", gates))

    value, channels = silu(graph.convolution("image", 3, 32, 3, 2)), 32
    plan = (
        (1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3),
        (6, 112, 3, 1, 5), (6, 192, 4, 2, 5), (6, 320, 1, 1, 3),
    )  # fmt: skip
    for factor, outputs, count, first, size_ in plan:
        for place in range(count):
            stride, wide, before = (first if place == 0 else 1), channels * factor, value
            if factor > 1:
                value = silu(graph.convolution(value, channels, wide, 1))
            value = silu(graph.convolution(value, wide, wide, size_, stride, wide))
            value = excited(value, wide, max(1, channels // 4))
            value = graph.convolution(value, wide, outputs, 1)
            if stride == 1 and channels == outputs:
                value = graph.node("Add", before, value)
            channels = outputs
    value = silu(graph.convolution(value, channels, 1280, 1))
    value = graph.node("Flatten", graph.node("GlobalAveragePool", value))
    return graph.model(graph.dense(value, 1280, 1000))


def _encoder(
    graph: Graph, value: str, length: int, width: int, heads: int, *, first: bool
) -> str:
    """One transformer layer; ``first`` normalises before each half, else after."""
    each = width // heads

    def split(source: str, order: list[int]) -> str:
        shaped = graph.node("Reshape", source, graph.ints(1, length, heads, each))
        return graph.node("Transpose", shaped, perm=order)

    def attention(source: str) -> str:
        query = split(graph.dense(source, width, width), [0, 2, 1, 3])
        key = split(graph.dense(source, width, width), [0, 2, 3, 1])
        content = split(graph.dense(source, width, width), [0, 2, 1, 3])
        scores = graph.node("Div", graph.node("MatMul", query, key), graph.scalar(sqrt(each)))
        mixed = graph.node("MatMul", graph.node("Softmax", scores, axis=-1), content)
        back = graph.node("Transpose", mixed, perm=[0, 2, 1, 3])
        joined = graph.node("Reshape", back, graph.ints(1, length, width))
        return graph.dense(joined, width, width)

    def forward(source: str) -> str:
        return graph.dense(graph.gelu(graph.dense(source, width, 4 * width)), 4 * width, width)

    for half in (attention, forward):
        if first:
            value = graph.node("Add", value, half(graph.layer_norm(value, width)))
        else:
            value = graph.layer_norm(graph.node("Add", value, half(value)), width)
    return value


def vit(size: int = 224, width: int = 384, layers: int = 4, heads: int = 6) -> onnx.ModelProto:
    """A vision transformer with patches of 16 pixels."""
    graph = Graph("vit", {"image": (1, 3, size, size)})
    patches = (size // 16) ** 2
    value = graph.node(
        "Conv", "image", graph.weight(width, 3, 16, 16), kernel_shape=[16, 16], strides=[16, 16]
    )
    value = graph.node("Reshape", value, graph.ints(1, width, patches))
    value = graph.node("Transpose", value, perm=[0, 2, 1])
    value = graph.node("Concat", graph.weight(1, 1, width, scale=1.0), value, axis=1)
    value = graph.node("Add", value, graph.weight(1, patches + 1, width, scale=0.1))
    for _ in range(layers):
        value = _encoder(graph, value, patches + 1, width, heads, first=True)
    value = graph.layer_norm(value, width)
    value = graph.node("Gather", value, graph.constant(np.int64(0)), axis=1)
    return graph.model(graph.dense(value, width, 1000))


def bert(
    length: int = 128, width: int = 384, layers: int = 4, heads: int = 12
) -> onnx.ModelProto:
    """A BERT-like encoder over tokens."""
    graph = Graph("bert", {"tokens": (1, length)})
    value = graph.node("Gather", graph.weight(3000, width, scale=0.5), "tokens")
    value = graph.node("Add", value, graph.weight(1, length, width, scale=0.5))
    value = graph.layer_norm(value, width)
    for _ in range(layers):
        value = _encoder(graph, value, length, width, heads, first=False)
    return graph.model(graph.node("Tanh", graph.dense(value, width, width)))


def speech(frames: int = 200, bands: int = 80, width: int = 256) -> onnx.ModelProto:
    """A speech net of convolutions along time, without recurrence."""
    graph = Graph("speech", {"features": (1, bands, frames)})
    value, channels = "features", bands
    for place in range(6):
        wide = 2 ** min(place, 3)
        made = graph.node(
            "Conv",
            value,
            graph.constant(
                (
                    graph.random.standard_normal((width, channels, 5)) * sqrt(0.4 / channels)
                ).astype("f4")
            ),
            kernel_shape=[5],
            dilations=[wide],
            pads=[2 * wide, 2 * wide],
        )
        value, channels = graph.node("Relu", made), width
    value = graph.node("Transpose", value, perm=[0, 2, 1])
    return graph.model(graph.node("LogSoftmax", graph.dense(value, width, 32), axis=-1))


def recurrent(
    kind: str = "LSTM", frames: int = 100, bands: int = 80, width: int = 256
) -> onnx.ModelProto:
    """A speech net of two recurrent layers, the first one both ways."""
    graph = Graph(kind.lower(), {"features": (frames, 1, bands)})
    rows = {"LSTM": 4, "GRU": 3}[kind] * width
    value, channels = "features", bands
    for directions in (2, 1):
        value = graph.node(
            kind,
            value,
            graph.weight(directions, rows, channels, scale=sqrt(1 / channels)),
            graph.weight(directions, rows, width, scale=sqrt(1 / width)),
            graph.weight(directions, 2 * rows, scale=0.1),
            hidden_size=width,
            direction="bidirectional" if directions == 2 else "forward",
        )
        channels = directions * width
        joined = graph.node("Transpose", value, perm=[0, 2, 1, 3])
        value = graph.node("Reshape", joined, graph.ints(frames, 1, channels))
    return graph.model(graph.node("LogSoftmax", graph.dense(value, channels, 32), axis=-1))


class Draws:
    """Random inputs for a calibration (onnxruntime asks for the method's name)."""

    def __init__(self, name: str, shape: list[int], count: int = 2) -> None:
        draws = (np.random.default_rng(seed).standard_normal(shape) for seed in range(count))
        self.feeds = iter([{name: draw.astype("f4")} for draw in draws])

    def get_next(self) -> Any:
        return next(self.feeds, None)


def quantised(model: onnx.ModelProto, **settings: Any) -> onnx.ModelProto:
    """A model with its weights and activations quantised to bytes, in QDQ form."""
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    (given,) = model.graph.input
    shape = [axis.dim_value for axis in given.type.tensor_type.shape.dim]
    with TemporaryDirectory() as folder:
        source, ready, made = (f"{folder}/{name}.onnx" for name in ("a", "b", "c"))
        onnx.save(model, source)
        quant_pre_process(source, ready, skip_symbolic_shape=True)
        quantize_static(
            ready,
            made,
            Draws(given.name, shape),
            quant_format=QuantFormat.QDQ,
            weight_type=QuantType.QInt8,
            **{"per_channel": True, "activation_type": QuantType.QUInt8, **settings},
        )
        return onnx.load(made)


def light(name: str) -> onnx.ModelProto:
    """One of the onnx package's architectures, its constant weights replaced by random ones."""
    folder = Path(onnx.__file__).parent / "backend/test/data/light"
    model = onnx.load(folder / f"light_{name}.onnx")
    graph, random = model.graph, np.random.default_rng(0)
    shapes = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    roles = {
        node.input[place]: role
        for node in graph.node
        if node.op_type == "BatchNormalization"
        for place, role in ((1, "scale"), (4, "variance"))
    }
    kept, made = [], []
    for node in graph.node:
        if node.op_type == "ConstantOfShape" and node.input[0] in shapes:
            extents = tuple(int(extent) for extent in shapes[node.input[0]])
            value = _weights(random, extents, roles.get(node.output[0], ""))
            made.append(numpy_helper.from_array(value, node.output[0]))
        else:
            kept.append(node)
    if kept[-1].op_type == "Softmax":
        # Over a thousand classes it would hide every difference.
        graph.output[0].name = kept.pop().input[0]
    used = {name for node in kept for name in node.input}
    made += [item for item in graph.initializer if item.name in used]
    inputs = [item for item in graph.input if item.name in used and item.name not in shapes]
    for field, members in (
        (graph.node, kept),
        (graph.initializer, made),
        (graph.input, inputs),
    ):
        del field[:]
        field.extend(members)
    graph.output[0].type.tensor_type.ClearField("shape")
    return model


def _weights(random: np.random.Generator, shape: tuple[int, ...], role: str) -> Any:
    if role:
        low, high = (0.5, 1.5) if role == "variance" else (0.1, 0.6)
        return random.uniform(low, high, shape).astype("f4")
    if len(shape) < 2:
        return (random.standard_normal(shape) * 0.1).astype("f4")
    fan = prod(shape[1:]) if len(shape) > 2 else max(shape)
    return (random.standard_normal(shape) * sqrt(2 / fan)).astype("f4")


MODELS: dict[str, Callable[[], onnx.ModelProto]] = {
    **{name: (lambda name=name: light(name)) for name in LIGHT},
    "mobilenet": mobilenet,
    "efficientnet": efficientnet,
    "vit": vit,
    "bert": bert,
    "speech": speech,
    "lstm": lambda: recurrent("LSTM"),
    "gru": lambda: recurrent("GRU"),
    "residual": residual,
    "residual-int8": lambda: quantised(residual()),
    "mobilenet-int8": lambda: quantised(mobilenet()),
}
