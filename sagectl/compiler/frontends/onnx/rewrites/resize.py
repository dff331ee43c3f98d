"""Resize and Upsample, axis by axis, with positions and weights worked out beforehand."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.onnx.graph import Unsupported

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np

    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value

    Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Axis:
    """How one axis is resampled; ``start`` and ``end`` are the region of interest."""

    index: int
    size: int
    wanted: int
    scale: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Sampling:
    """The attributes that all axes share."""

    mode: str
    coordinates: str
    nearest: str
    cubic: float
    excludes_outside: bool
    antialias: bool


def rewritten(node: Node, pen: Builder) -> Value:
    x = node.required(0)
    assert x.dtype is not None
    sampling = _sampling(node)
    axes = _upsampled(node, pen) if node.op == "Upsample" else _resized(node, pen)
    moving = [axis for axis in axes if axis.wanted != axis.size or axis.scale != 1.0]
    if sampling.coordinates == "tf_crop_and_resize":
        moving = axes
    y = x
    if sampling.mode != "nearest":
        y = pen.cast(x, "float64" if x.dtype.name == "float64" else "float32")
    for axis in sorted(moving, key=lambda axis: axis.wanted / axis.size):
        y = _along(y, axis, sampling, pen)
    if sampling.coordinates == "tf_crop_and_resize":
        value = node.attribute("extrapolation_value", 0.0)
        y = _extrapolated(y, axes, value, pen)
    return pen.cast(_whole(y, x, pen), x.dtype)


def _sampling(node: Node) -> Sampling:
    if node.op == "Upsample" or node.version < 11:
        return Sampling(
            node.attribute("mode", "nearest"), "asymmetric", "floor", -0.75, False, False
        )
    return Sampling(
        node.attribute("mode", "nearest"),
        node.attribute("coordinate_transformation_mode", "half_pixel"),
        node.attribute("nearest_mode", "round_prefer_floor"),
        node.attribute("cubic_coeff_a", -0.75),
        bool(node.attribute("exclude_outside", 0)),
        bool(node.attribute("antialias", 0)),
    )


def _upsampled(node: Node, pen: Builder) -> list[Axis]:
    given = node.input(1)
    scales = node.attribute("scales") if given is None else pen.known(given, "the scales")
    return _scaled(pen.shape(node.required(0)), range(len(scales)), scales, None)


def _resized(node: Node, pen: Builder) -> list[Axis]:
    shape = pen.shape(node.required(0))
    if node.version < 11:
        scales = pen.known(node.required(1), "the scales")
        return _scaled(shape, range(len(shape)), scales, None)
    indices = [axis % len(shape) for axis in node.attribute("axes") or range(len(shape))]
    roi = None
    if node.attribute("coordinate_transformation_mode") == "tf_crop_and_resize":
        roi = pen.known(node.required(1), "the region of interest").reshape(-1)
    given, sizes = node.input(2), node.input(3)
    if given is not None and pen.shape(given) != (0,):
        return _scaled(shape, indices, pen.known(given, "the scales"), roi)
    if sizes is None:
        raise Unsupported("neither scales nor sizes are given")
    wanted = [int(size) for size in pen.known(sizes, "the sizes")]
    ratios = [size / shape[axis] for size, axis in zip(wanted, indices, strict=True)]
    policy = node.attribute("keep_aspect_ratio_policy", "stretch")
    if policy != "stretch":
        ratio = min(ratios) if policy == "not_larger" else max(ratios)
        ratios = [ratio] * len(ratios)
        wanted = [math.floor(ratio * shape[axis] + 0.5) for axis in indices]
    return _axes(shape, indices, wanted, ratios, roi)


def _scaled(
    shape: Sequence[int], indices: Sequence[int], scales: Iterable[float], roi: Array | None
) -> list[Axis]:
    factors = [float(scale) for scale in scales]
    wanted = [
        math.floor(shape[axis] * scale) for axis, scale in zip(indices, factors, strict=True)
    ]
    return _axes(shape, indices, wanted, factors, roi)


def _axes(
    shape: Sequence[int],
    indices: Sequence[int],
    wanted: Sequence[int],
    scales: Sequence[float],
    roi: Array | None,
) -> list[Axis]:
    count = len(indices)
    return [
        Axis(
            axis,
            shape[axis],
            wanted[place],
            scales[place],
            0.0 if roi is None else float(roi[place]),
            1.0 if roi is None else float(roi[count + place]),
        )
        for place, axis in enumerate(indices)
    ]


def _positions(axis: Axis, sampling: Sampling) -> Array:
    """Where each output element lies on the input's axis."""
    import numpy as np

    at = np.arange(axis.wanted, dtype=np.float64)
    full = axis.scale * axis.size
    match sampling.coordinates:
        case "asymmetric":
            return at / axis.scale
        case "align_corners":
            return at * 0 if full == 1 else at * (axis.size - 1) / (full - 1)
        case "pytorch_half_pixel" if full == 1:
            return at * 0 - 0.5
        case "half_pixel" | "pytorch_half_pixel":
            return (at + 0.5) / axis.scale - 0.5
        case "half_pixel_symmetric":
            offset = axis.size / 2 * (1 - axis.wanted / full)
            return offset + (at + 0.5) / axis.scale - 0.5
        case "tf_crop_and_resize":
            span = (axis.end - axis.start) * (axis.size - 1)
            inside = at * 0 + span / 2 if full == 1 else at * span / (full - 1)
            return inside + axis.start * (axis.size - 1)
        case other:
            raise Unsupported(f"coordinate transformation mode {other}")


def _along(x: Value, axis: Axis, sampling: Sampling, pen: Builder) -> Value:
    positions = _positions(axis, sampling)
    if sampling.mode == "nearest":
        return pen.op("Gather", x, _nearest(positions, axis, sampling), axis=axis.index)
    places, weights = _taps(positions, axis, sampling)
    return _weighted(x, axis, places, weights, pen)


def _nearest(positions: Array, axis: Axis, sampling: Sampling) -> Array:
    import numpy as np

    rounded = {
        "round_prefer_floor": lambda: np.ceil(positions - 0.5),
        "round_prefer_ceil": lambda: np.floor(positions + 0.5),
        "floor": lambda: np.floor(positions),
        "ceil": lambda: np.ceil(positions),
    }[sampling.nearest]()
    chosen: Array = rounded.clip(0, axis.size - 1).astype(np.int64)
    return chosen


def _taps(positions: Array, axis: Axis, sampling: Sampling) -> tuple[Array, Array]:
    """Input places and their weights, one row per tap and one column per output."""
    import numpy as np

    reach = {"linear": 1, "cubic": 2}[sampling.mode]
    shrink = min(axis.scale, 1.0) if sampling.antialias else 1.0
    first = math.floor(-reach / shrink) + 1
    base = np.ceil(positions) - 1
    offsets = np.arange(first, 2 - first)[:, np.newaxis]
    distance = (offsets - (positions - base)) * shrink
    if sampling.mode == "linear":
        weights = np.clip(1 - np.abs(distance), 0, 1)
    else:
        weights = _cubic(np.abs(distance), sampling.cubic)
    places = base + offsets
    if sampling.antialias:
        weights = weights / weights.sum(0)
    if sampling.excludes_outside:
        weights = weights * ((places >= 0) & (places < axis.size))
        weights = weights / weights.sum(0)
    used = np.any(weights != 0, axis=1)
    return places[used].clip(0, axis.size - 1).astype(np.int32), weights[used]


def _cubic(distance: Array, a: float) -> Array:
    """Keys' convolution kernel."""
    import numpy as np

    near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
    far = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
    kernel: Array = np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))
    return kernel


def _weighted(x: Value, axis: Axis, places: Array, weights: Array, pen: Builder) -> Value:
    shape = list(pen.shape(x))
    shape[axis.index] = axis.wanted
    taps = range(len(places))

    def element(x: Any, places: Any, weights: Any, at: tuple[Any, ...]) -> Any:
        def term(tap: int) -> Any:
            place = places(tap, at[axis.index])
            value = x(*at[: axis.index], place, *at[axis.index + 1 :])
            return value * weights(tap, at[axis.index])

        total = term(0)
        for tap in taps[1:]:
            total = total + term(tap)
        return total

    def tensor(x: Any, places: Any, weights: Any) -> Any:
        from tvm import te

        return te.compute(shape, lambda *at: element(x, places, weights, at))

    return pen.compute(
        f"resize_{axis.wanted}",
        tensor,
        x,
        places,
        weights.astype(x.dtype),
        dtype=x.dtype,
        shape=shape,
    )


def _extrapolated(y: Value, axes: Sequence[Axis], value: float, pen: Builder) -> Value:
    """What lies outside the input takes the extrapolation value."""
    import numpy as np

    rank = len(pen.shape(y))
    for axis in axes:
        positions = _positions(axis, Sampling("", "tf_crop_and_resize", "", 0, False, False))
        outside = (positions < 0) | (positions > axis.size - 1)
        if outside.any():
            shape = [1] * rank
            shape[axis.index] = axis.wanted
            y = pen.op("Where", outside.reshape(shape), np.array(value, y.dtype), y)
    return y


def _whole(y: Value, x: Value, pen: Builder) -> Value:
    """Saturated to the range of an integer input's type."""
    import numpy as np

    assert x.dtype is not None
    assert y.dtype is not None
    if x.dtype.kind not in "iu" or y.dtype.kind != "f":
        return y
    limits = np.iinfo(x.dtype)
    bounded = pen.op("Max", y, np.array(limits.min, y.dtype))
    return pen.op("Min", bounded, np.array(limits.max, y.dtype))
