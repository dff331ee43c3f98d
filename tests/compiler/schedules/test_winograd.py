"""When convolutions go through Winograd's transforms, and how exact these are."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from sagectl.compiler.passes.nests import winograd
from tests.compiler.schedules.test_rules import convolution
from tests.compiler.schedules.workbench import answer, drawn, expected, host, nests


def is_transformed(proto: Any) -> bool:
    return any(winograd.PRODUCT in func.script() for func in nests(proto, host()).values())


def test_the_matrices_convolve() -> None:
    """Against the definition, in double precision: three taps over six values."""
    given, kernel, result = (
        np.array(matrix) for matrix in (winograd.INPUT, winograd.KERNEL, winograd.OUTPUT)
    )
    values, taps = drawn(6).astype(np.float64), drawn(3, seed=1).astype(np.float64)
    made = result @ ((kernel @ taps) * (given @ values))
    np.testing.assert_allclose(made, np.correlate(values, taps, "valid"), rtol=1e-10)


@pytest.mark.parametrize("size", [12, 14, 27])
def test_a_convolution_over_many_pixels_is_transformed(size: int) -> None:
    assert is_transformed(convolution((1, 32, size, size), 32))


DIRECT = {
    "stride": convolution((1, 32, 14, 14), 32, strides=[2, 2]),
    "dilation": convolution((1, 32, 14, 14), 32, dilations=[2, 2], pads=[2, 2, 2, 2]),
    "kernel": convolution((1, 32, 14, 14), 32, (5, 5)),
    "few-inputs": convolution((1, 8, 14, 14), 32),
    "few-pixels": convolution((1, 32, 5, 5), 32),
    "groups": convolution((1, 32, 14, 14), 32, group=2),
}


@pytest.mark.parametrize("name", DIRECT)
def test_a_convolution_that_would_not_gain_stays_direct(name: str) -> None:
    assert not is_transformed(DIRECT[name])


def test_weights_beyond_the_bound_are_not_grown() -> None:
    shapes = product((64, 256, 512, 1024), repeat=2)
    for outputs, inputs in shapes:
        grown = 4 * winograd.REACH**2 * outputs * inputs
        served = winograd.serves(outputs, inputs, (56, 56), 16)
        assert served == (grown <= winograd.LARGEST_BYTES)


def test_the_rounding_stays_a_few_times_that_of_a_direct_convolution() -> None:
    proto = convolution((1, 128, 16, 16), 32)
    feeds = {"x": drawn(1, 128, 16, 16)}
    wanted = expected(proto, feeds)
    assert np.abs(answer(proto, feeds) - wanted).max() <= 5e-6 * np.abs(wanted).max()


@pytest.mark.parametrize("size", [14, 48])
def test_every_stage_is_spread_over_the_threads(size: int) -> None:
    """One chunk shares each of its stages; several go to a thread each."""
    proto = convolution((1, 64, size, size), 64)
    (script,) = (
        func.script()
        for func in nests(proto, host()).values()
        if winograd.PRODUCT in func.script()
    )
    assert script.count("T.parallel") >= 2
