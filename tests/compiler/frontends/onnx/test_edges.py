"""Values at the edge of their type and tensors of no elements, through the whole compiler."""

from __future__ import annotations

import numpy as np
import pytest

from sagectl import onnx_backend
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
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_edges_are_onnxruntimes(name: str) -> None:
    text, x = CASES[name]
    model = model_of(text)

    results = onnx_backend.run_model(model, [x])

    for result, reference in zip(results, reference_results(model, {"x": x}), strict=True):
        assert (result.dtype, result.shape) == (reference.dtype, reference.shape)
        np.testing.assert_allclose(result, reference, rtol=1e-5)
