"""A TensorFlow computation with names: what every form of model comes down to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sagectl.compiler.frontends.signature import Declared


@dataclass(frozen=True, slots=True)
class Computation:
    """``run`` takes tensors in the order of ``inputs`` and returns a list.

    ``outputs`` names what it returns. ``swapped`` are the inputs that a caller gives as NCHW
    where ``run`` takes NHWC; ``inputs`` declares them as a caller sees them.
    """

    form: str
    run: Callable[..., Sequence[Any]]
    inputs: tuple[Declared, ...]
    outputs: tuple[str, ...]
    swapped: frozenset[str] = frozenset()


def failures() -> tuple[type[Exception], ...]:
    """What TensorFlow and Keras raise, besides Python's own."""
    import tensorflow as tf

    return (
        tf.errors.OpError,
        ArithmeticError,
        AssertionError,
        AttributeError,
        ImportError,
        LookupError,
        NotImplementedError,
        OSError,
        RuntimeError,
        TypeError,
        ValueError,
    )


def declared(specs: Mapping[str, Any]) -> tuple[Declared, ...]:
    """Named TensorSpecs as declarations."""
    return tuple(
        (name, spec.dtype.as_numpy_dtype.__name__, _sizes(spec.shape))
        for name, spec in specs.items()
    )


def _sizes(shape: Any) -> list[int | None] | None:
    return None if shape.rank is None else list(shape.as_list())
