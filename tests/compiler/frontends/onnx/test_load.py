"""What the frontend makes of a model file, and what it says of one it cannot use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import FunctionProto, TensorProto, helper, numpy_helper

from sagectl.compiler.errors import RequestError
from sagectl.compiler.frontends.onnx import import_model, load
from sagectl.compiler.request import compile_request
from sagectl.errors import CompileError
from tests.compiler.frontends.onnx.harness import (
    assert_same,
    compiled_results,
    model_of,
    random_feeds,
)

if TYPE_CHECKING:
    from pathlib import Path

    from sagectl.compiler.frontends import Imported

ADD = """g (float[batch,3] left, float[batch,3] right) => (float[batch,3] y)
    { y = Add(left, right) }"""


def loaded(path: Path, **shapes: tuple[int, ...]) -> Imported:
    return load(compile_request(path, output=path.parent, inputs=shapes))


def refusal(text: str, domains: str = "", **shapes: tuple[int, ...]) -> CompileError:
    with pytest.raises(CompileError) as caught:
        import_model(model_of(text, domains=domains), shapes)
    return caught.value


def test_a_dynamic_input_is_named_with_the_flag_that_fixes_it() -> None:
    error = refusal(ADD)
    assert error.reason == "input"
    assert "'left' has no fixed shape: [batch, 3]" in error.message
    assert "'right' has no fixed shape" in error.message
    assert error.hint is not None
    assert "--input left=1,3 --input right=1,3" in error.hint


def test_a_symbol_fixed_in_one_input_holds_in_the_others() -> None:
    imported = import_model(model_of(ADD), {"left": (2, 3)})
    assert [spec.shape for spec in imported.inputs] == [(2, 3), (2, 3)]
    assert imported.outputs[0].shape == (2, 3)


def test_all_findings_about_shapes_come_at_once() -> None:
    error = refusal(ADD, lefd=(2, 3), left=(2, 4), right=(2, 3, 1))
    assert error.reason == "input"
    assert "no input 'lefd'; did you mean 'left'?" in error.message
    assert "'left' has size 3 in dimension 1, not 4" in error.message
    assert "'right' has 2 dimensions, [batch, 3]; 3 are given, [2, 3, 1]" in error.message


def test_one_symbol_with_two_sizes_is_refused() -> None:
    error = refusal(ADD, left=(2, 3), right=(4, 3))
    assert "'batch' is 2 in input 'left' and 4 in input 'right'" in error.message


def test_a_parameter_is_no_input() -> None:
    error = refusal(
        "g (float[3] x) => (float[3] y) <float[3] w = {1,2,3}> { y = Add(x, w) }",
        w=(3,),
    )
    assert "'w' is a parameter of the model" in error.message


def test_all_unsupported_operators_are_named_with_their_nodes() -> None:
    error = refusal(
        """g (float[2,3] x) => (float[2,3] y)
        { a = acme.Spin(x) b = Relu(x) c = acme.Spin(b) d = acme.Turn(c) e = Add(a, d)
          y = Bernoulli(e) }""",
        domains='"acme": 1',
    )
    assert error.reason == "operator"
    assert error.details["operators"] == ["acme.Spin"]
    assert error.details["nodes"] == ["a", "c"]
    assert "acme.Spin (nodes 'a', 'c')" in error.message


def test_an_operator_deep_in_a_function_is_named_by_the_models_own_node() -> None:
    error = refusal("g (float[2,3] x) => (bool[2,3] y) { y = Bernoulli <dtype = 9> (x) }")
    assert "Bernoulli (node 'y')" in error.message


def test_an_input_that_decides_a_shape_is_asked_for() -> None:
    error = refusal("g (float[4] x, int64[2] s) => (float[a,b] y) { y = Reshape(x, s) }")
    assert error.details["needs"] == ["s"]
    assert error.hint is not None
    assert "'s'" in error.hint


def test_inputs_that_are_no_tensors_are_refused() -> None:
    error = refusal("g (string[2] x, seq(float[2]) s) => (string[2] y) { y = Identity(x) }")
    assert "input 'x' is string; input 's' is sequence; output 'y' is string" in error.message


def test_a_model_without_outputs_is_refused() -> None:
    model = model_of("g (float[2] x) => (float[2] y) { y = Relu(x) }")
    del model.graph.output[:]

    with pytest.raises(RequestError, match="has no outputs"):
        import_model(model, {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("g (float[1, 2097152, 1048576] x) => (float[1] y) { y = Relu(x) }", "'x' has 2199023"),
        (
            "g (float[65536,1] x, float[1,65536] w) => (float[65536,65536] y) {y = Add(x,w)}",
            "'y' has 4294967296 elements",
        ),
    ],
    ids=["input", "result"],
)
def test_tensors_too_large_for_generated_code_are_refused(text: str, said: str) -> None:
    error = refusal(text)
    assert said in error.message
    assert error.reason == "input"


def test_contradicting_shapes_are_refused() -> None:
    error = refusal("g (float[2,3] x, float[4,5] w) => (float[2,5] y) { y = MatMul(x, w) }")
    assert "MatMul (node 'y')" in error.message
    assert "ncompatible dimensions" in error.message


def test_names_and_order_of_inputs_and_outputs_are_the_models(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    text = """g (float[2] z, float[2] a) => (float[2] "o/2", float[2] o)
        { "o/2" = Sub(z, a) o = Sub(a, z) }"""
    onnx.save(model_of(text), path)
    imported = loaded(path)
    assert [spec.name for spec in imported.inputs] == ["z", "a"]
    assert [spec.name for spec in imported.outputs] == ["o/2", "o"]


def test_outputs_may_be_inputs_constants_scalars_and_twice_the_same() -> None:
    assert_same(
        model_of("""g (float[2] x) => (float[2] x, float[2] c, float s, float[2] y, float[2] z)
        <float[2] k = {1,2}>
        { c = Identity(k) s = ReduceSum <keepdims = 0> (x) y = Relu(x) z = Identity(y) }""")
    )


def test_initializers_that_are_listed_as_inputs_are_parameters() -> None:
    model = model_of("g (float[2] x, float[2] w) => (float[2] y) { y = Mul(x, w) }")
    model.graph.initializer.append(numpy_helper.from_array(np.float32([2, 3]), "w"))
    imported = import_model(model, {})
    assert [spec.name for spec in imported.inputs] == ["x"]


def test_shape_arithmetic_and_constant_conditions_fold_away() -> None:
    model = model_of(
        """g (float[2,3,4] x) => (float[n,m] y)
        <int64[1] first = {0}, int64[1] minus = {-1}, int64 three = {3}>
        { s = Shape(x) b = Gather(s, first) t = Concat <axis = 0> (b, minus)
          r = Size(s) is = Equal(r, three)
          y = If (is) <then_branch = a () => (float[n,m] p) { p = Reshape(x, t) },
                       else_branch = b () => (float[n,m] q) { q = acme.Nothing(x) }> }""",
        domains='"acme": 1',
    )
    (result,) = compiled_results(model, random_feeds(model))
    assert result.shape == (2, 12)


def test_a_condition_known_at_run_time_selects() -> None:
    model = model_of("""g (float[3] x, bool c) => (float[3] y)
        { y = If (c) <then_branch = a () => (float[3] p) { p = Relu(x) },
                      else_branch = b () => (float[3] q) { q = Neg(x) }> }""")
    for flag in (True, False):
        assert_same(model, {"x": np.float32([-1, 2, 3]), "c": np.array(flag)})


def test_a_loop_of_known_length_is_unrolled() -> None:
    assert_same(
        model_of("""g (float[3] x) => (float[3] y, float[4,3] all)
        <int64 n = {4}, bool go = {1}>
        { y, all = Loop (n, go, x) <body = b (int64 i, bool k, float[3] v) =>
            (bool k2, float[3] w, float[3] out)
            { k2 = Identity(k) w = Add(v, v) out = Neg(w) }> }""")
    )


def test_a_scan_is_unrolled() -> None:
    assert_same(
        model_of("""g (float[2] start, float[3,2] rows) => (float[2] end, float[3,2] sums)
        { end, sums = Scan <num_scan_inputs = 1, body = b (float[2] s, float[2] r) =>
            (float[2] t, float[2] o) { t = Add(s, r) o = Identity(t) }> (start, rows) }""")
    )


def test_sequences_inside_a_model_are_taken_apart() -> None:
    assert_same(
        model_of("""g (float[4,3] x) => (float[2,3] y, float[4,3] z)
        <int64 two = {2}, int64 one = {1}>
        { parts = SplitToSequence <axis = 0> (x, two) y = SequenceAt(parts, one)
          z = ConcatFromSequence <axis = 0> (parts) }""")
    )


@pytest.mark.parametrize("opset", [7, 9, 11, 13, 17, 21])
def test_models_of_every_age_compile(opset: int) -> None:
    text = """g (float[1,2,6,6] x) => (float[1,8] y)
        <float[3,2,3,3] w, float[8,27] k, float[8] b>
        { c = Conv(x, w) r = Relu(c) p = MaxPool <kernel_shape = [2,2], strides = [1,1]> (r)
          f = Flatten(p) g = Gemm <transB = 1> (f, k, b) y = Softmax(g) }"""
    text = text.replace("<float[3,2,3,3] w, float[8,27] k, float[8] b>", "").replace(
        "float[1,2,6,6] x)", "float[1,2,6,6] x, float[3,2,3,3] w, float[8,27] k, float[8] b)"
    )
    assert_same(model_of(text, opset=opset))


def test_functions_of_the_model_are_inlined() -> None:
    model = model_of(
        """g (float[3] x) => (float[3] y) { y = own.twice <by = 3.0> (x) }
        <domain: "own", opset_import: ["": 18]>
        twice <by> (a) => (b)
        { k = Constant <value_float: float = @by> () c = CastLike(k, a) b = Mul(a, c) }""",
        domains='"own": 1',
    )
    (result,) = compiled_results(model, {"x": np.float32([1, 2, 3])})
    np.testing.assert_allclose(result, [3, 6, 9])


def test_functions_of_one_name_are_told_apart_by_their_overload() -> None:
    model = model_of(
        """g (float[3] x) => (float[3] y) { t = own.f(x) y = own.f(t) }
        <domain: "own", opset_import: ["": 18]> f (a) => (b) { b = Neg(a) }""",
        domains='"own": 1',
    )
    model.ir_version = 10
    other = FunctionProto()
    other.CopyFrom(model.functions[0])
    other.overload, other.node[0].op_type = "two", "Exp"
    model.functions.append(other)
    model.graph.node[1].overload = "two"
    assert_same(model)


def test_weights_of_more_bytes_than_their_shape_takes_are_refused(tmp_path: Path) -> None:
    weights = numpy_helper.from_array(np.ones((3, 2), np.float32), "w")
    model = model_of("g (float[1,3] x) => (float[1,2] y) { y = MatMul(x, w) }")
    model.graph.initializer.append(weights)
    path = tmp_path / "long.onnx"
    onnx.save(model, path, save_as_external_data=True, location="w.data", size_threshold=0)
    external = model.graph.initializer[0].external_data
    del external[[each.key for each in external].index("length")]
    path.write_bytes(model.SerializeToString())
    (tmp_path / "w.data").write_bytes(bytes(28))

    with pytest.raises(RequestError, match="'w' have 28 bytes, of which their shape takes 24"):
        loaded(path)


def test_weights_beside_the_file_are_read(tmp_path: Path) -> None:
    path = tmp_path / "big.onnx"
    weight = numpy_helper.from_array(np.arange(4096, dtype=np.float32), "w")
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "w"], ["y"])],
        "big",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [4096])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [4096])],
        [weight],
    )
    model = helper.make_model(graph, ir_version=9, opset_imports=[helper.make_opsetid("", 18)])
    onnx.save(model, path, save_as_external_data=True, location="big.data", size_threshold=0)
    assert loaded(path).outputs[0].shape == (4096,)
    (tmp_path / "big.data").unlink()
    with pytest.raises(CompileError, match=r"weights that .* keeps outside") as caught:
        loaded(path)
    assert caught.value.reason == "format"


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 a zip file", b'{"not": "onnx"}'], ids=["empty", "zip", "json"]
)
def test_a_file_that_is_no_onnx_model_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(content)
    with pytest.raises(CompileError) as caught:
        loaded(path)
    assert caught.value.reason == "format"
    assert "net.onnx" in caught.value.message


def test_a_graph_that_reads_what_nobody_makes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    onnx.save(model_of("g (float[2] x) => (float[2] y) { y = Add(x, ghost) }"), path)
    with pytest.raises(CompileError, match="ghost") as caught:
        loaded(path)
    assert caught.value.reason == "format"


def test_an_operator_set_from_the_future_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    onnx.save(model_of("g (float[2] x) => (float[2] y) { y = Relu(x) }", opset=999), path)
    with pytest.raises(CompileError, match="operator set 999") as caught:
        loaded(path)
    assert caught.value.reason == "format"


def test_a_shape_that_a_schema_leaves_out_is_the_inputs() -> None:
    model = model_of(
        """g (float[3,4,2,2] x, float[4] s, float[4] b) => (float[3,4,2,2] y)
        { y = GroupNormalization <num_groups = 2> (x, s, b) }""",
        opset=21,
    )
    assert import_model(model, {}).outputs[0].shape == (3, 4, 2, 2)


def test_an_output_of_open_shape_is_refused_before_compiling() -> None:
    model = model_of("g (float[2,4] x) => (float[n,4] y) { y = Unique<axis=0>(x) }")
    with pytest.raises(CompileError, match=r"Unique .*known at run time"):
        import_model(model, {})


def test_a_branch_that_fits_no_shapes_is_one_problem_of_its_if() -> None:
    error = refusal(
        """g (float[1,3] x, float[3,2] w, float[4,2] v, bool flag) => (float[a,b] y) {
            y = If (flag) <
                then_branch = one () => (float[c,d] yes) { yes = MatMul(x, w) },
                else_branch = two () => (float[e,f] no) { no = MatMul(x, v) }
            >
        }"""
    )
    assert error.message.startswith("The compiler cannot compile If (node 'y'): which branch")
    assert "one of them cannot be compiled for these shapes (MatMul:" in error.message
    assert error.details["needs"] == ["flag"]
    assert error.hint is not None
    assert "model.graph.initializer.append" in error.hint
