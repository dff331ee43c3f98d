"""Elementwise operators: of one operand, of two that are broadcast, and of all types."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from onnx.helper import make_node

from tests.benchmarks.operators.building import fed, held, row, several

if TYPE_CHECKING:
    from tests.benchmarks.operators.building import Rows

IMAGE = (1, 64, 56, 56)
TEXT = (1, 128, 768)

UNARY = (
    "Relu", "Sigmoid", "Tanh", "Exp", "Erf", "Log", "Sqrt", "Elu", "Selu", "Softplus",
    "HardSigmoid", "HardSwish", "LeakyRelu", "Abs", "Neg", "Floor", "Ceil", "Round", "Sin",
    "Cos", "Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh", "Acosh", "Atanh", "Softsign",
    "Celu", "Reciprocal", "Sign", "Mish", "ThresholdedRelu", "IsNaN", "IsInf", "Identity",
)  # fmt: skip

# Operands, and what each pattern of broadcasting asks of a vector.
BROADCASTS = {
    "same": (IMAGE, IMAGE),
    "channel": (IMAGE, (1, 64, 1, 1)),
    "row": (TEXT, (768,)),
    "scalar": (IMAGE, ()),
    "column": (TEXT, (1, 128, 1)),
    "outer": ((128, 1), (1, 768)),
    "middle": ((8, 1, 64, 32), (8, 16, 1, 32)),
    "plane": (IMAGE, (56, 56)),
    "last of one": ((4, 128, 96, 1), (4, 128, 96, 7)),
    "odd": ((3, 5, 17, 31), (3, 5, 17, 31)),
    "odd row": ((127, 31), (31,)),
    "small": ((1, 10), (1, 10)),
}

TYPED = {
    f"{operator.lower()} {dtype}": row(operator, fed(64, 1000, dtype=dtype),
                                       fed(64, 1000, dtype=dtype))
    for operator, dtypes in {
        "Add": ("int32", "int64", "float16", "float64"),
        "Mul": ("int32", "int64", "float16", "float64"),
        "Div": ("int32", "int64", "float64"),
        "Less": ("int32", "int64", "float32"),
        "Equal": ("int32", "int64", "bool", "float32"),
        "And": ("bool",),
        "Xor": ("bool",),
        "Max": ("int32", "int64", "float32", "float16"),
        "Min": ("float32",),
        "Mod": ("int32", "int64"),
        "GreaterOrEqual": ("float32",),
    }.items()
    for dtype in dtypes
}  # fmt: skip

CASTS = (
    ("float32", "float16"), ("float16", "float32"), ("float32", "int32"), ("float32", "int64"),
    ("int32", "float32"), ("int64", "float32"), ("uint8", "float32"), ("float32", "uint8"),
    ("int8", "float32"), ("bool", "float32"), ("float32", "bool"), ("float32", "float64"),
    ("int64", "int32"), ("int32", "int64"),
)  # fmt: skip

KINDS = {
    "float32": 1, "uint8": 2, "int32": 6, "int64": 7, "bool": 9, "float16": 10, "float64": 11,
}  # fmt: skip

ELEMENTWISE: Rows = {
    **{name.lower(): row(name, fed(*TEXT), opset=18) for name in UNARY},
    **{f"{name.lower()} small": row(name, fed(1, 10)) for name in ("Relu", "Sigmoid", "Exp")},
    **{f"{name.lower()} odd": row(name, fed(3, 17, 31)) for name in ("Relu", "Sigmoid", "Erf")},
    **{f"{name.lower()} float64": row(name, fed(64, 1000, dtype="float64"))
       for name in ("Relu", "Exp", "Sqrt", "Tanh", "Sigmoid", "Erf", "Log")},
    **{f"{name.lower()} float16": row(name, fed(64, 1000, dtype="float16"))
       for name in ("Relu", "Exp", "Sqrt", "Tanh", "Sigmoid", "Erf")},
    "not": row("Not", fed(64, 1000, dtype="bool")),
    "abs int32": row("Abs", fed(64, 1000, dtype="int32")),
    "neg int64": row("Neg", fed(64, 1000, dtype="int64")),
    "gelu": row("Gelu", fed(*TEXT), opset=20),
    "gelu tanh": row("Gelu", fed(*TEXT), approximate="tanh", opset=20),
    **{f"add {name}": row("Add", fed(*a), fed(*b)) for name, (a, b) in BROADCASTS.items()},
    **{f"{name.lower()} two": row(name, fed(*IMAGE), fed(*IMAGE))
       for name in ("Sub", "Mul", "Div", "Pow", "Max", "Min", "Mean", "Sum")},
    "div channel": row("Div", fed(*IMAGE), fed(1, 64, 1, 1)),
    "div column": row("Div", fed(*TEXT), fed(1, 128, 1)),
    "sum of three": row("Sum", fed(*IMAGE), fed(*IMAGE), fed(*IMAGE)),
    "max of three": row("Max", fed(*IMAGE), fed(*IMAGE), fed(*IMAGE)),
    "pow": row("Pow", fed(*TEXT), np.float32(1.7)),
    "pow square": row("Pow", fed(*TEXT), np.float32(2)),
    "pow root": row("Pow", fed(*TEXT), np.float32(0.5)),
    "pow cube": row("Pow", fed(*TEXT), np.float32(3)),
    "mod float": row("Mod", fed(*TEXT), np.float32(0.7), fmod=1),
    "clip": row("Clip", fed(*TEXT), np.float32(-1), np.float32(1)),
    "clip int": row("Clip", fed(64, 1000, dtype="int32"), np.int32(3), np.int32(50)),
    "prelu": row("PRelu", fed(*IMAGE), held(64, 1, 1)),
    **TYPED,
    **{f"cast {a} to {b}": row("Cast", fed(64, 1000, dtype=a), to=KINDS[b]) for a, b in CASTS},
    "where": lambda: several(
        [make_node("Greater", ["x", "z"], ["g"]), make_node("Where", ["g", "x", "z"], ["y"])],
        {"x": fed(*IMAGE), "z": fed(*IMAGE)},
    ),
    "where mask": row("Where", fed(1, 1, 128, 128, dtype="bool"), fed(1, 12, 128, 128),
                      np.float32(-1e9)),
    "where column": row("Where", fed(128, 1, dtype="bool"), fed(128, 768), fed(128, 768)),
    "bitwise shift": row("BitShift", fed(64, 1000, dtype="uint8"), np.uint8(2),
                         direction="LEFT"),
    "quantise": row("QuantizeLinear", fed(*IMAGE), np.float32(0.02), np.uint8(128)),
    "dequantise": row("DequantizeLinear", fed(*IMAGE, dtype="uint8"), np.float32(0.02),
                      np.uint8(128)),
    "dequantise channel": row("DequantizeLinear", fed(*IMAGE, dtype="int8"), held(64),
                              axis=1),
}  # fmt: skip
