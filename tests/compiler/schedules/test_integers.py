"""Quantised convolutions: on instructions for bytes where there are such, right everywhere."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnxruntime.quantization import QuantType

from tests.benchmarks.models import quantised
from tests.compiler.schedules.test_rules import convolution
from tests.compiler.schedules.workbench import (
    answer,
    assembly,
    calls,
    cross,
    drawn,
    expected,
    model,
    nests,
    node,
)

if TYPE_CHECKING:
    from onnx import ModelProto

SHAPES: dict[str, tuple[Any, ...]] = {
    "padded": ((1, 32, 14, 14), 48),
    "pointwise": ((1, 48, 7, 7), 64, (1, 1)),
    "few-inputs": ((1, 3, 17, 19), 24, (5, 5)),
    "ragged": ((2, 20, 9, 9), 37),
}
OTHERS: dict[str, dict[str, Any]] = {
    "strided": {"strides": [2, 2]},
    "dilated": {"dilations": [2, 2], "pads": [2, 2, 2, 2]},
    "uneven": {"pads": [0, 1, 2, 0]},
    "depthwise": {"group": 32},
    "grouped": {"group": 4},
}
CASES: dict[str, Any] = {
    **{name: (SHAPES[name], {}) for name in SHAPES},
    **{name: (((1, 32, 15, 15), 32), rest) for name, rest in OTHERS.items()},
}


@cache
def made(name: str, kind: str = "QUInt8", *, per_channel: bool = True) -> ModelProto:
    shapes, attributes = CASES[name]
    plain = convolution(*shapes, **attributes)
    return quantised(plain, activation_type=QuantType[kind], per_channel=per_channel)


def steps_apart(proto: ModelProto) -> float:
    """The largest difference from onnxruntime, in steps of the result's quantisation."""
    shape = [axis.dim_value for axis in proto.graph.input[0].type.tensor_type.shape.dim]
    feeds = {proto.graph.input[0].name: drawn(*shape)}
    wanted = expected(proto, feeds)
    levels = np.unique(wanted)
    return float(np.abs(answer(proto, feeds) - wanted).max() / np.diff(levels).min())


@pytest.mark.parametrize(
    ("name", "kind"),
    [*((name, "QUInt8") for name in CASES), ("padded", "QInt8"), ("few-inputs", "QInt8")],
)
def test_a_quantised_convolution_is_at_most_one_step_off(name: str, kind: str) -> None:
    """A value between two levels may go to either: onnxruntime multiplies in another order."""
    assert steps_apart(made(name, kind)) <= 1.01


def test_one_scale_for_all_channels_serves_too() -> None:
    assert steps_apart(made("padded", per_channel=False)) <= 1.01


INSTRUCTIONS = {
    "vnni-512": (("X86_64", "cascadelake"), r"vpdpbusd.*zmm"),
    "vnni-256": (("X86_64", "alderlake"), r"vpdpbusd.*ymm"),
    "dot-product": (("ARM64", "neoverse-n1"), r"sdot\s+v\d+\.4s"),
}


@pytest.mark.parametrize("row", INSTRUCTIONS)
@pytest.mark.parametrize("kind", ["QUInt8", "QInt8"])
def test_bytes_are_multiplied_four_at_a_time(row: str, kind: str) -> None:
    machine, instruction = INSTRUCTIONS[row]
    code = assembly(made("padded", kind), cross(*machine))
    assert len(re.findall(instruction, code)) >= 8


@pytest.mark.parametrize("machine", [("X86_64", "haswell"), ("ARM64", "cortex-a72")])
def test_without_such_an_instruction_the_convolution_is_of_reals(
    machine: tuple[str, str],
) -> None:
    functions = nests(made("padded"), cross(*machine))
    assert not any("integer" in name for name in functions)
    assert any("conv2d" in name for name in functions)


def chained(*between: tuple[str, list[str], dict[str, Any]], **settings: Any) -> ModelProto:
    """Two quantised convolutions and the operators between them."""
    weights = {"w": drawn(32, 16, 3, 3, seed=1) / 8, "v": drawn(16, 32, 1, 1, seed=2) / 4}
    weights |= {"low": np.float32(-0.5), "high": np.float32(1.5), "bias": drawn(32, seed=3)}
    nodes, last = [node("Conv", ["x", "w", "bias"], "a")], "a"
    for place, (kind, inputs, attributes) in enumerate(between):
        nodes.append(node(kind, [last, *inputs], f"t{place}", **attributes))
        last = f"t{place}"
    nodes.append(node("Conv", [last, "v"]))
    return quantised(model(nodes, {"x": (1, 16, 9, 9)}, weights), **settings)


POOL = ("MaxPool", [], {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1] * 4})
BETWEEN: dict[str, tuple[Any, ...]] = {
    "nothing": (),
    "relu": (("Relu", [], {}),),
    "clip": (("Clip", ["low", "high"], {}),),
    "maximum": (("Relu", [], {}), POOL),
}


@pytest.mark.parametrize("name", BETWEEN)
@pytest.mark.parametrize("kind", ["QUInt8", "QInt8"])
def test_a_chain_of_quantised_convolutions_stays_in_bytes(name: str, kind: str) -> None:
    """Nothing between two convolutions is written as reals."""
    proto = chained(*BETWEEN[name], activation_type=QuantType[kind])
    assert steps_apart(proto) <= 1.01
    target = cross("X86_64", "cascadelake")
    functions = nests(proto, target)
    written = [str(func.params[-1].ty.dtype) for func in functions.values()]
    # The last convolution, and the copy of its result out of blocks.
    assert written.count("float32") <= 2
    assert sum("dequantise" in name for name in calls(proto, target)) <= 1


def test_real_values_that_others_read_too_are_made_of_the_same_sums() -> None:
    """A quantisation takes a convolution over only where it alone reads from it."""
    weights = {"w": drawn(16, 16, 3, 3, seed=1) / 8, "v": drawn(16, 16, 1, 1, seed=2) / 4}
    nodes = [
        node("Conv", ["x", "w"], "a"),
        node("Conv", ["a", "v"], "b"),
        node("Add", ["a", "b"]),
    ]
    proto = quantised(
        model(nodes, {"x": (1, 16, 9, 9)}, weights), op_types_to_quantize=["Conv"]
    )
    assert steps_apart(proto) <= 1.01


def test_few_channels_fill_one_quad_of_bytes() -> None:
    functions = nests(made("few-inputs"), cross("X86_64", "cascadelake"))
    packed = [func.params[-1].ty.shape for name, func in functions.items() if "pack" in name]
    assert [int(shape[-1]) for shape in packed if len(shape) == 5] == [4]


def test_a_quantised_model_is_held_to_the_steps_that_it_computes_in() -> None:
    from sagectl.compiler.comparison import TOLERANCES
    from sagectl.compiler.frontends.onnx import import_model

    assert import_model(made("padded"), {}).facts["narrowest"] == "quantised"
    assert TOLERANCES["quantised"][1] > TOLERANCES["bfloat16"][1]
