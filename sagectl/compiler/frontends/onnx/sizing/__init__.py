"""Operators on values whose sizes a run finds: computed in full, the sizes carried along.

An element beyond a size means nothing and must reach none that does, so what has no rule here
is refused.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value

    Rule = Callable[[Node, Builder], list[Value | None]]

_ELEMENTWISE = """
    Abs Acos Acosh Add And Asin Asinh Atan Atanh BitwiseAnd BitwiseNot BitwiseOr BitwiseXor
    Cast Ceil Clip Cos Cosh Div Elu Equal Erf Exp Floor Gelu Greater GreaterOrEqual
    HardSigmoid HardSwish Identity IsInf IsNaN LeakyRelu Less LessOrEqual Log Max Min Mish Mod
    Mul Neg Not Or PRelu Pow Reciprocal Relu Round Selu Sigmoid Sign Sin Sinh Softplus
    Softsign Sqrt Sub Sum Tan Tanh ThresholdedRelu Where Xor
"""
_ROW_BY_ROW = """
    AveragePool BatchNormalization Conv ConvTranspose Gemm GlobalAveragePool GlobalMaxPool
    GroupNormalization InstanceNormalization LRN MatMul MaxPool
"""
_REDUCED = """
    ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd
    ReduceSum ReduceSumSquare
"""

# Operator -> module of this package, and the function in it: rule(node, pen) -> results.
RULES: dict[str, tuple[str, str]] = {
    **dict.fromkeys(_ELEMENTWISE.split(), ("alike", "elementwise")),
    **dict.fromkeys(_ROW_BY_ROW.split(), ("alike", "row_by_row")),
    **dict.fromkeys(_REDUCED.split(), ("reduced", "reduced")),
    "ArgMax": ("reduced", "placed"),
    "ArgMin": ("reduced", "placed"),
    "Compress": ("picked", "compressed"),
    "Concat": ("arranged", "joined"),
    "Expand": ("arranged", "expanded"),
    "Flatten": ("arranged", "flattened"),
    "Gather": ("picked", "gathered"),
    "GatherElements": ("picked", "gathered_elements"),
    "GatherND": ("picked", "gathered_slices"),
    "LayerNormalization": ("alike", "normalised"),
    "LogSoftmax": ("alike", "softmax"),
    "NonMaxSuppression": ("picked", "suppressed"),
    "NonZero": ("picked", "non_zero"),
    "Reshape": ("arranged", "reshaped"),
    "RoiAlign": ("picked", "pooled"),
    "ScatterND": ("picked", "scattered"),
    "Shape": ("arranged", "shape"),
    "Size": ("arranged", "size"),
    "Slice": ("arranged", "sliced"),
    "Softmax": ("alike", "softmax"),
    "Split": ("arranged", "split"),
    "Squeeze": ("arranged", "squeezed"),
    "TopK": ("reduced", "highest"),
    "Transpose": ("arranged", "transposed"),
    "Unsqueeze": ("arranged", "unsqueezed"),
}


def concerns(node: Node) -> bool:
    """Whether a value goes in whose size a run finds."""
    return any(value is not None and value.sizes for value in node.inputs)


def rule_of(node: Node) -> Rule | None:
    """How such a node is computed, if that is known."""
    found = None if node.domain else RULES.get(node.op)
    if found is None:
        return None
    rule: Rule = getattr(import_module(f"{__name__}.{found[0]}"), found[1])
    return rule
