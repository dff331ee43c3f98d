"""Convolutions that do not pay for being copied into blocks and back."""

from __future__ import annotations

from collections import defaultdict
from math import gcd
from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes.graph import constant, ints, operator, shape

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

CONVOLUTION = "relax.nn.conv2d"
# Lanes of the shortest vectors that rows may be made of.
NARROWEST = 4


def lonely(bindings: Mapping[Any, Any], growing: Collection[str], width: int) -> set[Any]:
    """The values whose convolution is better computed on the plain image.

    A convolution that reads few inputs for each output, depthwise or in groups, takes less
    time than the copies at both ends of its region. So it is left as it is where it is the
    region's only one, and the rows of its result are themselves vectors of neighbours.
    ``growing`` names the operators that go on in blocks; ``width`` is a vector's.
    """
    regions: dict[Any, Any] = {}

    def found(value: Any) -> Any:
        while regions.setdefault(value, value) is not value:
            value = regions[value]
        return value

    for value, made in bindings.items():
        if operator(made) in growing:
            for source in _images(made, bindings):
                if operator(bindings[source]) in growing:
                    regions[found(source)] = found(value)
    members = defaultdict(list)
    for value, made in bindings.items():
        if operator(made) == CONVOLUTION:
            members[found(value)].append(value)
    alone = [values[0] for values in members.values() if len(values) == 1]
    return {value for value in alone if _is_light(bindings[value], width)}


def _images(made: Any, bindings: Mapping[Any, Any]) -> Iterator[Any]:
    """The images among a call's operands that other calls make."""
    from tvm.relax import Tuple, Var

    for arg in made.args:
        for source in arg.fields if isinstance(arg, Tuple) else (arg,):
            if isinstance(source, Var) and source in bindings and len(shape(source) or ()) == 4:
                yield source


def _is_light(call: Any, width: int) -> bool:
    made, weights = shape(call), constant(call.args[1])
    if made is None or weights is None or call.attrs.data_layout != "NCHW":
        return False
    is_even = made[3] >= width and gcd(made[3], width) >= min(width, NARROWEST)
    is_stepwise = ints(call.attrs.strides)[1] == 1
    return int(call.attrs.groups) > 1 and is_even and is_stepwise and weights.shape[1] < width
