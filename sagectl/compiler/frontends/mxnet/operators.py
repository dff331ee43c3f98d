"""MXNet's operators as ONNX nodes, with MXNet's own defaults."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sagectl.compiler.frontends.mxnet.symbol import Graph, Operation

    Convert = Callable[[Graph, Operation, Sequence[str]], str]


def convolution(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    kernel = list(node.value("kernel", ()))
    rank = len(kernel)
    pad = list(node.value("pad", ())) or [0] * rank
    return graph.add(
        "Conv",
        inputs,
        kernel_shape=kernel,
        strides=list(node.value("stride", ())) or [1] * rank,
        dilations=list(node.value("dilate", ())) or [1] * rank,
        pads=pad * 2,
        group=int(node.value("num_group", 1)),
    )


def batch_norm(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    """A fixed gamma counts as one, whatever the file says; it is fixed by default."""
    import numpy as np

    if node.value("axis", 1) != 1:
        raise ValueError("axis other than 1")
    x, gamma, *rest = inputs
    if node.value("fix_gamma", True):
        gamma = graph.constant(np.ones_like(graph.params[gamma]))
    epsilon = float(node.value("eps", 1e-3))
    return graph.add("BatchNormalization", [x, gamma, *rest], epsilon=epsilon)


def fully_connected(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    x, *rest = inputs
    if not node.value("flatten", True):
        turned = graph.add("Transpose", [rest[0]], perm=[1, 0])
        made = graph.add("MatMul", [x, turned])
        return made if len(rest) == 1 else graph.add("Add", [made, rest[1]])
    return graph.add("Gemm", [graph.add("Flatten", [x], axis=1), *rest], transB=1)


def pooling(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    kind = node.value("pool_type", "max")
    if kind not in ("max", "avg"):
        raise ValueError(f"pool_type {kind}")
    if node.value("global_pool", False):
        return graph.add("GlobalMaxPool" if kind == "max" else "GlobalAveragePool", inputs)
    kernel = list(node.value("kernel", ()))
    counted: dict[str, Any] = {
        "count_include_pad": int(bool(node.value("count_include_pad", True)))
    }
    return graph.add(
        "MaxPool" if kind == "max" else "AveragePool",
        inputs,
        kernel_shape=kernel,
        strides=list(node.value("stride", ())) or [1] * len(kernel),
        pads=(list(node.value("pad", ())) or [0] * len(kernel)) * 2,
        ceil_mode=int(node.value("pooling_convention", "valid") == "full"),
        **(counted if kind == "avg" else {}),
    )


def activation(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    names = {"relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh", "softrelu": "Softplus",
             "softsign": "Softsign"}  # fmt: skip
    return graph.add(names[node.value("act_type", "relu")], inputs)


def leaky(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    import numpy as np

    kind, slope = node.value("act_type", "leaky"), float(node.value("slope", 0.25))
    if kind == "prelu":
        gamma = graph.params[inputs[1]]
        return graph.add("PRelu", [inputs[0], graph.constant(gamma.reshape(-1, 1, 1))])
    operators = {"leaky": "LeakyRelu", "elu": "Elu"}
    if kind not in operators:
        raise ValueError(f"act_type {kind}")
    return graph.add(operators[kind], inputs[:1], alpha=float(np.float32(slope)))


def softmax(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    return graph.add("Softmax", inputs[:1], axis=int(node.value("axis", -1)))


def softmax_output(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    return graph.add("Softmax", inputs[:1], axis=1)


def joined(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    return graph.add("Concat", inputs, axis=int(node.value("dim", 1)))


def reshaped(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    import numpy as np

    shape = node.value("shape", ())
    if any(size < -1 for size in shape) or node.value("reverse", False):
        raise ValueError(f"shape {shape}: only 0, -1 and sizes are compiled")
    return graph.add("Reshape", [inputs[0], graph.constant(np.array(shape, np.int64))])


def transposed(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    axes = list(node.value("axes", ()))
    order: dict[str, Any] = {"perm": axes} if axes else {}
    return graph.add("Transpose", inputs, **order)


def clipped(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    import numpy as np

    bounds = [graph.constant(np.float32(node.value(name, 0))) for name in ("a_min", "a_max")]
    return graph.add("Clip", [inputs[0], *bounds])


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


def normalised(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    return graph.add(
        "LRN",
        inputs,
        alpha=float(node.value("alpha", 1e-4)),
        beta=float(node.value("beta", 0.75)),
        bias=float(node.value("knorm", 2)),
        size=int(node.value("nsize", 5)),
    )


def passed(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
    """What does nothing but in training."""
    return inputs[0]


def plain(operator: str, **attributes: Any) -> Convert:
    """An operator that ONNX has under another name."""
    return lambda graph, node, inputs: graph.add(operator, inputs, **attributes)


def scalar(operator: str, *, is_left: bool = False) -> Convert:
    """An operator of a tensor and a number, which stands to the right, or to the left."""

    def convert(graph: Graph, node: Operation, inputs: Sequence[str]) -> str:
        import numpy as np

        number = graph.constant(np.float32(node.value("scalar", 0)))
        return graph.add(operator, [number, inputs[0]] if is_left else [inputs[0], number])

    return convert


_ADD, _SUB, _MUL, _DIV = (plain(name) for name in ("Add", "Sub", "Mul", "Div"))
OPERATORS: Mapping[str, Convert] = MappingProxyType(
    {
        "Activation": activation,
        "BatchNorm": batch_norm,
        "BlockGrad": passed,
        "Concat": joined,
        "Convolution": convolution,
        "Dropout": passed,
        "Flatten": plain("Flatten", axis=1),
        "FullyConnected": fully_connected,
        "LRN": normalised,
        "LeakyReLU": leaky,
        "LinearRegressionOutput": passed,
        "LogisticRegressionOutput": lambda graph, _node, inputs: graph.add(
            "Sigmoid", inputs[:1]
        ),
        "Pooling": pooling,
        "Reshape": reshaped,
        "SoftmaxActivation": softmax_output,
        "SoftmaxOutput": softmax_output,
        "UpSampling": upsampled,
        "_Plus": _ADD,
        "_copy": passed,
        "_div_scalar": scalar("Div"),
        "_minus_scalar": scalar("Sub"),
        "_mul_scalar": scalar("Mul"),
        "_plus_scalar": scalar("Add"),
        "_rdiv_scalar": scalar("Div", is_left=True),
        "_rminus_scalar": scalar("Sub", is_left=True),
        "broadcast_add": _ADD,
        "broadcast_div": _DIV,
        "broadcast_mul": _MUL,
        "broadcast_sub": _SUB,
        "clip": clipped,
        "elemwise_add": _ADD,
        "elemwise_div": _DIV,
        "elemwise_mul": _MUL,
        "elemwise_sub": _SUB,
        "exp": plain("Exp"),
        "flatten": plain("Flatten", axis=1),
        "identity": passed,
        "relu": plain("Relu"),
        "reshape": reshaped,
        "sigmoid": plain("Sigmoid"),
        "softmax": softmax,
        "sqrt": plain("Sqrt"),
        "tanh": plain("Tanh"),
        "transpose": transposed,
    }
)
