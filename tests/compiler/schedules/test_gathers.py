"""Which copies gather vectors, which scatter them, and that nothing is lost on the way."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from tests.compiler.schedules.workbench import (
    answer,
    assembly,
    cross,
    drawn,
    expected,
    host,
    model,
    nests,
    node,
)


def of(operator: str, shape: tuple[int, ...], *values: Any, **attributes: Any) -> Any:
    names = ["" if value is None else f"c{place}" for place, value in enumerate(values)]
    held = {name: np.asarray(v) for name, v in zip(names, values, strict=True) if name}
    return model([node(operator, ["x", *names], **attributes)], {"x": shape}, held)


def resized(shape: tuple[int, ...], factor: int) -> Any:
    return of(
        "Resize", shape, None, np.array([1, 1, factor, factor], "f4"), mode="nearest",
        coordinate_transformation_mode="asymmetric", nearest_mode="floor",
    )  # fmt: skip


GATHERED = {
    "channels-last": of("Transpose", (2, 32, 9, 14), perm=[0, 2, 3, 1]),
    "channels-first": of("Transpose", (2, 9, 14, 32), perm=[0, 3, 1, 2]),
    "matrix": of("Transpose", (48, 96), perm=[1, 0]),
    "odd-matrix": of("Transpose", (21, 37), perm=[1, 0]),
    "few-rows": of("Transpose", (6, 17), perm=[1, 0]),
    "five-axes": of("Transpose", (2, 32, 16, 5, 3), perm=[4, 2, 0, 3, 1]),
    "with-activation": model(
        [node("Relu", ["x"], "r"), node("Transpose", ["r"], perm=[0, 2, 3, 1])],
        {"x": (1, 32, 9, 14)},
    ),
    # The copies into and out of blocks of channels.
    "blocks": model(
        [
            node("Relu", ["x"], "r"),
            node("Conv", ["r", "w"], "c", pads=[1, 1, 1, 1]),
            node("Transpose", ["c"], perm=[0, 1, 3, 2]),
        ],
        {"x": (1, 32, 14, 14)},
        {"w": drawn(32, 32, 3, 3) / 16},
    ),
}
SCATTERED = {
    "depth-to-space": of("DepthToSpace", (1, 32, 10, 12), blocksize=2),
    "depth-to-space-by-four": of("DepthToSpace", (2, 32, 6, 12), blocksize=4),
    "doubled": resized((1, 8, 12, 12), 2),
    "tripled": resized((2, 3, 9, 20), 3),
}
# Neither is worth it: vectors of few lanes, and what lies in order anyway.
DECLINED = {
    "prime": of("Transpose", (37, 6), perm=[1, 0]),
    "pairs": of("Transpose", (2, 5, 2, 6), perm=[3, 1, 0, 2]),
    "heads": of("Transpose", (1, 12, 6, 64), perm=[0, 2, 1, 3]),
    "seven-doubled": resized((1, 4, 7, 37), 2),
}
COPIES = GATHERED | SCATTERED | DECLINED


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_agrees_with_onnxruntime(name: str) -> None:
    proto = COPIES[name]
    shape = [each.dim_value for each in proto.graph.input[0].type.tensor_type.shape.dim]
    feeds = {"x": drawn(*shape, seed=3)}

    made = answer(proto, feeds)

    if name == "blocks":
        np.testing.assert_allclose(made, expected(proto, feeds), atol=1e-5)
    else:
        np.testing.assert_array_equal(made, expected(proto, feeds))
        np.testing.assert_array_equal(made, answer(proto, feeds, schedule=False))


@pytest.mark.parametrize("name", GATHERED)
def test_what_lies_apart_is_gathered_into_vectors(name: str) -> None:
    copies = [
        func.script()
        for title, func in nests(GATHERED[name], cross("X86_64", "haswell")).items()
        if "transpose" in title or "pack" in title
    ]

    assert copies
    assert all("T.vectorized" in script for script in copies)


@pytest.mark.parametrize("name", SCATTERED)
def test_what_is_dealt_out_in_turns_is_scattered_from_vectors(name: str) -> None:
    (func,) = nests(SCATTERED[name], cross("X86_64", "skylake-avx512")).values()

    assert "T.vectorized" in func.script()
    assert "T.unroll" in func.script()


@pytest.mark.parametrize("name", ["depth-to-space", "doubled"])
def test_processors_without_scatters_keep_to_turns(name: str) -> None:
    (func,) = nests(SCATTERED[name], cross("X86_64", "haswell")).values()

    assert "T.vectorized" not in func.script()
    assert "T.unroll" in func.script()


@pytest.mark.parametrize("name", ["prime", "pairs", "seven-doubled"])
def test_axes_of_few_divisors_stay_scalar(name: str) -> None:
    (func,) = nests(DECLINED[name], cross("X86_64", "skylake-avx512")).values()

    assert "T.vectorized" not in func.script()


def test_what_lies_in_order_is_not_gathered() -> None:
    code = assembly(DECLINED["heads"], cross("X86_64", "skylake-avx512"))

    assert not re.search(r"v(gather|scatter)[dq]ps", code)


def test_tiles_go_along_the_lines_that_are_read() -> None:
    (func,) = nests(GATHERED["matrix"], host()).values()
    loops = re.findall(r"for (\w+)(?:, \w+)* in T\.(\w+)\(([\d, ]+)", func.script())

    # Columns by sixteen, then the rows that lie in the lines just read.
    assert [kind for _, kind, _ in loops][-1] == "vectorized"
    assert loops[-2][2].endswith("16")


@pytest.mark.parametrize(
    ("arch", "mcpu"), [("X86_64", "haswell"), ("ARM64", "cortex-a72")], ids=["avx2", "neon"]
)
def test_other_processors_compile_the_same_copies(arch: str, mcpu: str) -> None:
    assert assembly(GATHERED["channels-last"], cross(arch, mcpu))
