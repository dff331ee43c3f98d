"""Col2Im as one gather per place of the kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    import itertools

    import numpy as np

    x = node.required(0)
    image = [int(each) for each in pen.known(node.required(1), "the image shape")]
    block = [int(each) for each in pen.known(node.required(2), "the block shape")]
    rank = len(image)
    dilations = node.attribute("dilations") or [1] * rank
    strides = node.attribute("strides") or [1] * rank
    pads = node.attribute("pads") or [0] * (2 * rank)
    batch, columns, count = pen.shape(x)
    channels = columns // int(np.prod(block))
    steps = [
        (image[k] + pads[k] + pads[rank + k] - dilations[k] * (block[k] - 1) - 1) // strides[k]
        + 1
        for k in range(rank)
    ]
    x = pen.reshape(x, (batch, channels, int(np.prod(block)), count))
    total = None
    for index, place in enumerate(itertools.product(*map(range, block))):
        sources, inside = _sources(image, place, dilations, strides, pads, steps)
        if not inside.any():
            continue
        values = pen.op("Gather", pen.pick(x, 2, index), sources, axis=2)
        kept = pen.op("Where", inside, values, pen.scalar(0, x))
        total = kept if total is None else pen.op("Add", total, kept)
    if total is None:
        total = pen.value(np.zeros((batch, channels, int(np.prod(image))), x.dtype))
    assert total is not None
    return pen.reshape(total, (batch, channels, *image))


def _sources(
    image: list[int],
    place: tuple[int, ...],
    dilations: list[int],
    strides: list[int],
    pads: list[int],
    steps: list[int],
) -> Any:
    """For each pixel the column that holds it at this place of the kernel, if any."""
    import numpy as np

    source = np.zeros(image, np.int64)
    inside = np.ones(image, np.bool_)
    for axis, size in enumerate(image):
        moved = np.arange(size) + pads[axis] - place[axis] * dilations[axis]
        step, rest = np.divmod(moved, strides[axis])
        fits = (rest == 0) & (step >= 0) & (step < steps[axis])
        shape = [1] * len(image)
        shape[axis] = size
        inside &= fits.reshape(shape)
        source = source * steps[axis] + np.where(fits, step, 0).reshape(shape)
    return source.reshape(-1), inside.reshape(-1)
