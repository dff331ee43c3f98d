"""Products of few rows with columns that lie in memory as rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sagectl.compiler.passes.nests.dots import are_dots
from sagectl.compiler.passes.pipeline import optimized
from sagectl.compiler.schedules import scheduled
from tests.compiler.schedules.workbench import (
    answer,
    assembly,
    cross,
    drawn,
    expected,
    host,
    imported,
    model,
    node,
)

if TYPE_CHECKING:
    from onnx import ModelProto

Extents = tuple[int, ...]


def scores(
    queries: Extents, keys: Extents, axes: Extents, factor: float | None = None
) -> ModelProto:
    nodes = [node("Transpose", ["k"], "t", perm=list(axes))]
    if factor is None:
        return model([*nodes, node("MatMul", ["q", "t"])], {"q": queries, "k": keys})
    nodes += [node("MatMul", ["q", "t"], "s"), node("Mul", ["s", "f"])]
    weights = {"f": np.float32(factor)}
    return model(nodes, {"q": queries, "k": keys}, weights)


MODELS = {
    "decoder": scores((1, 6, 1, 64), (1, 6, 70, 64), (0, 1, 3, 2), 0.125),
    "cache-by-position": scores((2, 6, 1, 40), (2, 70, 6, 40), (0, 2, 3, 1)),
    "few-rows": scores((1, 3, 3, 33), (1, 3, 21, 33), (0, 1, 3, 2)),
    "shared-keys": scores((4, 6, 1, 32), (1, 6, 19, 32), (0, 1, 3, 2)),
    "shared-queries": scores((1, 6, 2, 32), (3, 6, 19, 32), (0, 1, 3, 2)),
    "matrix": scores((1, 128), (50, 128), (1, 0)),
}


COLUMNS = {
    "column": (
        model([node("MatMul", ["q", "k"])], {"q": (2, 70, 64), "k": (2, 64, 1)}),
        "rows",
    ),
    "shared-column": (
        model([node("MatMul", ["q", "k"])], {"q": (2, 3, 20, 33), "k": (1, 3, 33, 1)}),
        "rows",
    ),
    "column-of-a-transpose": (
        model(
            [node("Transpose", ["q"], "t", perm=[0, 2, 1]), node("MatMul", ["t", "k"])],
            {"q": (2, 64, 70), "k": (2, 64, 1)},
        ),
        "product",
    ),
    "column-of-a-matrix": (
        model([node("MatMul", ["q", "k"])], {"q": (300, 41), "k": (41, 1)}),
        "rows",
    ),
}


def rules(proto: ModelProto) -> list[str]:
    decisions: list[Any] = []
    scheduled(optimized(imported(proto), host()), host(), note=decisions.append)
    return [decision.rule for decision in decisions if "matmul" in decision.function]


def agrees(proto: ModelProto, *, is_scheduled: bool = True) -> None:
    feeds = {
        value.name: drawn(*(d.dim_value for d in value.type.tensor_type.shape.dim), seed=place)
        for place, value in enumerate(proto.graph.input)
    }
    made = answer(proto, feeds, schedule=is_scheduled)
    np.testing.assert_allclose(made, expected(proto, feeds), rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("is_scheduled", [True, False], ids=["scheduled", "plain"])
def test_a_product_of_few_rows_agrees_with_onnxruntime(name: str, is_scheduled: bool) -> None:
    agrees(MODELS[name], is_scheduled=is_scheduled)


@pytest.mark.parametrize("name", MODELS)
def test_a_product_of_few_rows_goes_along_its_columns(name: str) -> None:
    assert rules(MODELS[name]) == ["rows"]


@pytest.mark.parametrize("name", COLUMNS)
def test_a_single_column_is_a_row_seen_from_the_other_side(name: str) -> None:
    proto, rule = COLUMNS[name]
    assert rules(proto) == [rule]
    agrees(proto)


def test_many_rows_share_panels() -> None:
    assert rules(scores((1, 6, 12, 64), (1, 6, 70, 64), (0, 1, 3, 2))) == ["product"]


@pytest.mark.parametrize(
    ("rows", "right", "axes", "served"),
    [
        pytest.param(1, (6, 70, 64), (0, 2, 1), True, id="row"),
        pytest.param(6, (6, 70, 64), (0, 2, 1), True, id="few-rows"),
        pytest.param(9, (6, 70, 64), (0, 2, 1), False, id="many-rows"),
        pytest.param(4, (6, 70, 32), (0, 2, 1), False, id="many-rows-for-the-depth"),
        pytest.param(1, (6, 64, 70), (0, 1, 2), False, id="columns-side-by-side"),
        pytest.param(1, (6, 70, 8), (0, 2, 1), False, id="shallow"),
    ],
)
def test_columns_are_dotted_where_they_are_rows_of_whole_vectors(
    rows: int, right: Extents, axes: Extents, served: bool
) -> None:
    assert are_dots(rows, right, axes, 16) == served


# Target -> the instruction that multiplies a whole register of it.
REGISTERS = {
    "avx512": (("X86_64", "skylake-avx512"), r"v(fmadd\d+|mul)ps.*zmm"),
    "avx2": (("X86_64", "haswell"), r"v(fmadd\d+|mul)ps.*ymm"),
    "sse2": (("X86_64", "x86-64"), r"mulps.*xmm"),
    "neon": (("ARM64", "cortex-a72"), r"(fml[as]|fmul)\s+v\d+\.4s"),
}


@pytest.mark.parametrize("row", REGISTERS)
def test_dot_products_use_the_vectors_of_the_target(row: str) -> None:
    machine, instruction = REGISTERS[row]
    assert re.search(instruction, assembly(MODELS["decoder"], cross(*machine)))


def test_means_along_the_rows_of_images_stay_in_registers() -> None:
    proto = model([node("ReduceMean", ["x"], axes=[3], keepdims=0)], {"x": (2, 6, 8, 64)})
    decisions: list[Any] = []
    scheduled(optimized(imported(proto), host()), host(), note=decisions.append)
    assert [decision.rule for decision in decisions] == ["rows"]
