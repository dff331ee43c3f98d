"""Convolutions of volumes as convolutions of images that hold each depth of the window.

Result ``d`` sums ``x[s d + k] w[k]`` over the depths of the kernel: a convolution of an image
whose channels are those of all depths that the window covers there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes.aspects import image_of, seen
from sagectl.compiler.passes.graph import constant, ints, literal, shape

if TYPE_CHECKING:
    import numpy as np

    from sagectl.compiler.passes.graph import Site

    Array = np.ndarray[Any, Any]


def convolution(site: Site) -> Any:
    """A convolution of a volume and constant weights as one of images."""
    from tvm.relax import op

    attrs, weights = site.attrs, constant(site.args[1])
    source, made = shape(site.args[0]), shape(site.call)
    layouts = (attrs.data_layout, attrs.kernel_layout)
    if weights is None or source is None or made is None or layouts != ("NCDHW", "OIDHW"):
        return None
    groups, depths = int(attrs.groups), weights.shape[2]
    if groups > 1 and depths > 1:
        return None
    window = depth_window(site, source[2], made[2])
    met = [k for k in range(depths) if {*window[k::depths]} != {source[2]}]
    if met and len(met) < depths:
        # The others multiply zeros everywhere.
        window = [place for at, place in enumerate(window) if at % depths in met]
        weights, depths = weights[:, :, met], len(met)
    padding = _padding(attrs)
    image = image_of(site, site.args[0])
    if depths > 1 or window != list(range(source[2])):
        image = _windows(site, image, source, window, depths)
    kernel = weights.transpose(0, 2, 1, 3, 4).reshape(weights.shape[0], -1, *weights.shape[3:])
    convolved = op.nn.conv2d(
        image,
        literal(kernel),
        strides=ints(attrs.strides)[1:],
        padding=(*padding[1:3], *padding[4:]),
        dilation=ints(attrs.dilation)[1:],
        groups=groups,
    )
    return seen(site, convolved, made)


def _padding(attrs: Any) -> tuple[int, ...]:
    padding = ints(attrs.padding)
    return padding * 2 if len(padding) == 3 else padding


def depth_window(site: Site, depth: int, made: int) -> list[int]:
    """Which depth of the volume each place of each window reads; ``depth`` where none is."""
    attrs, size = site.attrs, (shape(site.args[1]) or ())[2]
    stride, dilation, before = (
        ints(attrs.strides)[0], ints(attrs.dilation)[0], _padding(attrs)[0]
    )  # fmt: skip
    places = (
        result * stride + k * dilation - before for result in range(made) for k in range(size)
    )
    return [place if 0 <= place < depth else depth for place in places]


def _windows(site: Site, image: Any, source: Any, window: list[int], depths: int) -> Any:
    """``[N D, C, H, W]`` as ``[N D', K C, H, W]``: whole images copied one after another."""
    import numpy as np
    from tvm.relax import op

    batch, channels, depth, *extents = source
    images = batch * depth
    if depth in window:
        image = site.emit(op.nn.pad(image, [0, 1, 0, 0, 0, 0, 0, 0]))
    order = [
        images if place == depth else start * depth + place
        for start in range(batch)
        for place in window
    ]
    taken = site.emit(op.take(image, literal(np.array(order, np.int32)), 0, "clip"))
    form = (len(order) // depths, depths * channels, *extents)
    return site.emit(op.reshape(taken, form))
