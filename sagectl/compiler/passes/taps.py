"""Places of a kernel that meet the padding: dropped, or kept to where they meet the image.

Where a kernel is dilated as far as the image is wide, or the image is smaller than the kernel,
its outer places multiply zeros everywhere, or nearly everywhere.
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from sagectl.compiler.passes.graph import constant, ints, literal, operator, rewritten, shape
from sagectl.compiler.passes.quantised import DEQUANTISE

if TYPE_CHECKING:
    from tvm.ir import IRModule

    from sagectl.compiler.passes.graph import Site

# Of a kernel's multiplications, those that meet the image: with more it is left as it is.
MOST_MET = 0.5
# Multiplications by zeros that are worth a convolution for every place.
LEAST_WASTE = 1 << 24


def apart(module: IRModule) -> IRModule:
    """The module with convolutions whose places mostly meet padding as sums over places."""
    return rewritten(module, {"relax.nn.conv2d": _apart})


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


def _apart(site: Site) -> Any:
    """A convolution as the sum of what each place of its kernel makes of the image it meets."""
    from tvm.relax import op

    attrs, weights = site.attrs, constant(site.args[1])
    source, made = shape(site.args[0]), shape(site.call)
    layouts = (attrs.data_layout, attrs.kernel_layout)
    if weights is None or source is None or made is None or layouts != ("NCHW", "OIHW"):
        return None
    if {*ints(attrs.strides), int(attrs.groups)} != {1}:
        return None
    if operator(site.definition(site.args[0])) == DEQUANTISE:
        return None  # that convolves integers, as a whole
    size, padding = weights.shape[2:], ints(attrs.padding)[:2]
    along = [
        [_span(place * dilation - before, length, out) for place in range(places)]
        for places, dilation, before, length, out in zip(
            size, ints(attrs.dilation), padding, source[2:], made[2:], strict=True
        )
    ]
    met = prod(sum(span.end - span.begin for span in spans) for spans in along)
    whole = prod(size) * prod(made[2:])
    if (
        met > MOST_MET * whole
        or (whole - met) * made[0] * prod(weights.shape[:2]) < LEAST_WASTE
    ):
        return None
    total = None
    for row, column in product(*map(range, size)):
        spans = (along[0][row], along[1][column])
        if any(span.begin == span.end for span in spans):
            continue
        kernel = weights[:, :, row : row + 1, column : column + 1]
        here = _place(site, kernel, spans, made[2:])
        total = here if total is None else site.emit(op.add(total, here))
    return total


class _Span(NamedTuple):
    """The results, from one and before another, to which a place of a kernel adds something."""

    begin: int
    end: int
    # Where in the image it reads for the first result of all; less than nothing is padding.
    offset: int


def _span(offset: int, length: int, out: int) -> _Span:
    begin = max(0, -offset)
    return _Span(begin, max(begin, min(out, length - offset)), offset)


def _place(site: Site, kernel: Any, spans: tuple[_Span, _Span], made: tuple[int, ...]) -> Any:
    """What one place of a kernel adds to the result."""
    from tvm.relax import op

    source = site.args[0]
    begin = [span.begin + span.offset for span in spans]
    end = [span.end + span.offset for span in spans]
    if (begin, end) != ([0, 0], list((shape(source) or ())[2:])):
        source = site.emit(op.strided_slice(source, axes=[2, 3], begin=begin, end=end))
    here = site.emit(op.nn.conv2d(source, literal(kernel)))
    around = [
        width
        for span, out in zip(spans, made, strict=True)
        for width in (span.begin, out - span.end)
    ]
    return site.emit(op.nn.pad(here, [0, 0, 0, 0, *around])) if any(around) else here


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
