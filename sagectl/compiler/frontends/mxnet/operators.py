"""MXNet's operators, each with what makes ONNX nodes of it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.mxnet import layers, shaping

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sagectl.compiler.frontends.mxnet.reading import Operation
    from sagectl.compiler.frontends.mxnet.symbol import Graph

    # The values that a node makes: one, or a list.
    Convert = Callable[[Graph, Operation, Sequence[str]], str | list[str]]

# numpy names of types -> ONNX numbers: what Cast is asked for.
_TYPES = {
    "float32": 1,
    "float64": 11,
    "float16": 10,
    "uint8": 2,
    "int8": 3,
    "int32": 6,
    "int64": 7,
}


def clipped(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    import numpy as np

    bounds = [graph.constant(np.float32(node.value(name, 0))) for name in ("a_min", "a_max")]
    return graph.add("Clip", [inputs[0], *bounds])


def converted(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    """Half precision is computed as float32."""
    dtype = node.value("dtype", "float32")
    node.only("dtype", "float32", *_TYPES)
    return graph.add("Cast", inputs, to=_TYPES["float32" if dtype == "float16" else dtype])


def passed(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    """What does nothing but in training."""
    return inputs[0]


def dropped(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    node.only("mode", "training")
    return inputs[0]


def chosen(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    condition = graph.add("Cast", inputs[:1], to=9)
    return graph.add("Where", [condition, *inputs[1:]])


def hard_sigmoid(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    slope, middle = (float(node.value(*each)) for each in (("alpha", 0.2), ("beta", 0.5)))
    return graph.add("HardSigmoid", inputs, alpha=slope, beta=middle)


def squared(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    return graph.add("Mul", [inputs[0], inputs[0]])


def inverse_root(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    return graph.add("Reciprocal", [graph.add("Sqrt", inputs)])


def plain(operator: str, **attributes: Any) -> Convert:
    """An operator that ONNX has under another name."""
    return lambda graph, node, inputs: graph.add(operator, inputs, **attributes)


def compared(operator: str) -> Convert:
    """A comparison, whose truth values are numbers in MXNet."""

    def convert(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
        return graph.add("Cast", [graph.add(operator, inputs)], to=1)

    return convert


def scalar(operator: str, *, is_left: bool = False, is_truth: bool = False) -> Convert:
    """An operator of a tensor and a number, which stands to the right, or to the left."""

    def convert(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
        import numpy as np

        number = graph.constant(np.float32(node.value("scalar", 0)))
        made = graph.add(operator, [number, inputs[0]] if is_left else [inputs[0], number])
        return graph.add("Cast", [made], to=1) if is_truth else made

    return convert


# ONNX's operator -> MXNet's names for it, old ones too.
_UNARY = {
    "Abs": ("abs",),
    "Ceil": ("ceil",),
    "Erf": ("erf",),
    "Exp": ("exp",),
    "Floor": ("floor",),
    "Log": ("log",),
    "Neg": ("negative",),
    "Reciprocal": ("reciprocal",),
    "Relu": ("relu",),
    "Sigmoid": ("sigmoid",),
    "Softsign": ("softsign",),
    "Sqrt": ("sqrt",),
    "Sum": ("ElementWiseSum", "add_n"),
    "Tanh": ("tanh",),
}
_BINARY = {
    "Add": ("_Plus", "_plus", "_add", "broadcast_add", "broadcast_plus", "elemwise_add"),
    "Div": ("_Div", "_div", "broadcast_div", "elemwise_div"),
    "Max": ("_Maximum", "_maximum", "broadcast_maximum"),
    "Min": ("_Minimum", "_minimum", "broadcast_minimum"),
    "Mul": ("_Mul", "_mul", "broadcast_mul", "elemwise_mul"),
    "Pow": ("_Power", "_power", "broadcast_power"),
    "Sub": ("_Minus", "_minus", "_sub", "broadcast_minus", "broadcast_sub", "elemwise_sub"),
}
# Of a tensor and a number: from the right, and from the left.
_SCALAR = {
    "Add": (("_PlusScalar", "_plus_scalar"), ()),
    "Div": (("_DivScalar", "_div_scalar"), ("_RDivScalar", "_rdiv_scalar")),
    "Max": (("_MaximumScalar", "_maximum_scalar"), ()),
    "Min": (("_MinimumScalar", "_minimum_scalar"), ()),
    "Mul": (("_MulScalar", "_mul_scalar"), ()),
    "Pow": (("_PowerScalar", "_power_scalar"), ("_RPowerScalar", "_rpower_scalar")),
    "Sub": (("_MinusScalar", "_minus_scalar"), ("_RMinusScalar", "_rminus_scalar")),
}
_COMPARED = {
    "Equal": "equal",
    "Greater": "greater",
    "GreaterOrEqual": "greater_equal",
    "Less": "lesser",
    "LessOrEqual": "lesser_equal",
}
_NAMED: Mapping[str, Convert] = MappingProxyType(
    {
        "Activation": layers.activation,
        "BatchNorm": layers.batch_norm,
        "BatchNorm_v1": layers.batch_norm,
        "BlockGrad": passed,
        "Cast": converted,
        "Concat": shaping.joined,
        "Convolution": layers.convolution,
        "Convolution_v1": layers.convolution,
        "Crop": shaping.cropped,
        "Deconvolution": layers.deconvolution,
        "Dropout": dropped,
        "Embedding": layers.embedding,
        "Flatten": shaping.flattened,
        "FullyConnected": layers.fully_connected,
        "InstanceNorm": layers.instance_norm,
        "L2Normalization": layers.unit_norm,
        "LRN": layers.normalised,
        "LayerNorm": layers.layer_norm,
        "LeakyReLU": layers.leaky,
        "LinearRegressionOutput": passed,
        "LogisticRegressionOutput": lambda graph, _node, inputs: graph.add(
            "Sigmoid", inputs[:1]
        ),
        "Pad": shaping.padded,
        "Pooling": layers.pooling,
        "Pooling_v1": layers.pooling,
        "Reshape": shaping.reshaped,
        "SliceChannel": shaping.parted,
        "Softmax": layers.softmax_output,
        "SoftmaxActivation": layers.softmax_activation,
        "SoftmaxOutput": layers.softmax_output,
        "SwapAxis": shaping.swapped,
        "UpSampling": layers.upsampled,
        "_contrib_AdaptiveAvgPooling2D": layers.average_to,
        "_contrib_BilinearResize2D": layers.resized,
        "_copy": passed,
        "batch_dot": shaping.product,
        "clip": clipped,
        "dot": shaping.product,
        "expand_dims": shaping.widened,
        "flatten": shaping.flattened,
        "hard_sigmoid": hard_sigmoid,
        "identity": passed,
        "log_softmax": layers.log_softmax,
        "max": shaping.reduced("ReduceMax"),
        "mean": shaping.reduced("ReduceMean"),
        "min": shaping.reduced("ReduceMin"),
        "prod": shaping.reduced("ReduceProd"),
        "reshape": shaping.reshaped,
        "rsqrt": inverse_root,
        "slice": shaping.sliced,
        "slice_axis": shaping.sliced_axis,
        "slice_like": shaping.sliced_like,
        "softmax": layers.softmax,
        "square": squared,
        "squeeze": shaping.squeezed,
        "stack": shaping.stacked,
        "sum": shaping.reduced("ReduceSum"),
        "tile": shaping.tiled,
        "transpose": shaping.transposed,
        "where": chosen,
    }
)
OPERATORS: Mapping[str, Convert] = MappingProxyType(
    {
        **_NAMED,
        **{name: plain(to) for to, names in _UNARY.items() for name in names},
        **{name: plain(to) for to, names in _BINARY.items() for name in names},
        **{name: scalar(to) for to, (names, _) in _SCALAR.items() for name in names},
        **{
            name: scalar(to, is_left=True)
            for to, (_, names) in _SCALAR.items()
            for name in names
        },
        **{f"broadcast_{name}": compared(to) for to, name in _COMPARED.items()},
        **{f"_{name}": compared(to) for to, name in _COMPARED.items()},
        **{f"_{name}_scalar": scalar(to, is_truth=True) for to, name in _COMPARED.items()},
    }
)
