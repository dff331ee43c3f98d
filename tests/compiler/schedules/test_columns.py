"""Which reductions run in vectors of neighbouring results."""

from __future__ import annotations

from typing import Any

import pytest

from tests.compiler.schedules.test_rules import MODELS, unary
from tests.compiler.schedules.workbench import host, nests

SERVED = {
    "mean-middle": MODELS["mean-middle"],
    "deep-convolution": MODELS["deep-convolution"],
    "local-response": unary("LRN", (1, 8, 6, 32), size=5),
}
DECLINED = {
    # Lanes two places apart would be gathered one by one.
    "strided": unary("MaxPool", (1, 3, 20, 64), kernel_shape=[2, 2], strides=[2, 2]),
    "short": unary("ReduceMean", (3, 9, 2), axes=[1]),
    # A place travels with the largest value: two results, one reduction.
    "argument": MODELS["argument"],
}


def sums_in_registers(proto: Any) -> bool:
    return any(
        "_local" in script and "_init" in script and "T.vectorized" in script
        for script in (func.script() for func in nests(proto, host()).values())
    )


@pytest.mark.parametrize("name", SERVED)
def test_neighbours_made_of_neighbours_share_a_vector(name: str) -> None:
    assert sums_in_registers(SERVED[name])


@pytest.mark.parametrize("name", DECLINED)
def test_what_would_be_gathered_stays_scalar(name: str) -> None:
    assert not sums_in_registers(DECLINED[name])
