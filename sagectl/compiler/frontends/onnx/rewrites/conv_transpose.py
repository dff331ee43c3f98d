"""ConvTranspose with output_shape turned into explicit pads."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value | None:
    import numpy as np

    from sagectl.compiler.frontends.onnx.graph import Unsupported

    weights = node.required(1).data
    if weights is not None and not np.isfinite(weights.astype(np.float64)).all():
        # The zeros that are put between the elements of the image would make NaN of them.
        raise Unsupported(f"its weights {node.required(1).name!r} are not all finite")
    output_shape = node.attribute("output_shape")
    automatic = node.attribute("auto_pad", "NOTSET")
    if not output_shape and automatic in ("NOTSET", "VALID"):
        return None
    x, w = node.required(0), node.required(1)
    spatial, kernel = pen.shape(x)[2:], pen.shape(w)[2:]
    count = len(spatial)
    strides = node.attribute("strides") or [1] * count
    dilations = node.attribute("dilations") or [1] * count
    extra = list(node.attribute("output_padding") or [0] * count)
    wanted = (
        output_shape[-count:]
        if output_shape
        else [size * stride for size, stride in zip(spatial, strides, strict=True)]
    )
    before, after = [], []
    for axis in range(count):
        full = strides[axis] * (spatial[axis] - 1) + extra[axis]
        full += (kernel[axis] - 1) * dilations[axis] + 1
        surplus = full - wanted[axis]
        if surplus < 0:
            # A size that is asked for is padded up to; one that follows stays smaller.
            extra[axis] -= surplus if output_shape else 0
            surplus = 0
        small = surplus // 2
        large = surplus - small
        before.append(small if automatic == "SAME_UPPER" else large)
        after.append(large if automatic == "SAME_UPPER" else small)
    return pen.op(
        "ConvTranspose",
        *node.inputs,
        strides=strides,
        dilations=dilations,
        group=node.attribute("group", 1),
        output_padding=extra,
        pads=before + after,
        kernel_shape=list(kernel),
    )
