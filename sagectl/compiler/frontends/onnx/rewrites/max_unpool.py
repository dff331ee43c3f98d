"""MaxUnpool as a scatter into a flat image."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    import numpy as np

    x, indices, given = node.required(0), node.required(1), node.input(2)
    shape = pen.shape(x)
    kernel = node.attribute("kernel_shape")
    strides = node.attribute("strides") or [1] * len(kernel)
    pads = node.attribute("pads") or [0] * (2 * len(kernel))
    natural = [
        (size - 1) * strides[k] - pads[k] - pads[len(kernel) + k] + kernel[k]
        for k, size in enumerate(shape[2:])
    ]
    made = [*shape[:2], *natural]
    # The indices count in the image that was pooled; output_shape enlarges it at the end.
    zeros = pen.value(np.zeros(int(np.prod(made)), x.dtype))
    flat = pen.op("ScatterElements", zeros, pen.reshape(indices, (-1,)), pen.reshape(x, (-1,)))
    image = pen.reshape(flat, made)
    if given is None:
        return image
    wanted = [int(size) for size in pen.known(given, "the output shape")]
    ends = [more - size for more, size in zip(wanted, made, strict=True)]
    return pen.op("Pad", image, np.array([0] * len(made) + ends, np.int64))
