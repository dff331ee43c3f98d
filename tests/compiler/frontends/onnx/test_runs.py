"""What a run brings: divisors, indices and NaN that no compiler sees."""

from __future__ import annotations

import numpy as np
import pytest

from sagectl import onnx_backend
from sagectl.errors import CompileError
from tests.compiler.frontends.onnx.harness import model_of, reference_results

NAN, INF = np.nan, np.inf
FAR = 1 << 40
LEAST = np.iinfo("int32").min
WHOLE = np.array([7, -7, LEAST, 9], "int32")
# A NaN before, between and behind the best of each row.
RANKED = np.array(
    [[1, NAN, 3, 5, 0, -0.0, 3, 2, NAN], [NAN, 1, 3, 2, 3, 1, 0, -1, -INF]], "float32"
)
IMAGE = np.arange(72, dtype="float32").reshape(1, 2, 6, 6)

# The branch that does not run is given what would end the process if it did.
NOT_TAKEN = {
    "Div": "a = Div(x, d)",
    "Mod": "a = Mod(x, d)",
    "fmod": "a = Mod <fmod = 1> (x, d)",
    "Gather": "a = Gather(x, d)",
    "GatherElements": "a = GatherElements(x, d)",
    "GatherND": "a = GatherND(x, n)",
    "ScatterElements": "a = ScatterElements(x, d, x)",
    "ScatterND": "a = ScatterND(x, n, x)",
}
SAME = {
    "least_over_minus_one": (
        "g (int32[4] x, int32[4] d) => (int32[4] y) { y = Div(x, d) }",
        WHOLE, np.array([2, -1, -1, -4], "int32"),
    ),
    "least_over_a_known_minus_one": (
        "g (int32[4] x) => (int32[4] y) <int32 d = {-1}> { y = Div(x, d) }", WHOLE
    ),
    "rest_of_minus_one": (
        "g (int32[4] x, int32[4] d) => (int32[4] y) { y = Mod(x, d) }",
        WHOLE, np.array([2, -1, -1, -4], "int32"),
    ),
    "highest_with_nan": ("""g (float[2,9] x) => (float[2,5] v, int64[2,5] i)
        <int64[1] k = {5}> { v, i = TopK (x, k) }""", RANKED),
    "lowest_with_nan": ("""g (float[2,9] x) => (float[2,8] v, int64[2,8] i)
        <int64[1] k = {8}> { v, i = TopK <largest = 0> (x, k) }""", RANKED),
    "highest_of_halves": ("""g (float16[2,9] x) => (float16[2,5] v, int64[2,5] i)
        <int64[1] k = {5}> { v, i = TopK (x, k) }""", RANKED.astype("float16")),
    "highest_along_columns": ("""g (double[2,9] x) => (double[1,9] v, int64[1,9] i)
        <int64[1] k = {1}> { v, i = TopK <axis = 0> (x, k) }""", RANKED.astype("float64")),
    "highest_in_any_order": ("""g (float[2,9] x) => (float[2] y)
        <int64[1] k = {2}, int64[1] a = {1}> { z = Abs(x) n = IsNaN(x) c = Constant <value_float
        = 0.0> () w = Where(n, c, z) v, i = TopK <sorted = 0> (w, k)
        y = ReduceSum <keepdims = 0> (v, a) }""", RANKED),
}  # fmt: skip

# Of constants alone; the last node makes the compiler run.
KNOWN = {
    "last_highest_of_nan": ("int64[2,1]", "y = ArgMax <axis = 1, select_last_index = 1> (c)"),
    "logarithm_of_small_shares": ("float[2,4]", "y = LogSoftmax (d)"),
    "pooled_along_one_axis": (
        "float[2,1,1]", "z = Unsqueeze(d, o) y = GlobalMaxPool (z)"
    ),
    "pooled_nan": (
        "float[2,1,3]", "z = Unsqueeze(c, o) y = AveragePool <kernel_shape = [2]> (z)"
    ),
    "quantised_beyond": ("uint8[2,4]", "y = QuantizeLinear (d, s, u)"),
}  # fmt: skip
REFUSED = {
    "div": ("y = Div (x, z)", "'z' divides by zero"),
    "mod": ("y = Mod (x, z)", "'z' divides by zero"),
    "known_div": ("y = Div (o, z)", "'z' divides by zero"),
    "range": ("y = Range (z, o, z)", "a range from 0 to 1 by 0 has no end"),
    "top_k": ("k = Constant <value_ints = [9]> () y, i = TopK (x, k)", "9 of 4 elements"),
    "gather_elements": (
        "k = Constant <value_ints = [0, 4]> () y = GatherElements (x, k)", "out of range"
    ),
    "scatter_nd": ("""k = Constant <value = int64[1,1] {-5}> ()
        u = Constant <value_ints = [1]> () y = ScatterND (x, k, u)""", "out of range"),
    "conv_transpose": ("""f = Cast <to = 1> (x) s = Constant <value_ints = [1, 1, 4]> ()
        g = Reshape (f, s) w = Constant <value_float = inf> ()
        b = Constant <value_ints = [1, 1, 2]> () v = Expand (w, b) q = ConvTranspose (g, v)
        y = Cast <to = 7> (q)""", "not all finite"),
}  # fmt: skip


@pytest.mark.parametrize("name", NOT_TAKEN)
def test_the_branch_not_taken_does_no_harm(name: str) -> None:
    model = model_of(f"""g (bool c, int64[4] x, int64[4] d, int64[4,1] n) => (int64[4] y) {{
        y = If (c) <then_branch = t () => (int64[4] a) {{ {NOT_TAKEN[name]} }},
                    else_branch = e () => (int64[4] b) {{ b = Neg(x) }}> }}""")
    wild = np.array([0, -1, FAR, -FAR])
    given = [np.array(False), np.arange(4), wild, wild[:, np.newaxis]]

    (result,) = onnx_backend.run_model(model, given)

    np.testing.assert_array_equal(result, [0, -1, -2, -3])


@pytest.mark.parametrize("name", SAME)
def test_runs_are_onnxruntimes(name: str) -> None:
    text, *given = SAME[name]
    model = model_of(text, opset=19)
    feeds = dict(zip((each.name for each in model.graph.input), given, strict=True))

    results = onnx_backend.run_model(model, given)

    for result, reference in zip(results, reference_results(model, feeds), strict=True):
        assert (result.dtype, result.shape) == (reference.dtype, reference.shape)
        np.testing.assert_array_equal(result, reference)


@pytest.mark.parametrize("name", KNOWN)
def test_what_is_known_while_compiling_is_onnxruntimes(name: str) -> None:
    model = model_of(
        f"""g (float[1] x) => ({KNOWN[name][0]} y, float[1] w)
        <float[2,4] d = {{1,500,3,2,0,-3e38,3e38,1}}, float s = {{0.5}}, uint8 u = {{3}},
        int64[1] o = {{1}}> {{
        q = Constant <value_floats = [0.0, nan, 0.0, 0.0, nan, 0.0, 3.0, 0.0]> ()
        r = Constant <value_ints = [2, 4]> () p = Reshape (q, r) c = Add (d, p)
        {KNOWN[name][1]} w = Identity (x) }}""",
        opset=19,
    )
    given = np.ones(1, "float32")

    result, _ = onnx_backend.run_model(model, [given])

    reference = reference_results(model, {"x": given})[0]
    assert (result.dtype, result.shape) == (reference.dtype, reference.shape)
    np.testing.assert_allclose(result, reference, rtol=1e-5)


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_answer_is_refused(name: str) -> None:
    text, reason = REFUSED[name]
    model = model_of(f"""g (int64[4] x) => (int64[n] y)
        <int64 z = {{0}}, int64 o = {{1}}> {{ {text} }}""")
    with pytest.raises(CompileError, match=reason):
        onnx_backend.run_model(model, [np.arange(4)])


def test_regions_of_images_that_are_not_there_stay_inside_the_batch() -> None:
    model = model_of(
        """g (float[1,2,6,6] x, float[2,5] r, float[2,4] q, int64[2] n)
        => (float[2,2,2,2] y, float[2,2,2,2] z) { y = MaxRoiPool <pooled_shape = [2,2]> (x, r)
        z = RoiAlign <output_height = 2, output_width = 2> (x, q, n) }""",
        opset=16,
    )
    regions = np.array([[1e9, 0, 0, 4, 4], [-1e9, 0, 0, 4, 4]], "float32")
    given = [IMAGE, regions, regions[:, 1:], np.array([1 << 30, -5])]

    for result in onnx_backend.run_model(model, given):
        np.testing.assert_array_equal(result[0], result[1])
