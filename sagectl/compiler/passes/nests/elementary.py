"""Elementary functions as polynomials, which vectorise where calls to libm do not.

Single precision. The bounds are over all finite arguments and are tested: relative to the
result for ``exponential`` and ``sigmoid``, absolute for ``tangent`` and ``error_function``.
"""

from __future__ import annotations

from typing import Any

# The bounds that hold, in units of the result or of one.
RELATIVE_ERROR = {"exponential": 3e-7, "sigmoid": 4e-7}
ABSOLUTE_ERROR = {"tangent": 4e-7, "error_function": 6e-7}

# exp(r) on |r| <= ln(2)/2, highest power first (Cephes, expf.c).
EXPONENTIAL = (
    1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3,
    4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
)  # fmt: skip
LOG2_E = 1.44269504088896341
LN2_HIGH, LN2_LOW = 0.693359375, -2.12194440e-4

# tanh(x) = x P(x^2) / Q(x^2), highest power first (Eigen, generic_fast_tanh_float).
TANGENT_ABOVE = (
    -2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-08,
    1.48572235717979e-05, 6.37261928875436e-04, 4.89352455891786e-03,
)  # fmt: skip
TANGENT_BELOW = (
    1.19825839466702e-06, 1.18534705686654e-04, 2.26843463243900e-03, 4.89352518554385e-03,
)  # fmt: skip
TANGENT_IS_ONE = 7.90531110763549805

# erf(x) = x P(x^2) / Q(x^2), highest power first (Eigen, generic_fast_erf_float).
ERROR_ABOVE = (
    -2.72614225801306e-10, 2.77068142495902e-08, -2.10102402082508e-06, -5.69250639462346e-05,
    -7.34990630326855e-04, -2.95459980854025e-03, -1.60960333262415e-02,
)  # fmt: skip
ERROR_BELOW = (
    -1.45660718464996e-05, -2.13374055278905e-04, -1.68282697438203e-03,
    -7.37332916720468e-03, -1.42647390514189e-02,
)  # fmt: skip
ERROR_IS_ONE = 4.0


def _number(value: float) -> Any:
    from tvm import tirx

    return tirx.const(value, "float32")


def _polynomial(x: Any, coefficients: tuple[float, ...]) -> Any:
    made = _number(coefficients[0])
    for coefficient in coefficients[1:]:
        made = made * x + _number(coefficient)
    return made


def _within(x: Any, low: float, high: float) -> Any:
    """Clamp; the constants stand first so that a NaN stays one."""
    from tvm import tirx

    return tirx.max(_number(low), tirx.min(_number(high), x))


def exponential(x: Any) -> Any:
    """e^x; zero below -87, infinity where the result would be."""
    from tvm import tirx

    bounded = _within(x, -87.33, 89.0)
    power = tirx.floor(bounded * _number(LOG2_E) + _number(0.5))
    rest = bounded - power * _number(LN2_HIGH) - power * _number(LN2_LOW)
    value = _polynomial(rest, EXPONENTIAL) * (rest * rest) + rest + _number(1.0)
    # Half the power of two and twice the value: 2^128 itself is no number.
    exponent = (tirx.Cast("int32", power) + tirx.const(126, "int32")) << tirx.const(23, "int32")
    return value * tirx.reinterpret("float32", exponent) * _number(2.0)


def sigmoid(x: Any) -> Any:
    """1 / (1 + e^-x)."""
    return _number(1.0) / (_number(1.0) + exponential(_number(0.0) - x))


def tangent(x: Any) -> Any:
    """The hyperbolic tangent."""
    bounded = _within(x, -TANGENT_IS_ONE, TANGENT_IS_ONE)
    square = bounded * bounded
    above = bounded * _polynomial(square, TANGENT_ABOVE)
    return above / _polynomial(square, TANGENT_BELOW)


def error_function(x: Any) -> Any:
    """The error function."""
    bounded = _within(x, -ERROR_IS_ONE, ERROR_IS_ONE)
    square = bounded * bounded
    return bounded * _polynomial(square, ERROR_ABOVE) / _polynomial(square, ERROR_BELOW)


def gelu(x: Any) -> Any:
    """x times the normal distribution's probability below x."""
    return _number(0.5) * x * (_number(1.0) + error_function(x * _number(0.70710678118654752)))


def gelu_tanh(x: Any) -> Any:
    """The approximation of ``gelu`` by a hyperbolic tangent."""
    inner = _number(0.79788456080286536) * (x + _number(0.044715) * x * x * x)
    return _number(0.5) * x * (_number(1.0) + tangent(inner))


def silu(x: Any) -> Any:
    """x times its sigmoid."""
    return x * sigmoid(x)
