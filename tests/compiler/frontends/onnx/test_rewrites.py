"""Each rewrite computes what onnxruntime computes."""

from __future__ import annotations

import numpy as np
import pytest

from tests.compiler.frontends.onnx.harness import assert_same, compiled_results, model_of

# What is no number stays none, wherever it is in a vector.
UNORDERED = {
    "max": "g (float[9] x, float[9] z) => (float[9] y) { y = Max(x, z) }",
    "min_of_three": "g (float[9] x, float[9] z) => (float[9] y) { y = Min(x, z, x) }",
    "max_with_constant": "g (float[9] x) => (float[9] y) <float c = {0.5}> { y = Max(x, c) }",
    "elu": "g (float[9] x) => (float[9] y) { y = Elu <alpha = 0.7> (x) }",
    "selu": "g (float[9] x) => (float[9] y) { y = Selu(x) }",
    "celu": "g (float[9] x) => (float[9] y) { y = Celu <alpha = 2.0> (x) }",
    "hard_sigmoid": "g (float[9] x) => (float[9] y) { y = HardSigmoid(x) }",
    "sign": "g (float[9] x) => (float[9] y) { y = Sign(x) }",
    "thresholded_relu": "g (float[9] x) => (float[9] y) { y = ThresholdedRelu(x) }",
    "clip": """g (float[9] x) => (float[9] y) <float l = {-1}, float h = {1}>
        { y = Clip(x, l, h) }""",
}
ONNX = {
    "sign_of_unsigned": "g (uint8[9] x) => (uint8[9] y) { y = Sign(x) }",
    "equal_truths": """g (float[9] x, float[9] z) => (bool[9] y)
        { a = Greater(x, z) b = IsNaN(x) y = Equal(a, b) }""",
    "sum": "g (float[2,3] a, float[3] b, float[2,1] c) => (float[2,3] y) { y = Sum(a, b, c) }",
    "cast_like": "g (float[4] a, int32[1] b) => (int32[4] y) { y = CastLike(a, b) }",
    "layer_normalization_outputs": """g (float[2,3,4] x, float[3,4] s, float[3,4] b)
        => (float[2,3,4] y, float[2,1,1] m, float[2,1,1] d)
        { y, m, d = LayerNormalization <axis = 1> (x, s, b) }""",
    "lp_normalization": """g (float[3,4] x) => (float[3,4] y)
        { y = LpNormalization <axis = 1, p = 1> (x) }""",
    "pow_of_types": "g (float[4] a, int64[4] b) => (float[4] y) { y = Pow(a, b) }",
    "fmod": "g (float[6] a, float[6] b) => (float[6] y) { y = Mod <fmod = 1> (a, b) }",
    "is_inf_negative": """g (float[4] x) => (bool[4] y)
        { l = Log(x) y = IsInf <detect_positive = 0> (l) }""",
    "prelu_per_channel": """g (float[2,3,4,4] x) => (float[2,3,4,4] y)
        <float[3,1,1] s = {0.1, 0.2, 0.3}> { y = PRelu(x, s) }""",
    "dropout_mask": """g (float[2,3] x) => (float[2,3] y, bool[2,3] m)
        { y, m = Dropout(x) }""",
    "one_hot": """g (int64[2,3] i, float[2] v) => (float[2,4,3] y)
        <int64 d = {4}> { y = OneHot <axis = 1> (i, d, v) }""",
    "eye_like": "g (float[3,4] x) => (float[3,4] y) { y = EyeLike <k = 1> (x) }",
    "clip_at_run_time": """g (float[5] x, float l, float h) => (float[5] y)
        { m = Max(l, h) y = Clip(x, l, m) }""",
    "conv_transpose_output_shape": """g (float[1,2,4,4] x, float[2,3,3,3] w)
        => (float[1,3,9,9] y)
        { y = ConvTranspose <strides = [2,2], output_shape = [9,9]> (x, w) }""",
    "bit_shift": """g (uint8[4] a, uint8[4] b) => (uint8[4] y)
        { y = BitShift <direction = "LEFT"> (a, b) }""",
    "cumulative_sum": """g (float[2,5] x) => (float[2,5] y) <int64 a = {1}>
        { y = CumSum <exclusive = 1, reverse = 1> (x, a) }""",
    "mish": "g (float[50] x) => (float[50] y) { y = Mish(x) }",
    "softplus": "g (float[50] x) => (float[50] y) { y = Softplus(x) }",
    "gather": """g (float[4,3] x, int64[2,2] i) => (float[2,2,3] y) { y = Gather(x, i) }""",
    "reverse_sequence": """g (float[4,3] x, int64[3] l) => (float[4,3] y)
        { one = Constant <value_int = 1> () n = Add(l, one) y = ReverseSequence(x, n) }""",
    "batch_normalization_training": """g (float[4,3,2] x, float[3] s, float[3] b, float[3] m,
        float[3] v) => (float[4,3,2] y, float[3] n, float[3] w)
        { p = Mul(v, v) y, n, w = BatchNormalization <training_mode = 1> (x, s, b, m, p) }""",
    "reduce_max_infinite": """g (float[2,3] x) => (float[2] y)
        <float z = {-inf}, int64[1] a = {1}>
        { t = Add(x, z) y = ReduceMax <keepdims = 0> (t, a) }""",
    "reduce_over_nothing": """g (float[2,3] x) => (float[2,3] y)
        { y = ReduceL1 <noop_with_empty_axes = 1> (x) }""",
    "dft": """g (float[2,8,1] x) => (float[2,5,2] y)
        { y = DFT <axis = 1, onesided = 1> (x) }""",
    "stft": """g (float[1,32,1] x, float[8] w) => (float[1,7,5,2] y)
        <int64 s = {4}, int64 n = {8}> { y = STFT(x, s, w, n) }""",
    "col2im": """g (float[1,8,9] x) => (float[1,2,4,4] y)
        <int64[2] i = {4,4}, int64[2] b = {2,2}> { y = Col2Im(x, i, b) }""",
    "det": "g (float[2,3,3] x) => (float[2] y) { y = Det(x) }",
    "max_pool_indices": """g (float[1,2,5,5] x) => (float[1,2,2,2] y, int64[1,2,2,2] i)
        { y, i = MaxPool <kernel_shape = [3,3], strides = [2,2]> (x) }""",
    "max_unpool": """g (float[1,1,4,4] x) => (float[1,1,4,4] y)
        { p, i = MaxPool <kernel_shape = [2,2], strides = [2,2]> (x)
          y = MaxUnpool <kernel_shape = [2,2], strides = [2,2]> (p, i) }""",
    "pad_reflect": """g (float[3,4] x) => (float[5,7] y) <int64[4] p = {1,2,1,1}>
        { y = Pad <mode = "reflect"> (x, p) }""",
    "pad_value_at_run_time": """g (float[3,4] x, float v) => (float[4,3] y)
        <int64[4] p = {1,-1,0,0}> { y = Pad(x, p, v) }""",
    "space_to_depth": """g (float[1,2,4,4] x) => (float[1,8,2,2] y)
        { y = SpaceToDepth <blocksize = 2> (x) }""",
    "conv_integer": """g (uint8[1,2,5,5] x, uint8[3,2,3,3] w) => (int32[1,3,3,3] y)
        <uint8 z = {1}> { y = ConvInteger(x, w, z) }""",
    "matmul_integer": """g (uint8[2,4] a, int8[4,3] b) => (int32[2,3] y)
        <uint8 z = {1}, int8[3] v = {0,1,2}> { y = MatMulInteger(a, b, z, v) }""",
    "dynamic_quantize_linear": """g (float[3,4] x) => (uint8[3,4] y, float s, uint8 z)
        { y, s, z = DynamicQuantizeLinear(x) }""",
    "qlinear_matmul": """g (uint8[2,4] a, uint8[4,3] b) => (uint8[2,3] y)
        <float s = {0.5}, uint8 z = {1}, float t = {0.25}, uint8 u = {9}>
        { y = QLinearMatMul(a, s, z, b, s, z, t, u) }""",
    "qlinear_conv": """g (uint8[1,2,5,5] x, int8[3,2,3,3] w) => (uint8[1,3,3,3] y)
        <float s = {0.5}, uint8 z = {1}, float[3] v = {0.1,0.2,0.3}, int8[3] o = {0,0,0},
         float t = {0.25}, uint8 u = {9}, int32[3] b = {5,6,7}>
        { y = QLinearConv(x, s, z, w, v, o, t, u, b) }""",
    "half_precision": """g (float16[2,3] a, float16[3,2] b) => (float16[2,2] y)
        { m = MatMul(a, b) y = Relu(m) }""",
}
RESIZE = {
    "nearest_sizes": '<mode = "nearest", nearest_mode = "ceil">(x, , , n)',
    "linear_half_pixel": '<mode = "linear">(x, , s)',
    "linear_align_corners": """<mode = "linear",
        coordinate_transformation_mode = "align_corners">(x, , s)""",
    "linear_antialias": '<mode = "linear", antialias = 1>(x, , h)',
    "cubic_asymmetric": """<mode = "cubic", coordinate_transformation_mode = "asymmetric">
        (x, , s)""",
    "cubic_exclude_outside": '<mode = "cubic", exclude_outside = 1>(x, , h)',
    "crop_and_resize": """<mode = "linear", extrapolation_value = 3.0,
        coordinate_transformation_mode = "tf_crop_and_resize">(x, r, , n)""",
}
MICROSOFT = {
    "fused_conv": """g (float[1,2,5,5] x, float[3,2,3,3] w, float[3] b)
        => (float[1,3,3,3] y) { y = com.microsoft.FusedConv
        <activation = "Relu", kernel_shape = [3,3]> (x, w, b) }""",
    "fused_matmul": """g (float[3,2] a, float[3,4] b) => (float[2,4] y)
        { y = com.microsoft.FusedMatMul <transA = 1, alpha = 0.5> (a, b) }""",
    "gelu": "g (float[20] x) => (float[20] y) { y = com.microsoft.Gelu(x) }",
    "fast_gelu": """g (float[2,4] x, float[4] b) => (float[2,4] y)
        { y = com.microsoft.FastGelu(x, b) }""",
    "bias_gelu": """g (float[2,4] x, float[4] b) => (float[2,4] y)
        { y = com.microsoft.BiasGelu(x, b) }""",
    "quick_gelu": "g (float[20] x) => (float[20] y) { y = com.microsoft.QuickGelu(x) }",
    "skip_layer_normalization": """g (float[1,3,4] x, float[1,3,4] s, float[4] g, float[4] b)
        => (float[1,3,4] y) { y = com.microsoft.SkipLayerNormalization <epsilon = 0.001>
        (x, s, g, b) }""",
    "skip_simplified_layer_normalization": """g (float[1,3,4] x, float[1,3,4] s, float[4] g)
        => (float[1,3,4] y)
        { y = com.microsoft.SkipSimplifiedLayerNormalization <epsilon = 0.001> (x, s, g) }""",
    "embed_layer_normalization": """g (int32[2,3] w, int32[2,3] s, float[5,4] a, float[3,4] b,
        float[3,4] c, float[4] g, float[4] d) => (float[2,3,4] y, int32[2] m)
        { y, m = com.microsoft.EmbedLayerNormalization(w, s, a, b, c, g, d) }""",
    "attention": """g (float[2,3,8] x, float[8,24] w, float[24] b, int32[2,3] m)
        => (float[2,3,8] y)
        { y = com.microsoft.Attention <num_heads = 2> (x, w, b, m) }""",
    "attention_from_start_to_end": """g (float[2,3,8] x, float[8,24] w, float[24] b,
        int32[4] m) => (float[2,3,8] y)
        { y = com.microsoft.Attention <num_heads = 2> (x, w, b, m) }""",
    "attention_of_a_mask_that_is_none": """g (float[2,3,8] x, float[8,24] w, float[24] b,
        int32[2,1] m) => (float[2,3,8] y)
        { y = com.microsoft.Attention <num_heads = 2> (x, w, b, m) }""",
    "multi_head_attention": """g (float[2,3,8] q, float[2,4,8] k, float[2,4,8] v)
        => (float[2,3,8] y)
        { y = com.microsoft.MultiHeadAttention <num_heads = 2> (q, k, v) }""",
    "attention_with_past": """g (float[2,3,8] x, float[8,24] w, float[24] b,
        float[2,2,2,5,4] p) => (float[2,3,8] y, float[2,2,2,8,4] n)
        { y, n = com.microsoft.Attention <num_heads = 2, unidirectional = 1>
        (x, w, b, , p) }""",
    "multi_head_attention_with_past": """g (float[2,3,8] q, float[2,3,8] k, float[2,3,8] v,
        float[2,2,5,4] a, float[2,2,5,4] b)
        => (float[2,3,8] y, float[2,2,8,4] c, float[2,2,8,4] d)
        { y, c, d = com.microsoft.MultiHeadAttention <num_heads = 2>
        (q, k, v, , , , a, b) }""",
    "multi_head_attention_of_split_keys": """g (float[2,3,8] q, float[2,2,4,4] k,
        float[2,2,4,4] v) => (float[2,3,8] y)
        { y = com.microsoft.MultiHeadAttention <num_heads = 2> (q, k, v) }""",
    "fused_gemm": """g (float[3,2] a, float[2,4] b) => (float[3,4] y)
        { y = com.microsoft.FusedGemm <activation = "LeakyRelu", activation_alpha = 0.3>
        (a, b) }""",
    "qlinear_average_pool": """g (uint8[1,2,7,8] a) => (uint8[1,2,h,w] y)
        <float s = {0.5}, uint8 z = {1}, float t = {0.01}, uint8 u = {9}>
        { y = com.microsoft.QLinearAveragePool <kernel_shape = [3,3], strides = [2,2],
        pads = [1,1,0,1], count_include_pad = 1, ceil_mode = 1> (a, s, z, t, u) }""",
    "qlinear_softmax_of_old": """g (uint8[3,4,5] a) => (uint8[3,4,5] y)
        <float s = {0.5}, uint8 z = {1}, float t = {0.00390625}, uint8 u = {0}>
        { y = com.microsoft.QLinearSoftmax <axis = 1, opset = 11> (a, s, z, t, u) }""",
    "qlinear_add": """g (uint8[2,3] a, uint8[2,3] b) => (uint8[2,3] y)
        <float s = {0.5}, uint8 z = {1}, float t = {0.25}, uint8 u = {9}>
        { y = com.microsoft.QLinearAdd(a, s, z, b, s, z, t, u) }""",
    "qlinear_sigmoid": """g (uint8[2,3] a) => (uint8[2,3] y)
        <float s = {0.5}, uint8 z = {1}, float t = {0.01}, uint8 u = {9}>
        { y = com.microsoft.QLinearSigmoid(a, s, z, t, u) }""",
    "qlinear_global_average_pool": """g (uint8[1,2,3,3] a) => (uint8[1,2,1,1] y)
        <float s = {0.5}, uint8 z = {1}, float t = {0.25}, uint8 u = {9}>
        { y = com.microsoft.QLinearGlobalAveragePool(a, s, z, t, u) }""",
    "qlinear_concat": """g (uint8[1,2] a, uint8[1,3] b) => (uint8[1,5] y)
        <float s = {0.5}, uint8 z = {1}, float t = {0.25}, uint8 u = {9}>
        { y = com.microsoft.QLinearConcat <axis = 1> (t, u, a, s, z, b, s, z) }""",
    "qgemm": """g (uint8[2,4] a, uint8[4,3] b) => (uint8[2,3] y)
        <float s = {0.5}, uint8 z = {1}, int32[3] c = {1,2,3}, float t = {0.25}, uint8 u = {9}>
        { y = com.microsoft.QGemm(a, s, z, b, s, z, c, t, u) }""",
    "dynamic_quantize_matmul": """g (float[2,4] a, uint8[4,3] b) => (float[2,3] y)
        <float s = {0.5}, uint8 z = {1}>
        { y = com.microsoft.DynamicQuantizeMatMul(a, b, s, z) }""",
    "matmul_integer_to_float": """g (uint8[2,4] a, uint8[4,3] b) => (float[2,3] y)
        <float s = {0.5}, uint8 z = {1}>
        { y = com.microsoft.MatMulIntegerToFloat(a, b, s, s, z, z) }""",
}


@pytest.mark.parametrize("case", UNORDERED)
def test_a_nan_is_kept_as_onnxruntime_keeps_it(case: str) -> None:
    nan, inf = np.nan, np.inf
    x = np.array([nan, 1, nan, -inf, inf, -0.3, 0.0, 2.5, -7], np.float32)
    z = np.array([1, nan, nan, 0, 1, nan, -1, 3, -8], np.float32)
    model = model_of(UNORDERED[case])

    assert_same(model, {"x": x, "z": z} if len(model.graph.input) > 1 else {"x": x})


@pytest.mark.parametrize("kind", ["float", "double", "float16"])
def test_a_remainder_is_exact_however_large_the_quotient(kind: str) -> None:
    text = f"g ({kind}[8] x, {kind}[8] z) => ({kind}[8] y) {{ y = Mod <fmod = 1> (x, z) }}"
    dtype = {"float": np.float32, "double": np.float64, "float16": np.float16}[kind]
    x = np.array([6e4, -6e4, 5.5, np.inf, 7, np.nan, -7.25, 3], dtype)
    z = np.array([0.0003, 0.7, np.inf, 2, -0.0, 1, np.nan, -2], dtype)

    (result,) = compiled_results(model_of(text), {"x": x, "z": z})

    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(result, np.fmod(x, z))


def test_a_clip_of_old_keeps_a_nan() -> None:
    text = "g (float[3] x) => (float[3] y) { y = Clip <min = -1.0, max = 1.0> (x) }"

    assert_same(model_of(text, opset=10), {"x": np.array([np.nan, 5, -5], np.float32)})


@pytest.mark.parametrize("name", ONNX)
def test_rewritten_operator_matches_onnxruntime(name: str) -> None:
    assert_same(model_of(ONNX[name]))


@pytest.mark.parametrize("name", RESIZE)
def test_resize_matches_onnxruntime(name: str) -> None:
    size = "[1,1,4,4]" if "h)" in RESIZE[name] else "[1,1,10,6]"
    size = "[1,1,7,9]" if "n)" in RESIZE[name] else size
    text = f"""g (float[1,1,5,5] x) => (float{size} y)
        <float[4] s = {{1,1,2,1.2}}, float[4] h = {{1,1,0.8,0.8}}, int64[4] n = {{1,1,7,9}},
         float[8] r = {{0,0,0.1,-0.2,1,1,0.9,1.1}}>
        {{ y = Resize {RESIZE[name]} }}"""
    assert_same(model_of(text, opset=18))


@pytest.mark.parametrize("name", MICROSOFT)
def test_operator_of_onnxruntime_matches_it(name: str) -> None:
    assert_same(model_of(MICROSOFT[name], domains='"com.microsoft": 1'), atol=1e-4)


def test_an_integer_convolution_of_many_terms_is_exact() -> None:
    model = model_of("""g (uint8[1,64,6,6] x, int8[2,64,3,3] w) => (int32[1,2,4,4] y)
        { y = ConvInteger(x, w) }""")
    random = np.random.default_rng(1)
    feeds = {
        "x": random.integers(200, 256, (1, 64, 6, 6)).astype(np.uint8),
        "w": random.integers(100, 128, (2, 64, 3, 3)).astype(np.int8),
    }
    windows = np.lib.stride_tricks.sliding_window_view(
        feeds["x"][0].astype(np.int64), (3, 3), (1, 2)
    )
    wanted = np.einsum("cyxhw,ochw->oyx", windows, feeds["w"].astype(np.int64))
    (result,) = compiled_results(model, feeds)
    np.testing.assert_array_equal(result[0], wanted)
