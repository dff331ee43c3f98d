"""What the importer converts rightly, and under which conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.onnx.graph import Unsupported

if TYPE_CHECKING:
    import numpy as np

    from sagectl.compiler.frontends.onnx.graph import Node

# Inputs that decide shapes or the code itself: known while compiling, or refused.
CONSTANT_INPUTS: dict[str, tuple[int, ...]] = {
    "AffineGrid": (1,),
    "ConstantOfShape": (0,),
    "CumSum": (1,),
    "Dropout": (2,),
    "Expand": (1,),
    "OneHot": (1,),
    "Pad": (1, 3),
    "Range": (0, 1, 2),
    "ReduceL1": (1,),
    "ReduceL2": (1,),
    "ReduceLogSum": (1,),
    "ReduceLogSumExp": (1,),
    "ReduceMax": (1,),
    "ReduceMean": (1,),
    "ReduceMin": (1,),
    "ReduceProd": (1,),
    "ReduceSum": (1,),
    "ReduceSumSquare": (1,),
    "Reshape": (1,),
    "Resize": (1, 2, 3),
    "Slice": (1, 2, 3, 4),
    "Split": (1,),
    "Squeeze": (1,),
    "Tile": (1,),
    "TopK": (1,),
    "Trilu": (1,),
    "Unsqueeze": (1,),
    "Upsample": (1,),
}

# What TVM's importer converts, written down because asking it takes seconds of loading TVM.
_IMPORTED = """
    Abs Acos Acosh Add AffineGrid AllClassNMS And ArgMax ArgMin Asin Asinh Atan Atanh
    Attention AveragePool BatchNormalization BiasGelu BitShift BitwiseAnd BitwiseNot
    BitwiseOr BitwiseXor Cast CastLike Ceil Clip Compress Concat ConcatFromSequence Constant
    ConstantOfShape Conv ConvTranspose Cos Cosh CumSum DepthToSpace DequantizeLinear Div
    Dropout DynamicQuantizeLinear Einsum Elu EmbedLayerNormalization Equal Erf Exp Expand
    EyeLike FastGelu Flatten Floor Gather GatherElements GatherND Gelu Gemm
    GlobalAveragePool GlobalLpPool GlobalMaxPool Greater GreaterOrEqual GridSample
    GroupNormalization HardSigmoid HardSwish Hardmax Identity InstanceNormalization IsInf
    IsNaN LRN LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax LpPool MatMul
    MatMulInteger MatMulInteger16 Max MaxPool MaxRoiPool MaxUnpool Mean
    MeanVarianceNormalization Min Mish Mod Mul Neg NonMaxSuppression NonZero Not OneHot
    Optional OptionalGetElement OptionalHasElement Or PRelu Pad Pow QuantizeLinear
    RMSNormalization Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp
    ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Resize
    RoiAlign Round Scatter ScatterElements ScatterND Selu SequenceAt SequenceConstruct
    SequenceEmpty SequenceErase SequenceInsert SequenceLength Shape Shrink Sigmoid Sign Sin
    Sinh Size SkipLayerNormalization Slice Softmax Softplus Softsign SpaceToDepth Split
    SplitToSequence Sqrt Squeeze Sub Sum Tan Tanh ThresholdedRelu Tile TopK Transpose Trilu
    Unique Unsqueeze Upsample Where Xor
"""
IMPORTED = frozenset(_IMPORTED.split())

# Their results are as large as their inputs' values say, which takes functions that only the
# compiler has, and no package.
SIZED_AT_RUN_TIME = frozenset({"Unique"})

# Known to TVM's importer, but better expanded into the body that ONNX's schema gives.
INLINED = frozenset(
    {
        "Attention",
        "MeanVarianceNormalization",
    }
)

ELEMENT_TYPES = frozenset(
    {
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float32", "float64"),
    }
)
# As ONNX spells them; numpy has no bfloat16, float8 or int4 of its own.
PORT_TYPES = frozenset(
    {
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float", "double", "float16"),
    }
)
HALF_TYPES = frozenset({"float16", "bfloat16"})
HALF_OPERATORS = frozenset({"Cast"})


def is_kept(node: Node) -> bool:
    """Whether the importer converts this operator itself."""
    return not node.domain and node.op not in INLINED and node.op in IMPORTED


def check_kept(node: Node) -> None:
    """Raise Unsupported for a form of a kept operator that would fail or come out wrong."""
    for value in node.inputs:
        if value is None or value.dtype is None:
            continue
        check_type(node, value.dtype, f"of {value.name!r}")
    if node.op in SIZED_AT_RUN_TIME:
        open_values = tuple(value for value in node.inputs if value is not None)
        raise Unsupported("the shape of its result is known at run time only", open_values)
    open_values = tuple(
        value
        for position in CONSTANT_INPUTS.get(node.op, ())
        if (value := node.input(position)) is not None and value.data is None
    )
    if open_values:
        names = ", ".join(repr(value.name) for value in open_values)
        raise Unsupported(f"{names} must be known at compile time", open_values)


def check_type(node: Node, dtype: np.dtype[Any], where: str) -> None:
    """Raise Unsupported for an element type that compiled code cannot hold."""
    if dtype.name in ELEMENT_TYPES or (dtype.name in HALF_TYPES and node.op in HALF_OPERATORS):
        return
    raise Unsupported(f"element type {dtype.name} {where}")
