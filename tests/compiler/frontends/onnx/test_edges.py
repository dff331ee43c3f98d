"""Values at the edge of their type and tensors of no elements, through the whole compiler."""

from __future__ import annotations

import numpy as np
import pytest

from sagectl import onnx_backend
from sagectl.errors import CompileError
from tests.compiler.frontends.onnx.harness import model_of, reference_results

NAN, INF = np.nan, np.inf
RANKED = np.array(
    [[1, NAN, 3], [NAN, 1, 3], [3, NAN, 1], [-INF] * 3, [INF] * 3, [NAN] * 3], "float32"
)
# As many as fill vectors of every width, so that lanes and what is left over both see each.
ODD = np.array([[NAN, INF, -INF, 0, -1, 2, 3, 4] * 3], "float32")
WIDE = np.linspace(-9, 9, 88, dtype="float32").reshape(1, 88)
LEAST = np.full((1, 3), np.iinfo("int32").min, "int32")
# Rows of more than a vector, and not of a number of them.
TOKENS = np.arange(65, dtype="int64").reshape(5, 13)
SMALL = np.arange(12, dtype="float32").reshape(4, 3)

IMAGE = np.random.default_rng(3).standard_normal((1, 2, 7, 8)).astype("float32")

CASES = {
    "arg_max_unordered": (
        "g (float[6,3] x) => (int64[6,1] y) { y = ArgMax <axis = 1> (x) }", RANKED
    ),
    "arg_min_last_unordered": ("""g (float[6,3] x) => (int64[6,1] y)
        { y = ArgMin <axis = 1, select_last_index = 1> (x) }""", RANKED),
    "arg_max_of_the_least": (
        "g (int32[1,3] x) => (int64[1,1] y) { y = ArgMax <axis = 1> (x) }", LEAST
    ),
    "not_less": ("""g (float[1,24] x) => (bool[1,24] y) <float z = {0}>
        { e = Less(x, z) y = Not(e) }""", ODD),
    "not_equal": ("""g (float[1,24] x) => (bool[1,24] y) <float z = {0}>
        { e = Equal(x, z) y = Not(e) }""", ODD),
    "equal_to_itself": ("g (float[1,24] x) => (bool[1,24] y) { y = Equal(x, x) }", ODD),
    "cast_to_truth": ("g (float[1,24] x) => (bool[1,24] y) { y = Cast <to = 9> (x) }", ODD),
    "cast_truth_to_truth": ("""g (float[1,24] x) => (bool[1,24] y)
        { t = IsNaN(x) y = Cast <to = 9> (t) }""", ODD),
    "cast_half_to_truth": (
        "g (float16[1,24] x) => (bool[1,24] y) { y = Cast <to = 9> (x) }", ODD.astype("float16")
    ),
    "clip_below_alone": ("""g (float[1,24] x) => (float[1,24] y) <float l = {0.5}>
        { y = Clip(x, l) }""", ODD),
    "clip_above_alone": ("""g (float[1,24] x) => (float[1,24] y) <float h = {0.5}>
        { y = Clip(x, , h) }""", ODD),
    "sinh": ("g (float[1,88] x) => (float[1,88] y) { y = Sinh(x) }", WIDE),
    "cosh": ("g (float[1,88] x) => (float[1,88] y) { y = Cosh(x) }", WIDE),
    "split_into_nothing": ("""g (float[4,3] x) => (float[0,3] y, float[4,3] z, float[0,3] w)
        <int64[3] s = {0,4,0}> { y, z, w = Split(x, s) }""", SMALL),
    "scatter_into_a_part": ("""g (float[4,3] x) => (float[4,3] y)
        <int64[2,2] i = {0,2,1,0}, float[2,2] u = {-1,-2,-3,-4}>
        { y = ScatterElements <axis = 1> (x, i, u) }""", SMALL),
    "gather_tokens": ("""g (int64[5,13] x) => (int64[3,13] y)
        <int64[3] i = {0,4,-1}> { y = Gather(x, i) }""", TOKENS),
    "gather_nd_tokens": ("""g (int64[5,13] x) => (int64[3,13] y)
        <int64[3,1] i = {0,4,1}> { y = GatherND(x, i) }""", TOKENS),
    "gather_nd_by_wide_indices": ("""g (int32[5,20] x) => (int32[3,20] y)
        <int64[3,1] i = {0,4,1}> { y = GatherND(x, i) }""", np.ones((5, 20), "int32")),
    "pad_tokens": ("""g (int64[5,13] x) => (int64[6,16] y)
        <int64[4] p = {1,1,0,2}> { y = Pad(x, p) }""", TOKENS),
    "pad_tokens_at_the_edge": ("""g (int64[5,13] x) => (int64[6,16] y)
        <int64[4] p = {1,1,0,2}> { y = Pad <mode = "edge"> (x, p) }""", TOKENS),
    "concat_tokens": ("""g (int64[5,13] x) => (int64[5,26] y)
        { z = Neg(x) y = Concat <axis = 1> (x, z) }""", TOKENS),
    "layer_normalization_double": ("""g (double[4,6] x)
        => (double[4,6] y, float[4,1] m, float[4,1] d)
        <double[6] s = {1,2,3,4,5,6}, double[6] b = {6,5,4,3,2,1}>
        { y, m, d = LayerNormalization(x, s, b) }""", IMAGE[0, 0, :4, :6].astype("float64")),
    "layer_normalization_broadcast": ("""g (float[4,6] x) => (float[4,6] y)
        <float[6] s = {1,2,3,4,5,6}> { y = LayerNormalization <axis = 0> (x, s) }""",
        IMAGE[0, 0, :4, :6]),
    "max_pool_up": ("""g (float[1,2,7,8] x) => (float[1,2,h,w] y) { y = MaxPool
        <ceil_mode = 1, kernel_shape = [2,1], pads = [0,0,1,0], strides = [3,2]> (x) }""",
        IMAGE),
    "max_pool_up_places": ("""g (float[1,2,7,8] x) => (float[1,2,h,w] y, int64[1,2,h,w] i)
        { y, i = MaxPool <ceil_mode = 1, kernel_shape = [2,2], strides = [3,3]> (x) }""",
        IMAGE),
    "average_pool_up": ("""g (float[1,2,7,8] x) => (float[1,2,h,w] y) { y = AveragePool
        <ceil_mode = 1, kernel_shape = [2,3], pads = [1,0,1,2], strides = [2,3]> (x) }""",
        IMAGE),
    "average_pool_up_counting": ("""g (float[1,2,7,8] x) => (float[1,2,h,w] y) { y = AveragePool
        <ceil_mode = 1, kernel_shape = [2,3], pads = [1,0,1,2], strides = [2,3],
        count_include_pad = 1> (x) }""", IMAGE),
    "average_pool_lower": ("""g (float[1,2,7,8] x) => (float[1,2,h,w] y) { y = AveragePool
        <auto_pad = "SAME_LOWER", kernel_shape = [4,3], strides = [2,1]> (x) }""", IMAGE),
    "average_pool_lower_counting": ("""g (float[1,2,7,8] x) => (float[1,2,h,w] y)
        { y = AveragePool <auto_pad = "SAME_LOWER", kernel_shape = [4,3], strides = [2,1],
        count_include_pad = 1> (x) }""", IMAGE),
    "average_pool_dilated": ("""g (float[1,2,7,8] x) => (float[1,2,h,w] y) { y = AveragePool
        <ceil_mode = 1, dilations = [2,3], kernel_shape = [2,2], strides = [2,2]> (x) }""",
        IMAGE),
    "lp_pool_up": ("""g (float[1,2,7,8] x) => (float[1,2,h,w] y) { y = LpPool
        <ceil_mode = 1, kernel_shape = [2,1], p = 3, strides = [3,3]> (x) }""", IMAGE),
    "slice_backwards_from_before": ("""g (float[4,3] x) => (float[1,1] y)
        <int64[2] s = {-6,-9}, int64[2] e = {-2147483648,-4}, int64[2] a = {0,1},
        int64[2] t = {-1,-2}> { y = Slice(x, s, e, a, t) }""", SMALL),
    "slice_backwards_without_end": ("""g (float[4,3] x) => (float[n,3] y)
        <int64[1] s = {2}, int64[1] e = {2147483647}, int64[1] a = {0}, int64[1] t = {-1}>
        { y = Slice(x, s, e, a, t) }""", SMALL),
    "pad_nothing": ("""g (bool[3,0] x) => (bool[4,2] y)
        <int64[4] p = {1,1,0,1}> { f = Constant <value = bool {1}> () y = Pad(x, p, f) }""",
        np.ones((3, 0), "bool")),
    "pad_nothing_by_what_a_run_knows": ("""g (float[3,0] x, float f) => (float[4,2] y)
        <int64[4] p = {1,1,0,1}> { y = Pad(x, p, f) }""",
        np.ones((3, 0), "float32"), np.array(3, "float32")),
    "reduce_no_axis": ("""g (float[1,2,7,8] x) => (float[h,w] y) {
        a = Constant <value_ints = [0, 1]> () s = ReduceProd <keepdims = 0> (x, a)
        n = Constant <value = int64[0] {}> ()
        y = ReduceSum <noop_with_empty_axes = 1> (s, n) }""",
        IMAGE),
    "multiply_nothing": ("""g (float[2,0] x, float[0,2] z) => (float[2,2] y)
        { y = MatMul(x, z) }""", np.ones((2, 0), "float32"), np.ones((0, 2), "float32")),
    "conv_transpose_same_dilated": ("""g (float[1,2,7,8] x) => (float[1,1,h,w] y)
        <float[2,1,2,2] k = {1,2,3,4,5,6,7,8}> { y = ConvTranspose
        <auto_pad = "SAME_UPPER", dilations = [2,1], strides = [1,3]> (x, k) }""", IMAGE),
    "loop_of_no_round": ("""g (float[4,3] x) => (float[4,3] s, float[n,4,3] y)
        <int64 m = {0}, bool c = {1}> { s, y = Loop (m, c, x) <body = b
        (int64 i, bool k, float[4,3] a) => (bool k1, float[4,3] a1, float[4,3] r)
        { k1 = Identity (k) a1 = Neg (a) r = Exp (a) }> }""", SMALL),
    "loop_that_is_not_to_start": ("""g (float[4,3] x) => (float[4,3] s, int64[n] y)
        <int64 m = {9}, bool c = {0}> { s, y = Loop (m, c, x) <body = b
        (int64 i, bool k, float[p,q] a) => (bool k1, float[p,q] a1, int64 r)
        { k1 = Identity (k) a1 = Neg (a) r = Size (a) }> }""", SMALL),
    "power_of_a_fraction": ("""g (int32[3] x) => (int32[3] y) <float e = {1.98}>
        { y = Pow(x, e) }""", np.array([5, 7, 3], "int32")),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_edges_are_onnxruntimes(name: str) -> None:
    text, *given = CASES[name]
    model = model_of(text, opset=19)
    feeds = dict(zip((each.name for each in model.graph.input), given, strict=False))

    results = onnx_backend.run_model(model, given)

    for result, reference in zip(results, reference_results(model, feeds), strict=True):
        assert (result.dtype, result.shape) == (reference.dtype, reference.shape)
        np.testing.assert_allclose(result, reference, rtol=1e-5, atol=1e-6)


def test_pools_that_onnx_and_onnxruntime_pad_differently_are_refused() -> None:
    model = model_of("""g (float[1,2,7,8] x) => (float[1,2,7,8] y) { y = MaxPool
        <auto_pad = "SAME_UPPER", dilations = [2,3], kernel_shape = [2,2]> (x) }""")
    with pytest.raises(CompileError, match="write out the pads"):
        onnx_backend.run_model(model, [IMAGE])
