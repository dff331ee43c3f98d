"""REWRITES: operators written in terms of others, where the importer lacks or mistakes them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value

    # None leaves the node as it is.
    Rewrite = Callable[[Node, Builder], Value | Sequence[Value | None] | None]

MICROSOFT = "com.microsoft"
ML = "ai.onnx.ml"
TRAINING = "ai.onnx.preview.training"

# (domain, operator) -> module of this package with rewritten(node, pen).
REWRITES: dict[tuple[str, str], str] = {
    ("", "ArgMax"): "arg_extremes",
    ("", "ArgMin"): "arg_extremes",
    ("", "AveragePool"): "pooling",
    ("", "BatchNormalization"): "batch_normalization",
    ("", "BitCast"): "bit_cast",
    ("", "BitShift"): "bit_shift",
    ("", "CastLike"): "cast_like",
    ("", "Celu"): "elu",
    ("", "Clip"): "clip",
    ("", "Col2Im"): "col2im",
    ("", "Compress"): "compress",
    ("", "Concat"): "concat",
    ("", "ConvInteger"): "conv_integer",
    ("", "ConvTranspose"): "conv_transpose",
    ("", "CumProd"): "cumulative",
    ("", "CumSum"): "cumulative",
    ("", "DFT"): "dft",
    ("", "DequantizeLinear"): "quantise",
    ("", "Det"): "det",
    ("", "Div"): "div",
    ("", "Dropout"): "dropout",
    ("", "Elu"): "elu",
    ("", "Equal"): "equal",
    ("", "EyeLike"): "eye_like",
    ("", "GRU"): "recurrent",
    ("", "Gather"): "gather",
    ("", "GatherElements"): "inside",
    ("", "GatherND"): "inside",
    ("", "HardSigmoid"): "hard_sigmoid",
    ("", "IsInf"): "is_inf",
    ("", "LSTM"): "recurrent",
    ("", "LayerNormalization"): "layer_normalization",
    ("", "LpNormalization"): "lp_normalization",
    ("", "LpPool"): "pooling",
    ("", "MatMulInteger"): "matmul_integer",
    ("", "Max"): "extremes",
    ("", "MaxPool"): "max_pool",
    ("", "MaxRoiPool"): "max_roi_pool",
    ("", "MaxUnpool"): "max_unpool",
    ("", "MelWeightMatrix"): "mel_weight_matrix",
    ("", "Min"): "extremes",
    ("", "Mish"): "mish",
    ("", "Mod"): "mod",
    ("", "NonMaxSuppression"): "non_max_suppression",
    ("", "NonZero"): "non_zero",
    ("", "OneHot"): "one_hot",
    ("", "PRelu"): "prelu",
    ("", "Pad"): "pad",
    ("", "Pow"): "pow",
    ("", "QLinearConv"): "qlinear_conv",
    ("", "QLinearMatMul"): "qlinear_matmul",
    ("", "QuantizeLinear"): "quantise",
    ("", "RMSNormalization"): "rms_normalization",
    ("", "RNN"): "recurrent",
    ("", "ReduceL1"): "reduce",
    ("", "ReduceL2"): "reduce",
    ("", "ReduceLogSum"): "reduce",
    ("", "ReduceLogSumExp"): "reduce",
    ("", "ReduceMax"): "reduce",
    ("", "ReduceMean"): "reduce",
    ("", "ReduceMin"): "reduce",
    ("", "ReduceProd"): "reduce",
    ("", "ReduceSum"): "reduce",
    ("", "ReduceSumSquare"): "reduce",
    ("", "Resize"): "resize",
    ("", "ReverseSequence"): "reverse_sequence",
    ("", "RoiAlign"): "roi_align",
    ("", "STFT"): "stft",
    ("", "Scatter"): "scatter_elements",
    ("", "ScatterElements"): "scatter_elements",
    ("", "ScatterND"): "inside",
    ("", "Selu"): "elu",
    ("", "Sign"): "sign",
    ("", "SimplifiedLayerNormalization"): "simplified_layer_normalization",
    ("", "Slice"): "slice",
    ("", "Softplus"): "softplus",
    ("", "SpaceToDepth"): "space_to_depth",
    ("", "Split"): "split",
    ("", "Sum"): "sum",
    ("", "TensorScatter"): "tensor_scatter",
    ("", "ThresholdedRelu"): "thresholded_relu",
    ("", "TopK"): "top_k",
    ("", "Upsample"): "resize",
    (MICROSOFT, "Attention"): "ms_attention",
    (MICROSOFT, "BiasGelu"): "ms_gelu",
    (MICROSOFT, "DequantizeLinear"): "ms_quantise",
    (MICROSOFT, "DynamicQuantizeLSTM"): "ms_dynamic_quantize_lstm",
    (MICROSOFT, "DynamicQuantizeMatMul"): "ms_matmul_integer_to_float",
    (MICROSOFT, "EmbedLayerNormalization"): "ms_embed_normalization",
    (MICROSOFT, "FastGelu"): "ms_gelu",
    (MICROSOFT, "FusedConv"): "ms_fused_conv",
    (MICROSOFT, "FusedGemm"): "ms_fused_matmul",
    (MICROSOFT, "FusedMatMul"): "ms_fused_matmul",
    (MICROSOFT, "Gelu"): "ms_gelu",
    (MICROSOFT, "GroupQueryAttention"): "ms_group_query_attention",
    (MICROSOFT, "MatMulIntegerToFloat"): "ms_matmul_integer_to_float",
    (MICROSOFT, "MatMulNBits"): "ms_matmul_nbits",
    (MICROSOFT, "MultiHeadAttention"): "ms_attention",
    (MICROSOFT, "QGemm"): "ms_qlinear",
    (MICROSOFT, "QLinearAdd"): "ms_qlinear",
    (MICROSOFT, "QLinearAveragePool"): "ms_qlinear",
    (MICROSOFT, "QLinearConcat"): "ms_qlinear",
    (MICROSOFT, "QLinearGlobalAveragePool"): "ms_qlinear",
    (MICROSOFT, "QLinearLeakyRelu"): "ms_qlinear",
    (MICROSOFT, "QLinearMul"): "ms_qlinear",
    (MICROSOFT, "QLinearSigmoid"): "ms_qlinear",
    (MICROSOFT, "QLinearSoftmax"): "ms_qlinear",
    (MICROSOFT, "QuantizeLinear"): "ms_quantise",
    (MICROSOFT, "QuickGelu"): "ms_gelu",
    (MICROSOFT, "RotaryEmbedding"): "ms_rotary_embedding",
    (MICROSOFT, "SkipLayerNormalization"): "ms_skip_normalization",
    (MICROSOFT, "SkipSimplifiedLayerNormalization"): "ms_skip_normalization",
    (MICROSOFT, "TransposeMatMul"): "ms_fused_matmul",
    (ML, "ArrayFeatureExtractor"): "ml_array_feature_extractor",
    (ML, "Binarizer"): "ml_binarizer",
    (ML, "FeatureVectorizer"): "ml_feature_vectorizer",
    (ML, "Imputer"): "ml_imputer",
    (ML, "LabelEncoder"): "ml_label_encoder",
    (ML, "LinearClassifier"): "ml_linear",
    (ML, "LinearRegressor"): "ml_linear",
    (ML, "Normalizer"): "ml_normalizer",
    (ML, "OneHotEncoder"): "ml_one_hot_encoder",
    (ML, "SVMClassifier"): "ml_svm",
    (ML, "SVMRegressor"): "ml_svm",
    (ML, "Scaler"): "ml_scaler",
    (ML, "TreeEnsemble"): "ml_tree_ensemble",
    (ML, "TreeEnsembleClassifier"): "ml_tree_classifier",
    (ML, "TreeEnsembleRegressor"): "ml_tree_ensemble",
    (TRAINING, "Adagrad"): "training_optimizers",
    (TRAINING, "Adam"): "training_optimizers",
    (TRAINING, "Momentum"): "training_optimizers",
}


def rewrite_of(node: Node) -> Rewrite | None:
    """The rewrite that looks at this node first, if there is one."""
    module = REWRITES.get((node.domain, node.op))
    if module is None:
        return None
    rewrite: Rewrite = import_module(f"{__name__}.{module}").rewritten
    return rewrite
