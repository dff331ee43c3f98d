"""Pad in every mode, with negative pads, and with a value known at run time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    import numpy as np

    x = node.required(0)
    before, after = widths(node, pen)
    mode = node.attribute("mode", "constant")
    if mode != "constant":
        for axis, (low, high) in enumerate(zip(before, after, strict=True)):
            if low or high:
                x = _gathered(x, axis, low, high, mode, pen)
        return x
    fill = node.input(2) if node.version >= 11 else None
    if fill is None:
        fill = pen.value(pen.scalar(node.attribute("value", 0), x))
    assert fill is not None
    for axis, size in enumerate(pen.shape(x)):
        low, high = min(before[axis], 0), min(after[axis], 0)
        if low or high:
            x = pen.slice(x, axis, -low, size + high)
    low_high = [max(each, 0) for each in (*before, *after)]
    if not any(low_high):
        return x
    if 0 in pen.shape(x):
        rank = len(before)
        sides = zip(pen.shape(x), low_high[:rank], low_high[rank:], strict=True)
        return pen.op("Expand", pen.reshape(fill, ()), np.array([sum(each) for each in sides]))
    if fill.data is not None:
        number = fill.data.reshape(-1)[0]
        return _filled(x, low_high, number, pen)
    mask = _filled(pen.value(np.ones(pen.shape(x), np.bool_)), low_high, False, pen)
    zeros = np.zeros((), x.dtype)
    return pen.op("Where", mask, _filled(x, low_high, zeros, pen), pen.reshape(fill, ()))


def widths(node: Node, pen: Builder) -> tuple[list[int], list[int]]:
    """Pads before and after, for every axis."""
    x = node.required(0)
    rank = len(pen.shape(x))
    if node.version < 11:
        pads = list(node.attribute("pads") or node.attribute("paddings"))
        return pads[:rank], pads[rank:]
    pads = [int(each) for each in pen.known(node.required(1), "the pads")]
    axes = node.input(3)
    if axes is None:
        return pads[:rank], pads[rank:]
    before, after = [0] * rank, [0] * rank
    places = pen.known(axes, "the axes")
    for index, axis in enumerate(places):
        before[axis], after[axis] = pads[index], pads[index + len(places)]
    return before, after


def _filled(x: Value | None, pads: list[int], number: Any, pen: Builder) -> Value:
    import numpy as np
    from tvm import relax, tirx, topi

    assert x is not None
    assert x.dtype is not None
    rank = len(pads) // 2
    before, after = pads[:rank], pads[rank:]
    sizes = [sum(each) for each in zip(pen.shape(x), before, after, strict=True)]
    name = "float32" if x.dtype.name in ("float16", "bfloat16") else x.dtype.name
    plain = np.asarray(number).item()
    if name.startswith("float") and not plain:
        # The form that convolutions take up and blocked layouts reach across.
        widths = [width for pair in zip(before, after, strict=True) for width in pair]
        return pen.compute(
            "pad",
            lambda t: relax.op.nn.pad(t, widths),
            x,
            dtype=x.dtype,
            shape=sizes,
            is_relax=True,
        )
    return pen.compute(
        "pad",
        lambda t: topi.nn.pad(t, before, after, tirx.const(plain, name)),
        x,
        dtype=x.dtype,
        shape=sizes,
    )


def _gathered(x: Value, axis: int, low: int, high: int, mode: str, pen: Builder) -> Value:
    import numpy as np

    size = pen.shape(x)[axis]
    places = np.arange(-low, size + high)
    if mode == "edge":
        places = places.clip(0, size - 1)
    elif mode == "wrap":
        places %= size
    elif size > 1:
        period = 2 * (size - 1)
        places = (size - 1) - np.abs((size - 1) - places % period)
    else:
        places = np.zeros_like(places)
    return pen.op("Gather", x, places.astype(np.int64), axis=axis)
