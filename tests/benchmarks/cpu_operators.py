"""Single operators on the CPU: onnxruntime, TVM's default pipeline and sagectl, side by side.

    python -m tests.benchmarks.cpu_operators [--seconds 0.3] [OPERATOR ...]

CPU time at one thread, medians of interleaved runs on the same inputs, results compared first.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from statistics import geometric_mean
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.benchmarks.cpu_models import drawn, interleaved, machine, session
from tests.compiler.schedules.workbench import drawn as weights
from tests.compiler.schedules.workbench import model, node

if TYPE_CHECKING:
    from collections.abc import Callable

    from onnx import ModelProto

Shape = tuple[int, ...]
IMAGE: Shape = (1, 64, 56, 56)


def unary(operator: str, shape: Shape = (1, 128, 768), **attributes: Any) -> ModelProto:
    return model([node(operator, ["x"], **attributes)], {"x": shape})


def binary(operator: str, shape: Shape, other: Shape) -> ModelProto:
    return model([node(operator, ["x", "z"])], {"x": shape, "z": other})


def weighted(operator: str, shape: Shape, *sizes: Shape, **attributes: Any) -> ModelProto:
    names = [f"w{place}" for place in range(len(sizes))]
    values = {
        n: weights(*s, seed=i) / 8 for i, (n, s) in enumerate(zip(names, sizes, strict=True))
    }
    return model([node(operator, ["x", *names], **attributes)], {"x": shape}, values)


def given(operator: str, shape: Shape, *values: Any, **attributes: Any) -> ModelProto:
    """An operator with constant operands of any type; ``None`` leaves one out."""
    names = ["" if value is None else f"c{place}" for place, value in enumerate(values)]
    held = {n: np.asarray(v) for n, v in zip(names, values, strict=True) if n}
    return model([node(operator, ["x", *names], **attributes)], {"x": shape}, held)


def convolution(
    channels: int, size: int, kernel: int, groups: int = 1, **rest: Any
) -> ModelProto:
    pad = kernel // 2
    return weighted(
        "Conv", (1, channels, size, size), (channels, channels // groups, kernel, kernel),
        group=groups, pads=[pad] * 4, **rest,
    )  # fmt: skip


def argument() -> ModelProto:
    nodes = [node("ArgMax", ["x"], "a", axis=1), node("Cast", ["a"], to=1)]
    return model(nodes, {"x": (1, 21, 128, 128)})


def gather() -> ModelProto:
    places = np.random.default_rng(0).integers(0, 3000, (1, 128))
    return given("Gather", (3000, 384), places, axis=0)


def attention(length: int = 197, heads: int = 6, each: int = 64) -> ModelProto:
    nodes = [
        node("Transpose", ["k"], "t", perm=[0, 1, 3, 2]),
        node("MatMul", ["q", "t"], "s"),
        node("Mul", ["s", "scale"], "m"),
        node("Softmax", ["m"], "p", axis=-1),
        node("MatMul", ["p", "v"]),
    ]
    shape = (1, heads, length, each)
    return model(nodes, dict.fromkeys("qkv", shape), {"scale": np.float32(0.125)})


OPERATORS: dict[str, Callable[[], ModelProto]] = {
    "conv 3x3": lambda: convolution(64, 56, 3),
    "conv 1x1": lambda: convolution(128, 28, 1),
    "conv 7x7 stem": lambda: weighted(
        "Conv", (1, 3, 224, 224), (64, 3, 7, 7), strides=[2, 2], pads=[3] * 4
    ),
    "conv strided": lambda: convolution(128, 28, 3, strides=[2, 2]),
    "conv dilated": lambda: weighted(
        "Conv", (1, 64, 56, 56), (64, 64, 3, 3), dilations=[2, 2], pads=[2] * 4
    ),
    "conv grouped": lambda: convolution(128, 28, 3, 32),
    "conv depthwise": lambda: convolution(144, 56, 3, 144),
    "conv depthwise 5x5": lambda: convolution(240, 28, 5, 240),
    "conv transposed": lambda: weighted(
        "ConvTranspose", (1, 64, 28, 28), (64, 32, 2, 2), strides=[2, 2]
    ),
    "conv 1d": lambda: weighted("Conv", (1, 128, 200), (128, 128, 5), pads=[2, 2]),
    "conv 3d": lambda: weighted("Conv", (1, 8, 16, 28, 28), (16, 8, 3, 3, 3), pads=[1] * 6),
    "matmul": lambda: weighted("MatMul", (1, 128, 768), (768, 768)),
    "gemv": lambda: weighted("MatMul", (1, 2048), (2048, 1000)),
    "matmul of two": lambda: binary("MatMul", (12, 128, 64), (12, 64, 128)),
    "matrix times vector": lambda: binary("MatMul", (512, 512), (512,)),
    "attention": attention,
    "maxpool": lambda: unary(
        "MaxPool", (1, 64, 112, 112), kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4
    ),
    "maxpool few": lambda: unary(
        "MaxPool", (1, 3, 112, 112), kernel_shape=[2, 2], strides=[2, 2]
    ),
    "avgpool": lambda: unary("AveragePool", IMAGE, kernel_shape=[3, 3], pads=[1] * 4),
    "global avgpool": lambda: unary("GlobalAveragePool", IMAGE),
    "softmax": lambda: unary("Softmax", (12, 128, 128), axis=-1),
    "softmax channels": lambda: unary("Softmax", (1, 21, 128, 128), axis=1),
    "logsoftmax": lambda: unary("LogSoftmax", (128, 1000), axis=-1),
    "layernorm": lambda: weighted("LayerNormalization", (1, 128, 768), (768,), (768,)),
    "instancenorm": lambda: weighted("InstanceNormalization", IMAGE, (64,), (64,)),
    "batchnorm": lambda: given(
        "BatchNormalization", IMAGE, *[np.abs(weights(64, seed=i)) + 0.5 for i in range(4)]
    ),
    "lrn": lambda: unary("LRN", (1, 96, 27, 27), size=5),
    "mean last": lambda: unary("ReduceMean", axes=[-1], keepdims=1),
    "mean middle": lambda: unary("ReduceMean", axes=[1], keepdims=1),
    "sum channels": lambda: unary("ReduceMean", IMAGE, axes=[1], keepdims=1),
    "max all": lambda: unary("ReduceMax", keepdims=0),
    "l2": lambda: unary("ReduceL2", axes=[-1]),
    "argmax": argument,
    "add": lambda: binary("Add", IMAGE, IMAGE),
    "add channel": lambda: binary("Add", IMAGE, (1, 64, 1, 1)),
    "add row": lambda: binary("Add", (1, 128, 768), (768,)),
    "div": lambda: binary("Div", IMAGE, IMAGE),
    **{
        operator.lower(): (lambda operator=operator: unary(operator))
        for operator in (
            "Relu", "Sigmoid", "Tanh", "Exp", "Erf", "Log", "Sqrt", "Elu", "Selu", "Softplus",
            "HardSigmoid", "HardSwish", "LeakyRelu", "Abs", "Floor", "Round", "Sin", "Cos",
            "Softsign", "Celu", "Reciprocal",
        )
    },
    "pow": lambda: given("Pow", (1, 128, 768), np.float32(1.7)),
    "clip": lambda: given("Clip", (1, 128, 768), np.float32(-1), np.float32(1)),
    "prelu": lambda: weighted("PRelu", IMAGE, (64, 1, 1)),
    "transpose 2d": lambda: unary("Transpose", (1024, 1024), perm=[1, 0]),
    "transpose heads": lambda: unary("Transpose", (1, 128, 12, 64), perm=[0, 2, 1, 3]),
    "transpose nhwc": lambda: unary("Transpose", IMAGE, perm=[0, 2, 3, 1]),
    "gather": gather,
    "concat": lambda: model(
        [node("Concat", ["x", "z"], axis=1)], {"x": IMAGE, "z": IMAGE}
    ),
    "concat last": lambda: model(
        [node("Concat", ["x", "z"], axis=-1)], {"x": (128, 100), "z": (128, 77)}
    ),
    "slice": lambda: given(
        "Slice", IMAGE, np.array([0, 8]), np.array([32, 40]), np.array([1, 2])
    ),
    "pad": lambda: given("Pad", IMAGE, np.array([0, 0, 1, 1, 0, 0, 1, 1])),
    "resize nearest": lambda: given(
        "Resize", (1, 64, 28, 28), None, np.array([1, 1, 2, 2], "f4"), mode="nearest",
        coordinate_transformation_mode="asymmetric", nearest_mode="floor",
    ),
    "resize linear": lambda: given(
        "Resize", (1, 64, 28, 28), None, np.array([1, 1, 2, 2], "f4"), mode="linear"
    ),
    "depth to space": lambda: unary("DepthToSpace", (1, 64, 28, 28), blocksize=2),
    "expand": lambda: given("Expand", (1, 64, 1, 1), np.array([1, 64, 56, 56])),
    "where": lambda: model(
        [node("Greater", ["x", "z"], "g"), node("Where", ["g", "x", "z"])],
        {"x": IMAGE, "z": IMAGE},
    ),
    "cumsum": lambda: given("CumSum", (128, 768), np.int64(1)),
    "tile": lambda: given("Tile", (1, 64, 28, 28), np.array([1, 1, 2, 2])),
}  # fmt: skip


def measured(name: str, seconds: float) -> tuple[float, float]:
    """Print the row of one operator; return sagectl's time over onnxruntime's and TVM's."""
    proto = OPERATORS[name]()
    reference = session(proto, 1)
    feeds = drawn(reference)
    wanted = reference.run(None, feeds)[0]
    ours, _ = machine(proto, feeds, ours=True)
    np.testing.assert_allclose(ours().numpy(), wanted, rtol=1e-4, atol=1e-4, err_msg=name)
    engines = {"onnxruntime": lambda: reference.run(None, feeds), "sagectl": ours}
    try:
        engines["tvm"], _ = machine(proto, feeds, ours=False)
    except Exception as error:  # noqa: BLE001  # whatever TVM cannot import has no time
        print(f"{name}: TVM says {type(error).__name__}", file=sys.stderr)
    times = interleaved(engines, seconds, time.thread_time)
    default = times.get("tvm", float("nan"))
    ratios = times["sagectl"] / times["onnxruntime"], times["sagectl"] / default
    print(
        f"{name:22} {times['onnxruntime']:12.3f} {default:10.3f} {times['sagectl']:9.3f} "
        f"{ratios[0]:8.2f} {ratios[1]:8.2f}",
        flush=True,
    )
    return ratios


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("operators", nargs="*", metavar="OPERATOR", help=", ".join(OPERATORS))
    parser.add_argument("--seconds", type=float, default=0.3)
    asked = parser.parse_args()
    os.environ["TVM_NUM_THREADS"] = "1"
    load = os.getloadavg()[0]
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {load:.1f}; milliseconds")
    print(
        f"{'operator':22} {'onnxruntime':>12} {'tvm':>10} {'sagectl':>9} {'/ ort':>8} "
        f"{'/ tvm':>8}"
    )
    rows = [measured(name, asked.seconds) for name in asked.operators or OPERATORS]
    theirs = [ratio for ratio, _ in rows]
    default = [ratio for _, ratio in rows if ratio == ratio]
    print(
        f"geometric mean {geometric_mean(theirs):.3f} of onnxruntime, "
        f"{geometric_mean(default):.3f} of TVM's default (worst {max(default):.2f})"
    )


if __name__ == "__main__":
    main()
