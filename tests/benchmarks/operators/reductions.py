"""Reductions over every combination of axes, normalisations, and what searches a row."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from onnx.helper import make_node

from tests.benchmarks.operators.building import fed, held, row, several

if TYPE_CHECKING:
    from tests.benchmarks.operators.building import Rows

IMAGE = (1, 64, 56, 56)
CUBE = (24, 40, 96)

ALL_AXES = [axes for count in (1, 2, 3) for axes in combinations(range(3), count)]


def _argument(operator: str, shape: tuple[int, ...], axis: int) -> Rows:
    return {
        f"{operator.lower()} {axis} of {'x'.join(map(str, shape))}": row(
            operator, fed(*shape), axis=axis
        )
    }


REDUCTIONS: Rows = {
    **{f"mean {''.join(map(str, axes))} of 3{' kept' if keep else ''}": row(
        "ReduceMean", fed(*CUBE), axes=axes, keepdims=keep)
       for axes in ALL_AXES for keep in (0, 1)},
    **{f"max {''.join(map(str, axes))} of 3": row("ReduceMax", fed(*CUBE), axes=axes)
       for axes in ALL_AXES},
    **{f"{name[6:].lower()} {axis}": row(name, fed(*CUBE), axes=[axis])
       for name in ("ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMin",
                    "ReduceProd", "ReduceSumSquare") for axis in (1, 2)},
    "sum batch": row("ReduceSum", fed(8, 64, 28, 28), np.array([0, 2, 3])),
    "mean image": row("ReduceMean", fed(8, 64, 28, 28), axes=[2, 3]),
    "mean channels": row("ReduceMean", fed(*IMAGE), axes=[1], keepdims=1),
    "mean odd": row("ReduceMean", fed(17, 31, 5), axes=[1]),
    "mean odd last": row("ReduceMean", fed(31, 17, 5), axes=[2]),
    "mean 127": row("ReduceMean", fed(31, 127), axes=[1]),
    "mean first of narrow": row("ReduceMean", fed(4096, 3), axes=[0]),
    "mean last of narrow": row("ReduceMean", fed(65536, 3), axes=[1]),
    "max all": row("ReduceMax", fed(1, 128, 768), keepdims=0),
    "sum all": row("ReduceSum", fed(1, 128, 768), keepdims=0),
    "sum int32": row("ReduceSum", fed(64, 1000, dtype="int32"), np.array([1])),
    "sum int64": row("ReduceSum", fed(64, 1000, dtype="int64"), np.array([1])),
    "sum int64 first": row("ReduceSum", fed(1000, 64, dtype="int64"), np.array([0])),
    "sum float64": row("ReduceSum", fed(64, 1000, dtype="float64"), np.array([1])),
    "max int32": row("ReduceMax", fed(64, 1000, dtype="int32"), axes=[1]),
    "max uint8": row("ReduceMax", fed(64, 1000, dtype="uint8"), axes=[1]),
    "mean small": row("ReduceMean", fed(1, 10), axes=[1]),
    **{f"{name.lower()} {label}": row(name, fed(*shape), axis=axis)
       for name in ("Softmax", "LogSoftmax") for label, shape, axis in (
           ("last", (12, 128, 128), -1), ("long", (128, 1000), -1), ("odd", (64, 127), -1),
           ("narrow", (4096, 5), -1), ("middle", (1, 21, 128, 128), 1), ("first", (128, 96), 0),
           ("one", (1, 1000), -1), ("short", (1, 10), -1), ("middle odd", (4, 17, 31), 1),
           ("huge", (2, 50257), -1))},
    "softmax float16": row("Softmax", fed(128, 1000, dtype="float16"), axis=-1),
    "softmax float64": row("Softmax", fed(128, 1000, dtype="float64"), axis=-1),
    "hardmax": row("Hardmax", fed(128, 1000), axis=-1),
    "layernorm": row("LayerNormalization", fed(1, 128, 768), held(768), held(768)),
    "layernorm odd": row("LayerNormalization", fed(31, 127), held(127), held(127)),
    "layernorm two axes": row("LayerNormalization", fed(16, 24, 96), held(24, 96),
                              held(24, 96), axis=1),
    "layernorm no bias": row("LayerNormalization", fed(1, 128, 768), held(768)),
    "rmsnorm": row("RMSNormalization", fed(1, 128, 768), held(768), opset=23),
    "instancenorm": row("InstanceNormalization", fed(*IMAGE), held(64), held(64)),
    "instancenorm odd": row("InstanceNormalization", fed(2, 5, 17, 31), held(5), held(5)),
    "instancenorm 1d": row("InstanceNormalization", fed(2, 64, 200), held(64), held(64)),
    "groupnorm": row("GroupNormalization", fed(*IMAGE), held(64), held(64), num_groups=8,
                     opset=21),
    "batchnorm": row("BatchNormalization", fed(*IMAGE), held(64), held(64), held(64),
                     np.linspace(0.5, 2, 64, dtype="f4")),
    "batchnorm 1d": row("BatchNormalization", fed(64, 200), held(200), held(200), held(200),
                        np.linspace(0.5, 2, 200, dtype="f4")),
    "lp norm": row("LpNormalization", fed(128, 768), axis=-1),
    "lp norm first": row("LpNormalization", fed(128, 768), axis=0),
    "mean variance": row("MeanVarianceNormalization", fed(4, 32, 28, 28)),
    "lrn": row("LRN", fed(1, 96, 27, 27), size=5),
    "lrn wide": row("LRN", fed(2, 64, 56, 56), size=9),
    "lrn odd": row("LRN", fed(1, 17, 13, 13), size=3),
    **_argument("ArgMax", (1, 21, 128, 128), 1),
    **_argument("ArgMax", (64, 1000), 1),
    **_argument("ArgMin", (64, 1000), 0),
    **_argument("ArgMin", (16, 31, 17), 2),
    **_argument("ArgMax", (1, 10), 1),
    "argmax int32": row("ArgMax", fed(64, 1000, dtype="int32"), axis=1),
    "topk": row("TopK", fed(16, 1000), np.array([5]), outputs=2),
    "topk first": row("TopK", fed(1000, 16), np.array([5]), axis=0, outputs=2),
    "topk one": row("TopK", fed(1, 8400), np.array([100]), outputs=2),
    "cumsum": row("CumSum", fed(128, 768), np.int64(1)),
    "cumsum first": row("CumSum", fed(128, 768), np.int64(0)),
    "cumsum reverse": row("CumSum", fed(128, 768), np.int64(1), reverse=1),
    "cumsum int64": row("CumSum", fed(128, 768, dtype="int64"), np.int64(1)),
    "unique norm": lambda: several(
        [make_node("ReduceL2", ["x"], ["n"], axes=[-1], keepdims=1),
         make_node("Div", ["x", "n"], ["y"])],
        {"x": fed(128, 768)},
    ),
}  # fmt: skip
