"""Places of a kernel that only ever meet the padding, dropped.

Where a kernel is dilated as far as the image is wide, or the image is smaller than the kernel,
its outer places multiply zeros everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes.graph import constant, ints, literal, shape

if TYPE_CHECKING:
    from sagectl.compiler.passes.graph import Site


def dropped(site: Site) -> Any:
    """A convolution of constant weights without the rows and columns that meet no pixel."""
    from tvm.relax import op

    attrs, weights = site.attrs, constant(site.args[1])
    source, made = shape(site.args[0]), shape(site.call)
    layouts = (attrs.data_layout, attrs.kernel_layout)
    if weights is None or source is None or made is None or layouts != ("NCHW", "OIHW"):
        return None
    padding = ints(attrs.padding)
    padding = padding * 2 if len(padding) == 2 else padding
    axes = [
        _met(*each)
        for each in zip(
            source[2:],
            made[2:],
            weights.shape[2:],
            ints(attrs.strides),
            ints(attrs.dilation),
            padding[:2],
            strict=True,
        )
    ]
    if len(found := [axis for axis in axes if axis]) < 2:
        return None
    (rows, top, bottom), (columns, left, right) = found
    if (len(rows), len(columns)) == weights.shape[2:]:
        return None
    kernel = weights[:, :, rows.start : rows.stop, columns.start : columns.stop]
    return op.nn.conv2d(
        site.args[0],
        literal(kernel),
        strides=ints(attrs.strides),
        padding=(top, left, bottom, right),
        dilation=ints(attrs.dilation),
        groups=int(attrs.groups),
    )


def _met(
    length: int, made: int, size: int, stride: int, dilation: int, before: int
) -> tuple[range, int, int] | None:
    """Which places of a kernel meet the image along an axis, and the padding for them alone.

    ``None`` where they would need less of the image than is there.
    """
    met = [
        place
        for place in range(size)
        if any(0 <= out * stride + place * dilation - before < length for out in range(made))
    ]
    if not met:
        return None
    kept = range(met[0], met[-1] + 1)
    left = before - kept.start * dilation
    right = (made - 1) * stride + (len(kept) - 1) * dilation + 1 - length - left
    # A step past the end of the image reads less of it: that is no padding to take away.
    return (kept, left, max(right, 0)) if left >= 0 and right > -stride else None
