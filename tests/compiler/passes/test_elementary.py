"""The polynomials against double precision, over every exponent they serve."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from sagectl.compiler.passes.nests import elementary
from tests.compiler.schedules.workbench import host

if TYPE_CHECKING:
    from collections.abc import Callable

Array = np.ndarray[Any, Any]


def evaluated(function: Callable[[Any], Any], values: Array) -> Array:
    """Compile an elementary function for this machine and apply it."""
    import tvm
    from tvm import te

    from sagectl.compiler.targets import tvm_target

    source = te.placeholder(values.shape, name="x")
    made = te.compute(values.shape, lambda i: function(source[i]), name="y")
    built = tvm.compile(te.create_prim_func([source, made]), target=tvm_target(host()))
    result = tvm.runtime.tensor(np.zeros_like(values))
    built["main"](tvm.runtime.tensor(values), result)
    answer: Array = result.numpy()
    return answer


def spread(low: float, high: float) -> Array:
    """Values evenly spaced, and others evenly spaced in their exponent."""
    tiny = np.logspace(-30, math.log10(max(abs(low), high)), 40_000)
    values = np.concatenate([np.linspace(low, high, 200_000), tiny, -tiny])
    return values[(values >= low) & (values <= high)].astype(np.float32)


def reference(name: str, values: Array) -> Array:
    exact = values.astype(np.float64)
    match name:
        case "exponential":
            return np.exp(exact)
        case "sigmoid":
            return 1 / (1 + np.exp(-exact))
        case "tangent":
            return np.tanh(exact)
        case "logarithm":
            return np.log(exact)
        case "hyperbolic_sine":
            return np.sinh(exact)
        case "hyperbolic_cosine":
            return np.cosh(exact)
    return np.vectorize(math.erf)(exact)


@pytest.mark.parametrize("name", elementary.RELATIVE_ERROR)
def test_the_relative_error_stays_within_its_bound(name: str) -> None:
    values = spread(-85.0, 88.0)
    values = values[values != 0]
    wanted = reference(name, values)
    made = evaluated(getattr(elementary, name), values)
    error = np.abs((made - wanted) / wanted)
    assert error.max() <= elementary.RELATIVE_ERROR[name]


@pytest.mark.parametrize("name", elementary.ABSOLUTE_ERROR)
def test_the_absolute_error_stays_within_its_bound(name: str) -> None:
    values = spread(-50.0, 50.0)
    made = evaluated(getattr(elementary, name), values)
    assert np.abs(made - reference(name, values)).max() <= elementary.ABSOLUTE_ERROR[name]


def test_what_is_beyond_the_range_ends_in_zero_one_or_infinity() -> None:
    values = np.array([-np.inf, -1e4, 1e4, np.inf], np.float32)
    made = {
        name: evaluated(getattr(elementary, name), values).tolist()
        for name in (*elementary.RELATIVE_ERROR, *elementary.ABSOLUTE_ERROR)
    }
    assert made["exponential"] == [0.0, 0.0, math.inf, math.inf]
    assert made["sigmoid"] == [0.0, 0.0, 1.0, 1.0]
    assert made["hyperbolic_sine"] == [-math.inf, -math.inf, math.inf, math.inf]
    assert made["hyperbolic_cosine"] == [math.inf] * 4
    for name in ("tangent", "error_function"):
        assert made[name] == pytest.approx([-1.0, -1.0, 1.0, 1.0], abs=1e-6)


@pytest.mark.parametrize("name", [*elementary.RELATIVE_ERROR, *elementary.ABSOLUTE_ERROR])
def test_what_is_no_number_stays_none(name: str) -> None:
    assert np.isnan(evaluated(getattr(elementary, name), np.full(16, np.nan, np.float32))).all()


@pytest.mark.parametrize("name", elementary.MIXED_ERROR)
def test_the_logarithm_keeps_to_its_bound_from_the_smallest_number_on(name: str) -> None:
    values = np.concatenate([np.logspace(-44, 38, 300_000), np.linspace(0.5, 2, 100_000)])
    values = values.astype(np.float32)
    wanted = reference(name, values)
    error = np.abs(evaluated(getattr(elementary, name), values) - wanted)
    assert (error / np.maximum(1, np.abs(wanted))).max() <= elementary.MIXED_ERROR[name]


def test_the_logarithm_has_the_limits_of_one() -> None:
    given = np.array([0.0, -0.0, -1.0, np.inf, np.nan, 1.0] + [2.0] * 10, np.float32)
    made = evaluated(elementary.logarithm, given)
    np.testing.assert_array_equal(made[:6], [-np.inf, -np.inf, np.nan, np.inf, np.nan, 0])


def test_rounding_takes_the_even_one_of_two() -> None:
    halves = (np.arange(16) - 8).astype(np.float32) + np.float32(0.5)
    np.testing.assert_array_equal(evaluated(elementary.rounded, halves), np.rint(halves))
