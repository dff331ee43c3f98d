"""What the schedules leave in the code: whole vectors of the target's own width."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from sagectl.compiler.schedules.cpu.tiles import best_tile
from tests.compiler.schedules.test_rules import MODELS, convolution
from tests.compiler.schedules.workbench import assembly, cross, model, nests, node

if TYPE_CHECKING:
    from sagectl.compiler.targets import Target

WIDE = ("convolution", "depthwise", "dense", "softmax")

# Target -> the instruction that multiplies and adds a whole register of it.
REGISTERS = {
    "avx512": (("X86_64", "skylake-avx512"), r"vfmadd\d+ps.*zmm"),
    "avx2": (("X86_64", "haswell"), r"vfmadd\d+ps.*ymm"),
    "sse2": (("X86_64", "x86-64"), r"mulps.*xmm"),
    "neon": (("ARM64", "cortex-a72"), r"fml[as]\s+v\d+\.4s"),
}


@pytest.mark.parametrize("row", REGISTERS)
def test_heavy_operators_use_the_vectors_of_the_target(row: str) -> None:
    machine, instruction = REGISTERS[row]
    for name in WIDE:
        code = assembly(MODELS[name], cross(*machine))
        assert re.search(instruction, code), name


# Target -> the instruction that adds a whole register of it.
ADDITIONS = {
    "avx512": r"vaddps.*zmm",
    "avx2": r"vaddps.*ymm",
    "sse2": r"addps.*xmm",
    "neon": r"fadd\s+v\d+\.4s",
}


@pytest.mark.parametrize("row", ADDITIONS)
def test_elementwise_operators_use_the_vectors_of_the_target(row: str) -> None:
    proto = model(
        [node("Add", ["x", "z"], "a"), node("Relu", ["a"])], dict.fromkeys("xz", (64, 48))
    )
    assert re.search(ADDITIONS[row], assembly(proto, cross(*REGISTERS[row][0])))


@pytest.mark.parametrize("row", ADDITIONS)
def test_reductions_over_the_middle_use_the_vectors_of_the_target(row: str) -> None:
    code = assembly(MODELS["mean-middle"], cross(*REGISTERS[row][0]))
    assert re.search(ADDITIONS[row], code)


@pytest.mark.parametrize("row", REGISTERS)
def test_blocks_of_channels_are_as_wide_as_a_vector(row: str) -> None:
    target = cross(*REGISTERS[row][0])
    shapes = {
        tuple(int(extent) for extent in param.shape)
        for func in nests(MODELS["convolution"], target).values()
        for param in func.params
    }
    assert any(len(shape) == 5 and shape[-1] == target.vector_bytes // 4 for shape in shapes)


@pytest.mark.parametrize("operator", ["Exp", "Tanh", "Erf", "Sigmoid"])
def test_elementary_functions_call_no_library(operator: str) -> None:
    proto = model([node(operator, ["x"])], {"x": (4, 64)})
    code = assembly(proto, cross("X86_64", "haswell"))
    assert not re.search(r"(call|jmp)\S*\s+(exp|tanh|erf)f", code)
    assert "ymm" in code


@pytest.mark.parametrize("row", REGISTERS)
def test_an_image_one_pixel_wide_fills_the_registers_as_one_pixel_high(row: str) -> None:
    machine, instruction = REGISTERS[row]
    upright, flat = (
        len(re.findall(instruction, assembly(convolution(image, 64, size), cross(*machine))))
        for image, size in (((1, 64, 84, 1), (5, 1)), ((1, 64, 1, 84), (1, 5)))
    )
    assert upright >= flat > 2


def test_a_remainder_costs_the_other_tiles_no_check() -> None:
    """The multiply-adds of a whole tile stand in one stretch without a jump."""
    target = cross("X86_64", "skylake-avx512")
    code = assembly(MODELS["dense-ragged"], target)
    assert _longest(code, "vfmadd") >= best_tile(19, 3, target.registers).accumulators


@pytest.mark.parametrize(("name", "sums"), [("steps-of-one-row", 12), ("runs-of-few-rows", 9)])
def test_short_runs_of_rows_share_their_weights(name: str, sums: int) -> None:
    """Row by row, every weight would be read for one multiplication."""
    code = assembly(MODELS[name], cross("X86_64", "skylake-avx512"))
    assert _longest(code, "vfmadd") >= sums


def _longest(code: str, instruction: str) -> int:
    """How often an instruction stands in the stretch without a jump that has most of it."""
    stretches = re.split(r"\n\s+j\w+\s|\n\.LBB", code)
    return max(len(re.findall(instruction, stretch)) for stretch in stretches)


# Nests whose every element depends on the one before, or is picked by a value: no vectors.
SEQUENTIAL = {"argument"}


@pytest.mark.parametrize("name", MODELS)
def test_every_nest_ends_scheduled(name: str, here: Target) -> None:
    """And with vectors, unless it moves or compares elements one by one."""
    for function, func in nests(MODELS[name], here).items():
        assert func.attrs["tirx.is_scheduled"], function
        script = func.script()
        if name not in SEQUENTIAL and "_update" in script:
            assert "T.vectorized" in script, function


def test_the_same_model_gives_the_same_nests(here: Target) -> None:
    first, second = (nests(MODELS["attention"], here) for _ in range(2))
    assert list(first) == list(second)
    assert [func.script() for func in first.values()] == [f.script() for f in second.values()]


def test_tiny_work_starts_no_threads(here: Target) -> None:
    small = nests(MODELS["few-columns"], here)
    large = nests(MODELS["convolution"], here)
    assert not any("T.parallel" in func.script() for func in small.values())
    assert any("T.parallel" in func.script() for func in large.values())
