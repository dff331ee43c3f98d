"""Products of quantised matrices: on instructions for bytes where there are any, or exact."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from sagectl.compiler.frontends.onnx import import_model
from sagectl.compiler.passes.pipeline import optimized
from sagectl.compiler.schedules import scheduled
from sagectl.compiler.targets import tvm_target
from tests.benchmarks.models import quantised
from tests.compiler.schedules.workbench import cross, drawn, expected, host, model, node

if TYPE_CHECKING:
    from onnx import ModelProto

    from sagectl.compiler.targets import Target

Array = np.ndarray[Any, Any]

LIMITS = {"uint8": (0, 256), "int8": (-128, 128)}
SHAPES: dict[str, tuple[tuple[int, ...], int, int]] = {
    "whole-tiles": ((128,), 64, 96),
    "rows-left-over": ((35,), 64, 32),
    "columns-left-over": ((13,), 64, 37),
    "depth-left-over": ((7,), 30, 32),
    "one-row": ((1,), 128, 64),
    "one-column": ((5,), 8, 1),
    "batch": ((3, 12), 32, 48),
    "short-runs": ((5, 2), 33, 20),
    # Sums beyond what single precision has without gaps.
    "deep": ((4,), 3000, 8),
}
WITHOUT = {"avx2": ("X86_64", "haswell"), "sse": ("X86_64", "x86-64")}


def whole(kind: str, *shape: int, seed: int = 0) -> Array:
    """Bytes of a type, its limits among them."""
    return np.random.default_rng(seed).integers(*LIMITS[kind], shape).astype(kind)


def product(
    name: str, kinds: tuple[str, str] = ("uint8", "int8"), points: str = "scalar"
) -> tuple[ModelProto, Array, Array]:
    """A MatMulInteger, an input of it, and the result by its definition."""
    rows, depth, columns = SHAPES[name]
    a, b = whole(kinds[0], *rows, depth), whole(kinds[1], depth, columns, seed=1)
    a_zero = whole(kinds[0], seed=2)
    b_zero = whole(kinds[1], *((columns,) if points == "columns" else ()), seed=3)
    held = {"b": b, "s": a_zero} | ({} if points == "none" else {"t": b_zero})
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["a", *held], ["y"])],
        "product",
        [helper.make_tensor_value_info("a", helper.np_dtype_to_tensor_dtype(a.dtype), a.shape)],
        [helper.make_tensor_value_info("y", TensorProto.INT32, None)],
        [numpy_helper.from_array(value, name) for name, value in held.items()],
    )
    right = b.astype(np.int64) - (0 if points == "none" else b_zero.astype(np.int64))
    made = (a.astype(np.int64) - a_zero) @ right
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), a, made


def functions(proto: ModelProto, target: Target) -> Any:
    """The scheduled module of a model."""
    return scheduled(optimized(import_model(proto, {}).module, target), target)


def answer(proto: ModelProto, target: Target, *feeds: Array) -> Array:
    import tvm
    from tvm import relax

    built = tvm.compile(functions(proto, target), target=tvm_target(target))
    machine = relax.VirtualMachine(built, tvm.cpu())
    made: Array = machine["main"](*map(tvm.runtime.tensor, feeds)).numpy()
    return made


@pytest.mark.parametrize(
    ("name", "kinds", "points"),
    [
        *((name, ("uint8", "int8"), "none") for name in SHAPES),
        ("rows-left-over", ("int8", "int8"), "scalar"),
        ("columns-left-over", ("uint8", "uint8"), "scalar"),
        ("batch", ("int8", "uint8"), "columns"),
        ("short-runs", ("uint8", "uint8"), "columns"),
    ],
)
def test_products_of_bytes_are_exact(name: str, kinds: tuple[str, str], points: str) -> None:
    proto, a, wanted = product(name, kinds, points)
    np.testing.assert_array_equal(answer(proto, host(), a), wanted)


@pytest.mark.parametrize("machine", WITHOUT.values(), ids=WITHOUT)
@pytest.mark.parametrize("name", ["rows-left-over", "deep"])
def test_without_such_an_instruction_real_sums_are_kept_short_enough_to_be_exact(
    machine: tuple[str, str], name: str
) -> None:
    proto, a, wanted = product(name)
    target = cross(*machine)

    products = [each.name_hint for each in functions(proto, target).get_global_vars()]

    assert not any("byte_product" in each for each in products)
    np.testing.assert_array_equal(answer(proto, target, a), wanted)


INSTRUCTIONS = {
    "vnni-512": (("X86_64", "cascadelake"), r"vpdpbusd.*zmm"),
    "vnni-256": (("X86_64", "alderlake"), r"vpdpbusd.*ymm"),
    "dot-product": (("ARM64", "neoverse-n1"), r"sdot\s+v\d+\.4s"),
}


@pytest.mark.parametrize("row", INSTRUCTIONS)
@pytest.mark.parametrize("kind", LIMITS)
def test_bytes_are_multiplied_four_at_a_time(row: str, kind: str) -> None:
    import tvm
    from tvm.tirx import PrimFunc

    machine, instruction = INSTRUCTIONS[row]
    target = cross(*machine)
    made = functions(product("rows-left-over", (kind, "int8"))[0], target)
    nests = {
        name.name_hint: func.with_attr("global_symbol", name.name_hint)
        for name, func in made.functions_items()
        if isinstance(func, PrimFunc)
    }
    built = tvm.compile(tvm.IRModule(nests), target=tvm_target(target))
    code = str(built.mod.inspect_source("asm"))
    assert len(re.findall(instruction, code)) >= 8


def dense(**settings: Any) -> ModelProto:
    """Two dense layers, between them a reshape, as onnxruntime's tools quantise them."""
    weights = {"w": drawn(64, 48, seed=1) / 8, "v": drawn(32, 32, seed=2) / 8}
    weights |= {"bias": drawn(64, seed=3), "form": np.array([18, 32])}
    nodes = [
        node("Gemm", ["x", "w", "bias"], "a", transB=1),
        node("Relu", ["a"], "b"),
        node("Reshape", ["b", "form"], "c"),
        node("MatMul", ["c", "v"]),
    ]
    return quantised(model(nodes, {"x": (9, 48)}, weights), **settings)


@pytest.mark.parametrize("per_channel", [True, False])
def test_dequantised_factors_are_multiplied_as_bytes(per_channel: bool) -> None:
    proto = dense(per_channel=per_channel)
    feeds = {proto.graph.input[0].name: drawn(9, 48)}

    made = functions(proto, cross("X86_64", "cascadelake"))

    names = [each.name_hint for each in made.get_global_vars()]
    assert sum("byte_product" in each for each in names) == 2
    wanted = expected(proto, feeds)
    steps = np.diff(np.unique(wanted)).min()
    assert np.abs(answer(proto, host(), *feeds.values()) - wanted).max() <= 1.01 * steps


def test_a_dynamically_quantised_layer_is_one_nest() -> None:
    """The product, its zero point, scale, bias and activation: no sum is written."""
    nodes = [
        helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]),
        node("MatMulInteger", ["q", "w", "z"], "i"),
        helper.make_node("Cast", ["i"], ["f"], to=TensorProto.FLOAT),
        node("Mul", ["s", "t"], "u"),
        node("Mul", ["f", "u"], "p"),
        node("Add", ["p", "bias"], "b"),
        node("Relu", ["b"]),
    ]
    held = {"w": whole("int8", 48, 40), "t": np.array(0.01, "f4"), "bias": drawn(40)}
    proto = model(nodes, {"x": (9, 48)}, held)
    feeds = {"x": drawn(9, 48)}

    made = functions(proto, cross("X86_64", "cascadelake"))

    written = {
        name.name_hint: str(func.params[-1].ty.dtype)
        for name, func in made.functions_items()
        if "byte_product" in name.name_hint
    }
    assert list(written.values()) == ["float32"]
    np.testing.assert_allclose(
        answer(proto, host(), *feeds.values()), expected(proto, feeds), rtol=1e-5, atol=1e-5
    )


def test_layers_that_differ_in_scales_alone_share_their_nests() -> None:
    weights = {name: drawn(48, 48, seed=seed) / 8 for seed, name in enumerate("uvw")}
    nodes = [
        node("MatMul", ["x", "u"], "a"),
        node("Tanh", ["a"], "b"),
        node("MatMul", ["b", "v"], "c"),
        node("Tanh", ["c"], "d"),
        node("MatMul", ["d", "w"], "e"),
        node("Tanh", ["e"]),
    ]
    made = functions(quantised(model(nodes, {"x": (9, 48)}, weights)), host())
    products = [each.name_hint for each in made.get_global_vars() if "byte" in each.name_hint]
    # The last one's result goes out as it is.
    assert len(products) <= 2
