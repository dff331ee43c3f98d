from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import load, numpy_helper, save

from sagectl.compiler.api import compile_model
from sagectl.compiler.comparison import SATURATED, difference, differences
from sagectl.compiler.frontends import Imported, Repeating
from sagectl.compiler.frontends.onnx.engine import Onnxruntime
from sagectl.compiler.linkers.driver import link_with
from sagectl.compiler.packaging import write_folder
from sagectl.compiler.request import compile_request
from sagectl.compiler.targets import resolve
from sagectl.compiler.verify import compared, verified
from sagectl.errors import CompileError, InputError
from sagectl.runtime.package import LIBRARY, meta, unpack
from tests.compiler.frontends.onnx.harness import model_of
from tests.compiler.schedules.test_byte_products import dense
from tests.compiler.schedules.workbench import drawn

if TYPE_CHECKING:
    from pathlib import Path

    from sagectl.compiler.packaging import Package

F32 = np.float32


def test_a_package_agrees_with_its_model_on_inputs_given(package: Package, model: Path) -> None:
    feeds = {"image.0": np.ones((1, 3, 12, 12), F32), "side": np.zeros((1, 4), F32)}

    comparison = compared(package.path, model, feeds)

    assert comparison.passed
    assert comparison.inputs == "given"
    assert [row.output for row in comparison.rows] == ["scores", "features/relu"]


def test_another_model_is_told_apart(package: Package, model: Path, tmp_path: Path) -> None:
    other = load(model)
    for tensor in other.graph.initializer:
        values = numpy_helper.to_array(tensor) * F32(1.1)
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    save(other, tmp_path / "other.onnx")

    comparison = compared(package.path, tmp_path / "other.onnx")

    assert not comparison.passed
    assert "differs in" in str(comparison.failures[0])


def test_a_model_that_onnxruntime_refuses_is_said(package: Package, tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(b"nothing")

    with pytest.raises(InputError, match="onnxruntime cannot run the model"):
        compared(package.path, tmp_path / "m.onnx")


def test_a_package_that_crashes_is_a_failure_with_a_reason(
    package: Package, model: Path, tmp_path: Path
) -> None:
    unpack(package.path, tmp_path)
    source = tmp_path / "crash.c"
    source.write_text(
        "#include <stdlib.h>\n__attribute__((constructor)) void f(void) { abort(); }"
    )
    link_with(["cc"], [source], tmp_path / LIBRARY)
    write_folder(tmp_path, meta(tmp_path))

    with pytest.raises(CompileError, match=r"crashed while running \(SIGABRT\)") as caught:
        compared(tmp_path, model)

    assert (caught.value.stage, caught.value.reason) == ("verify", "mismatch")


def test_a_mismatch_fails_the_compilation_and_names_the_output(
    package: Package, model: Path, tmp_path: Path
) -> None:
    unpack(package.path, tmp_path)
    other = load(model)
    bias = next(each for each in other.graph.initializer if each.name == "n")
    bias.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(bias) + F32(1), "n"))
    imported = Imported(None, (), (), "ONNX", reference=other.SerializeToString())

    with pytest.raises(CompileError, match="output 'scores' differs in 5 of 5") as caught:
        verified(
            tmp_path,
            meta(tmp_path),
            imported,
            compile_request(model, output=tmp_path),
            resolve(None, None, {}),
        )

    assert caught.value.reason == "mismatch"
    assert caught.value.details["Outputs"][1]["passed"]


def test_inputs_that_do_not_fit_are_said(package: Package, model: Path) -> None:
    with pytest.raises(InputError, match=r"'side' .* is missing"):
        compared(package.path, model, {"image.0": np.ones((1, 3, 12, 12), F32)})


@pytest.mark.parametrize(
    ("ours", "reference", "passes"),
    [
        (np.array([1.0, 2.0], F32), np.array([1.0, 2.0005], F32), True),
        (np.array([1.0, 2.0], F32), np.array([1.0, 2.01], F32), False),
        (np.array([1000.0, 0.05], F32), np.array([1000.0, 0.0], F32), True),
        (np.array([1e-6, 0.0], F32), np.array([2e-6, 0.0], F32), False),
        (np.array([np.nan, 1.0], F32), np.array([np.nan, 1.0], F32), True),
        (np.array([np.nan, 1.0], F32), np.array([0.0, 1.0], F32), False),
        (np.array([np.inf, 1.0], F32), np.array([np.inf, 1.0], F32), True),
        (np.array([np.inf, 1.0], F32), np.array([-np.inf, 1.0], F32), False),
        (np.array([1.0, 1.0], F32), np.array([np.inf, 1.0], F32), False),
        (np.array([1, 2]), np.array([1, 2]), True),
        (np.array([1, 2]), np.array([1, 3]), False),
        (np.array([7, 2], np.uint8), np.array([7, 3], np.uint8), True),
        (np.array([7, 2], np.int8), np.array([7, 4], np.int8), False),
        (np.array([2**64 - 1, 0], np.uint64), np.array([2**64 - 2, 0], np.uint64), False),
        (np.array([True, False]), np.array([True, True]), False),
        (np.array([1.0], F32), np.array([1.0]), False),
        (np.zeros((2, 1), F32), np.zeros((1, 2), F32), False),
        (np.zeros(0, F32), np.zeros(0, F32), True),
    ],
    ids=[
        "close",
        "apart",
        "small-beside-large",
        "small-alone",
        "both-nan",
        "nan-alone",
        "same-infinity",
        "opposite-infinities",
        "finite-for-infinite",
        "equal-integers",
        "unequal-integers",
        "one-quantised-step",
        "two-quantised-steps",
        "large-unsigned",
        "truth",
        "type",
        "shape",
        "empty",
    ],
)
def test_tolerances_follow_type_and_scale(
    ours: np.ndarray, reference: np.ndarray, passes: bool
) -> None:
    assert difference("y", ours, reference).passed is passes


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (np.eye(1, 200, 3)[0] * 2 / 127, True),
        (np.tile([0.9 / 127, -0.9 / 127], 100), True),
        (np.eye(1, 200, 3)[0] * 5 / 127, False),
        (np.full(200, 1.5 / 127), False),
        (np.linspace(-3, 3, 200) / 127, False),
    ],
    ids=["few-steps-somewhere", "under-a-step", "many-steps", "shifted", "scaled"],
)
def test_quantised_values_may_be_off_by_steps_but_not_on_the_whole(
    error: np.ndarray, passes: bool
) -> None:
    reference = np.linspace(-1, 1, 200, dtype=F32)
    ours = (reference + error).astype(F32)

    assert difference("y", ours, reference, "quantised").passed is passes
    assert not difference("y", ours, reference).passed


def test_ties_between_levels_may_name_another_class_now_and_then() -> None:
    theirs = np.arange(1000) % 7
    ours = theirs.copy()
    ours[:9] += 1
    found = difference("y", ours, theirs, "quantised")
    assert found.passed
    assert "9 of 1000 elements differ" in found.note
    assert not difference("y", ours, theirs).passed
    ours[:20] += 1
    assert not difference("y", ours, theirs, "quantised").passed


@pytest.mark.parametrize(
    ("own", "ours", "source", "passes"),
    [
        (0.3, 0.3, {"Narrowest": "quantised"}, True),
        (0.3, 0.5, {"Narrowest": "quantised"}, False),
        (0.0, 0.3, {"Narrowest": "quantised"}, False),
        (0.3, 0.3, {"Narrowest": "quantised", "Unquantised": ["y"]}, False),
        (0.3, 0.3, {"Narrowest": "float16"}, False),
    ],
    ids=["as-far", "further", "steady", "unquantised", "halves"],
)
def test_a_quantised_model_may_wander_as_far_as_the_reference_does_from_itself(
    own: float, ours: float, source: dict[str, Any], passes: bool
) -> None:
    reference = np.linspace(-1, 1, 200, dtype=F32)
    away = np.random.default_rng(0).uniform(-1, 1, (2, 200)).astype(F32)

    (row,) = differences(
        source,
        [("y", reference + away[0] * F32(ours), reference)],
        lambda: [reference + away[1] * F32(own)],
    )

    assert row.passed is passes
    assert ("own results" in row.note) is passes


def test_the_reference_is_asked_again_only_where_outputs_differ() -> None:
    same = np.linspace(-1, 1, 200, dtype=F32)

    (row,) = differences({"Narrowest": "quantised"}, [("y", same, same)], pytest.fail)

    assert row.passed


def test_onnxruntime_answers_in_two_ways(tmp_path: Path) -> None:
    save(dense(), tmp_path / "dense.onnx")
    reference = Onnxruntime(tmp_path / "dense.onnx")
    feeds = {"x": drawn(9, 48)}

    (once,), (again,) = reference.outputs(feeds, ["y"]), reference.again(feeds, ["y"])

    assert isinstance(reference, Repeating)
    np.testing.assert_allclose(once, again, atol=0.1)


def test_an_output_that_nothing_quantised_lies_behind_is_held_to_its_own_type(
    tmp_path: Path,
) -> None:
    text = """g (float[2,64] x, float s, uint8 zero) => (float[2,64] rough, float[2,64] fine)
        {{ q = QuantizeLinear(x, s, zero) rough = DequantizeLinear(q, s, zero)
          one = Constant <value = float {{{one}}}> () fine = Mul(x, one) }}"""
    for name, one in (("right", "1.0"), ("wrong", "1.01")):
        model = model_of(text.format(one=one))
        for key, value in (("s", F32(0.05)), ("zero", np.uint8(128))):
            model.graph.initializer.append(numpy_helper.from_array(np.array(value), key))
        save(model, tmp_path / f"{name}.onnx")

    package = compile_model(compile_request(tmp_path / "right.onnx", output=tmp_path))
    comparison = compared(package.path, tmp_path / "wrong.onnx")

    assert package.meta["Sagectl"]["Source"]["Unquantised"] == ["fine"]
    assert [row.output for row in comparison.failures] == ["fine"]


def test_the_small_end_of_a_sigmoid_is_as_exact_as_its_range(tmp_path: Path) -> None:
    ours, reference = np.array([1e-5, 2e-5], F32), np.array([1.02e-5, 2e-5], F32)
    assert not difference("y", ours, reference).passed
    assert difference("y", ours, reference, floor=SATURATED).passed
    assert not difference("y", ours * F32(1.1), reference, floor=SATURATED).passed

    text = "g (float[2,64] x, float[1] s) => (float[2,64] y) { a = Sub(x, s) y = Sigmoid(a) }"
    model = model_of(text)
    model.graph.initializer.append(numpy_helper.from_array(np.array([14], F32), "s"))
    save(model, tmp_path / "small.onnx")

    package = compile_model(compile_request(tmp_path / "small.onnx", output=tmp_path))

    assert package.meta["Sagectl"]["Source"]["Saturating"] == ["y"]
    assert package.meta["Sagectl"]["Verification"]["Result"] == "passed"


def test_a_flat_reference_is_called_little_proof() -> None:
    flat = np.full((2, 50), 0.1, F32)

    assert "little is proven" in difference("y", flat, flat).note
    saturated = np.eye(1, 100, dtype=F32)
    assert "little is proven" in difference("y", saturated, saturated).note
    assert not difference("y", np.arange(9.0), np.arange(9.0)).note


def test_a_form_that_no_test_covers_is_verified_whatever_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    save(model_of("g (double[2,3] x) => (double[2,3] y) { y = Softmax(x) }"), path)

    forced = compile_model(compile_request(path, output=tmp_path, verify=False))
    trusted = compile_model(
        compile_request(path, output=tmp_path, verify=False, is_compared=True)
    )

    proof = forced.meta["Sagectl"]["Verification"]
    assert (proof["Result"], proof["ForcedBy"]) == ("passed", ["Softmax (float64)"])
    assert trusted.meta["Sagectl"]["Verification"]["Result"] == "skipped"


def test_a_model_in_half_precision_is_held_to_its_own_tolerance(tmp_path: Path) -> None:
    model = model_of("""g (float[2,64] x, float16[64,8] w) => (float[2,8] y)
        { a = Cast <to = 10> (x) b = MatMul(a, w) y = Cast <to = 1> (b) }""")
    weights = np.random.default_rng(3).standard_normal((64, 8)).astype(np.float16)
    model.graph.initializer.append(numpy_helper.from_array(weights, "w"))
    save(model, tmp_path / "half.onnx")

    package = compile_model(compile_request(tmp_path / "half.onnx", output=tmp_path))

    proof = package.meta["Sagectl"]["Verification"]
    assert (proof["Result"], proof["Tolerance"]["Relative"]) == ("passed", 1e-2)
