"""Elementary functions as polynomials, which vectorise where calls to libm do not.

Single precision. The bounds are over all finite arguments and are tested: relative to the
result for ``exponential`` and ``sigmoid``, absolute for ``tangent`` and ``error_function``.
While ``faithful`` lasts they are calls to libm instead.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from math import factorial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# The bounds that hold, in units of the result or of one.
RELATIVE_ERROR = {
    "exponential": 3e-7,
    "sigmoid": 4e-7,
    "hyperbolic_sine": 4e-7,
    "hyperbolic_cosine": 4e-7,
}
ABSOLUTE_ERROR = {"tangent": 4e-7, "error_function": 6e-7}
# The logarithm's error, of the result or of one, whichever is larger.
MIXED_ERROR = {"logarithm": 3e-7}

# exp(r) on |r| <= ln(2)/2, highest power first (Cephes, expf.c).
EXPONENTIAL = (
    1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3,
    4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
)  # fmt: skip
LOG2_E = 1.44269504088896341
LN2_HIGH, LN2_LOW = 0.693359375, -2.12194440e-4

# log(1 + f) - f + f^2/2 over f^3 on sqrt(1/2) <= 1 + f < sqrt(2) (Cephes, logf.c).
LOGARITHM = (
    7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
    -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
)  # fmt: skip
SQRT_HALF_BITS = 0x3F3504F3
SMALLEST_NORMAL = 2.0**-126

# tanh(x) = x P(x^2) / Q(x^2), highest power first (Eigen, generic_fast_tanh_float).
TANGENT_ABOVE = (
    -2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-08,
    1.48572235717979e-05, 6.37261928875436e-04, 4.89352455891786e-03,
)  # fmt: skip
TANGENT_BELOW = (
    1.19825839466702e-06, 1.18534705686654e-04, 2.26843463243900e-03, 4.89352518554385e-03,
)  # fmt: skip
TANGENT_IS_ONE = 7.90531110763549805

# sinh(x) / x on |x| < 1 in powers of x^2, highest first: one over the odd factorials.
SINE = tuple(1 / factorial(power) for power in range(19, 0, -2))

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

_is_faithful: ContextVar[bool] = ContextVar("is_faithful", default=False)


@contextmanager
def faithful(wanted: bool = True) -> Iterator[None]:
    """While this lasts, functions are the C library's if ``wanted``: slower, exact to 2 ulp."""
    before = _is_faithful.set(wanted)
    try:
        yield
    finally:
        _is_faithful.reset(before)


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

    if _is_faithful.get():
        return tirx.exp(x)
    bounded = _within(x, -87.33, 89.0)
    power = tirx.floor(bounded * _number(LOG2_E) + _number(0.5))
    rest = bounded - power * _number(LN2_HIGH) - power * _number(LN2_LOW)
    value = _polynomial(rest, EXPONENTIAL) * (rest * rest) + rest + _number(1.0)
    # Half the power of two and twice the value: 2^128 itself is no number.
    exponent = (tirx.Cast("int32", power) + tirx.const(126, "int32")) << tirx.const(23, "int32")
    return value * tirx.reinterpret("float32", exponent) * _number(2.0)


def logarithm(x: Any) -> Any:
    """The natural logarithm: -infinity of zero, no number of what is below."""
    from tvm import tirx

    if _is_faithful.get():
        return tirx.log(x)
    is_tiny = x < _number(SMALLEST_NORMAL)
    normal = tirx.Select(is_tiny, x * _number(2.0**23), x)
    bits = tirx.reinterpret("int32", normal)
    exponent = (bits - tirx.const(SQRT_HALF_BITS, "int32")) >> tirx.const(23, "int32")
    f = tirx.reinterpret("float32", bits - (exponent << tirx.const(23, "int32"))) - _number(1.0)
    whole = tirx.Cast("float32", exponent) - tirx.Select(is_tiny, _number(23.0), _number(0.0))
    square = f * f
    rest = f * square * _polynomial(f, LOGARITHM) + whole * _number(LN2_LOW)
    value = whole * _number(LN2_HIGH) + (f + (rest - _number(0.5) * square))
    # Infinity and what is no number stay what they are.
    positive = tirx.Select(x < _number(float("inf")), value, x)
    other = tirx.Select(x == _number(0.0), _number(float("-inf")), _number(float("nan")))
    return tirx.Select(x > _number(0.0), positive, tirx.Select(x == x, other, x))


def relu(x: Any) -> Any:
    """x where it is positive, else zero; zero stands first so that a NaN stays one."""
    from tvm import tirx

    return tirx.max(tirx.const(0, x.dtype), x)


def rounded(x: Any) -> Any:
    """The nearest integer, the even one of two: unlike nearbyint, TVM takes it in vectors."""
    from tvm import tirx

    return tirx.round(x)


def sigmoid(x: Any) -> Any:
    """1 / (1 + e^-x)."""
    return _number(1.0) / (_number(1.0) + exponential(_number(0.0) - x))


def tangent(x: Any) -> Any:
    """The hyperbolic tangent."""
    from tvm import tirx

    if _is_faithful.get():
        # TVM's own, made of exponentials, loses the digits of small arguments.
        return tirx.call_pure_extern("float32", "tanhf", x)
    bounded = _within(x, -TANGENT_IS_ONE, TANGENT_IS_ONE)
    square = bounded * bounded
    above = bounded * _polynomial(square, TANGENT_ABOVE)
    return above / _polynomial(square, TANGENT_BELOW)


def hyperbolic_sine(x: Any) -> Any:
    """(e^x - e^-x) / 2, in single or double precision."""
    from tvm import tirx

    square = x * x
    near = tirx.const(SINE[0], x.dtype)
    for coefficient in SINE[1:]:
        near = near * square + tirx.const(coefficient, x.dtype)
    growing, falling = _halves(x)
    # Near zero the difference of exponentials has no digits left.
    return tirx.Select(square < tirx.const(1, x.dtype), x * near, growing - falling)


def hyperbolic_cosine(x: Any) -> Any:
    """(e^x + e^-x) / 2, in single or double precision."""
    growing, falling = _halves(x)
    return growing + falling


def _halves(x: Any) -> tuple[Any, Any]:
    """e^x / 2 and e^-x / 2, infinite only where they are too large themselves."""
    from tvm import tirx

    half = tirx.const(0.5, x.dtype)
    root = (exponential if x.dtype == "float32" else tirx.exp)(x * half)
    return root * half * root, half / root / root


def error_function(x: Any) -> Any:
    """The error function."""
    from tvm import tirx

    if _is_faithful.get():
        return tirx.erf(x)
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
