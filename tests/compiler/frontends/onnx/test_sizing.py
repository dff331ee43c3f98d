"""Values whose sizes a run finds: whole results are onnxruntime's, or the model is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import numpy_helper, save

from sagectl.compiler.api import compile_model
from sagectl.compiler.frontends.onnx import import_model
from sagectl.compiler.request import compile_request
from sagectl.errors import CompileError
from sagectl.runtime import load
from tests.compiler.frontends.onnx.harness import assert_same, model_of

if TYPE_CHECKING:
    from pathlib import Path

    from onnx import ModelProto

RANDOM = np.random.default_rng(7)
BOXES = RANDOM.random((2, 40, 4), np.float32)
SCORES = RANDOM.random((2, 3, 40), np.float32)
X = np.where(RANDOM.random((6, 5)) < 0.4, 0, RANDOM.standard_normal((6, 5))).astype(np.float32)
FLAGS = np.array([True, False, True, True, False, True])

SUPPRESSIONS = {
    "with all limits": "NonMaxSuppression(boxes, scores, most, overlap, lowest)",
    "of centred boxes": (
        "NonMaxSuppression<center_point_box=1>(boxes, scores, most, overlap, lowest)"
    ),
    "without a threshold": "NonMaxSuppression(boxes, scores, most, overlap)",
    "without an overlap": "NonMaxSuppression(boxes, scores, most)",
    "without a limit": "NonMaxSuppression(boxes, scores)",
}


@pytest.mark.parametrize("call", SUPPRESSIONS.values(), ids=SUPPRESSIONS)
def test_boxes_are_chosen_as_onnxruntime_chooses_them(call: str) -> None:
    model = model_of(f"""
        g (float[2,40,4] boxes, float[2,3,40] scores) => (int64[n,3] y)
        <int64 most = {{6}}, float overlap = {{0.3}}, float lowest = {{0.4}}>
        {{ y = {call} }}""")
    assert_same(model, {"boxes": BOXES, "scores": SCORES})


def test_limits_of_a_suppression_may_be_inputs() -> None:
    model = model_of("""
        g (float[2,40,4] boxes, float[2,3,40] scores, int64[1] most, float[1] overlap,
           float[1] lowest) => (int64[n,3] y)
        { y = NonMaxSuppression(boxes, scores, most, overlap, lowest) }""")
    for most, overlap, lowest in ((3, 0.5, 0.2), (0, 0.5, 0.2), (100, 0.1, 2.0)):
        feeds = {
            "boxes": BOXES,
            "scores": SCORES,
            "most": np.array([most], np.int64),
            "overlap": np.array([overlap], np.float32),
            "lowest": np.array([lowest], np.float32),
        }
        assert_same(model, feeds)


def test_of_equal_scores_the_first_is_chosen() -> None:
    model = model_of("""
        g (float[2,40,4] boxes, float[2,3,40] scores) => (int64[n,3] y)
        <int64 most = {6}, float overlap = {0.3}>
        { y = NonMaxSuppression(boxes, scores, most, overlap) }""")
    assert_same(model, {"boxes": BOXES, "scores": np.round(SCORES, 1)})


# What is done with x: float[6,5] and flags: bool[6], whose rows are kept or not.
KEPT = "kept = Compress<axis=0>(x, flags)"
FORMS = {
    "coordinates": "y = NonZero(x)",
    "kept rows": f"{KEPT} y = Identity(kept)",
    "kept elements": (
        "flat = Reshape(x, all) is_high = Greater(flat, half) y = Compress(flat, is_high)"
    ),
    "picked by their places": (
        "found = NonZero(x) places = Transpose<perm=[1,0]>(found) y = GatherND(x, places)"
    ),
    "arithmetic": f"{KEPT} twice = Add(kept, kept) y = Mul(twice, scale)",
    "a product by rows": (
        f"{KEPT} turned = Transpose(x) product = MatMul(kept, turned) y = Softmax(product)"
    ),
    "a sum over what is kept": f"{KEPT} y = ReduceSum<keepdims=0>(kept, zero)",
    "the most of each row": f"{KEPT} y = ReduceMax<keepdims=0>(kept, one)",
    "the most of what is kept": f"{KEPT} y = ReduceMax(kept, zero)",
    "where the most is": f"{KEPT} y = ArgMax<axis=0, keepdims=0>(kept)",
    "the highest": f"{KEPT} y, places = TopK<axis=0>(kept, two)",
    "the first rows": f"{KEPT} y = Slice(kept, zero, two, zero)",
    "the middle rows": f"{KEPT} y = Slice(kept, one, end, zero)",
    "the last column": f"{KEPT} y = Slice(kept, back, end, one)",
    "one after the other": f"{KEPT} y = Concat<axis=0>(kept, x, kept)",
    "side by side": f"{KEPT} y = Concat<axis=1>(kept, kept)",
    "the last row": f"{KEPT} y = Gather<axis=0>(kept, back)",
    "a new axis": f"{KEPT} more = Unsqueeze(kept, one) y = Squeeze(more, one)",
    "in one row": f"{KEPT} y = Reshape(kept, all)",
    "a column of rows": f"{KEPT} y = Reshape(kept, rows)",
    "a leading one": f"{KEPT} y = Reshape(kept, first)",
    "expanded to its own shape": f"{KEPT} s = Shape(kept) y = Expand(kept, s)",
    "shaped by its size": (
        f"{KEPT} s = Shape(kept) n = Gather(s, zero) t = Concat<axis=0>(n, back, one)"
        " y = Reshape(kept, t)"
    ),
    "shaped by one number of its shape": (
        f"{KEPT} s = Shape(kept) n = Gather(s, none) v = Unsqueeze(n, zero)"
        " t = Concat<axis=0>(v, back) y = Reshape(kept, t)"
    ),
    "with a size that is copied": f"{KEPT} y = Reshape(kept, copied)",
    "how many": f"{KEPT} y = Shape(kept)",
    "how many elements": f"{KEPT} y = Size(kept)",
    "kept again": f"{KEPT} found = NonZero(kept) y = Cast<to=1>(found)",
    "written elsewhere": (
        "found = NonZero(flags) places = Transpose(found) kept = Compress<axis=0>(x, flags)"
        " new = GatherND(x, places) y = ScatterND(other, places, new)"
    ),
}


@pytest.mark.parametrize("body", FORMS.values(), ids=FORMS)
def test_what_is_computed_of_kept_rows_is_onnxruntimes(body: str) -> None:
    model = model_of(
        f"""
        g (float[6,5] x, bool[6] flags, float[6,5] other) => (y)
        <int64[1] zero = {{0}}, int64[1] one = {{1}}, int64[1] two = {{2}},
         int64[1] back = {{-1}}, int64[1] end = {{1000}}, int64[1] all = {{-1}},
         int64[3] rows = {{-1, 5, 1}}, int64[3] first = {{1, -1, 5}},
         int64[3] copied = {{0, -1, 1}}, int64 none = {{0}},
         float half = {{0.5}}, float[5] scale = {{1,2,3,4,5}}>
        {{ {body} }}"""
    )
    assert_same(model, {"x": X, "flags": FLAGS, "other": X * 2})


def test_nothing_may_be_kept() -> None:
    model = model_of(f"""
        g (float[6,5] x, bool[6] flags) => (float[n,5] y, float[1,5] sum)
        <int64[1] zero = {{0}}> {{ {KEPT} y = Identity(kept) sum = ReduceSum(kept, zero) }}""")
    assert_same(model, {"x": X, "flags": np.zeros(6, bool)})


REFUSED = {
    "rows added to others": "z = Compress<axis=0>(x, other) y = Add(kept, z)",
    "rows added to as many as there may be": "y = Add(kept, x)",
    "a softmax over the rows": "y = Softmax<axis=0>(kept)",
    "a mean over the rows": "y = ReduceMean<keepdims=0>(kept, zero)",
    "rows in reverse": "y = Slice(kept, back, start, zero, back)",
    "a sequence of rows": "s = SplitToSequence<axis=0>(kept) y = ConcatFromSequence<axis=0>(s)",
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_what_would_mix_in_other_elements_is_refused(body: str) -> None:
    model = model_of(f"""
        g (float[6,5] x, bool[6] flags, bool[6] other) => (y)
        <int64[1] zero = {{0}}, int64[1] back = {{-1}}, int64[1] start = {{-100}}>
        {{ {KEPT} {body} }}""")
    with pytest.raises(CompileError, match="known at run time only") as caught:
        import_model(model, {})
    assert caught.value.reason == "operator"


def detector() -> ModelProto:
    """A head of a detector as exporters write them: boxes and scores, then the best boxes."""
    model = model_of("""
        g (float[1,3,64,64] image) => (float[n,6] found)
        <int64 most = {20}, float overlap = {0.45}, float lowest = {0.6}, int64[1] zero = {0},
         int64[1] one = {1}, int64[1] four = {4}, int64[1] ten = {10}, int64 kind = {1},
         int64 box = {2}, int64[3] rows = {1, 10, 64}>
        { y = Conv<strides=[8,8]>(image, w)
          flat = Reshape(y, rows)
          raw = Slice(flat, zero, four, one)
          logits = Slice(flat, four, ten, one)
          scores = Sigmoid(logits)
          boxes = Transpose<perm=[0,2,1]>(raw)
          chosen = NonMaxSuppression<center_point_box=1>(boxes, scores, most, overlap, lowest)
          kinds = Gather<axis=1>(chosen, kind)
          places = Gather<axis=1>(chosen, box)
          all = Squeeze(boxes, zero)
          corners = Gather(all, places)
          score = GatherND(scores, chosen)
          scored = Unsqueeze(score, one)
          number = Cast<to=1>(kinds)
          numbered = Unsqueeze(number, one)
          found = Concat<axis=1>(corners, scored, numbered) }""")
    weights = np.random.default_rng(0).standard_normal((10, 3, 8, 8)).astype(np.float32) / 5
    model.graph.initializer.append(numpy_helper.from_array(weights, "w"))
    return model


def test_a_detector_returns_as_many_boxes_as_it_finds(tmp_path: Path) -> None:
    path = tmp_path / "detector.onnx"
    save(detector(), path)
    package = compile_model(compile_request(path, output=tmp_path))
    runner = load(package.path)
    assert package.comparison is not None
    assert package.comparison.passed
    assert package.meta["Sagectl"]["Operators"], "the graph is one that the passes can walk"
    assert [port.shape for port in runner.outputs] == [(-1, 6)]
    image = np.random.default_rng(3).standard_normal((1, 3, 64, 64)).astype(np.float32)
    for scale in (0, 1):
        found = runner.run({"image": np.float32(scale) * image})["found"]
        assert found.shape == (found.shape[0], 6)
        assert bool(len(found)) is bool(scale)
