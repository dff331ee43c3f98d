"""Zeros around the images of a convolution, which it can add on its own.

Exporters of other frameworks write them as an operator: a padding that depends on the size of
the image, as TensorFlow's, or one that differs from side to side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes.graph import ints, operator

if TYPE_CHECKING:
    from sagectl.compiler.passes.graph import Site

_LAYOUTS = ("NCW", "NCHW", "NCDHW")


def absorbed(site: Site) -> Any:
    """A convolution over two or three axes that pads what an operator padded before it."""
    from tvm.relax import op

    source, padding = unpadded(site)
    if source is site.args[0]:
        return None
    attrs = site.attrs
    convolution = getattr(op.nn, operator(site.call).rpartition(".")[2])
    return convolution(
        source,
        site.args[1],
        strides=ints(attrs.strides),
        padding=padding,
        dilation=ints(attrs.dilation),
        groups=int(attrs.groups),
        data_layout=attrs.data_layout,
        kernel_layout=attrs.kernel_layout,
        out_layout=attrs.out_layout,
        out_dtype=attrs.out_dtype,
    )


def unpadded(site: Site) -> tuple[Any, tuple[int, ...]]:
    """What a convolution reads without zeros around it, and its padding with them.

    The padding is that of all axes before the images, then that of all axes after them.
    """
    source, padding = site.args[0], ints(site.attrs.padding)
    pad = site.definition(source)
    if operator(pad) != "relax.nn.pad" or site.attrs.data_layout not in _LAYOUTS:
        return source, padding
    widths = ints(pad.attrs.pad_width)
    is_zero = pad.attrs.pad_mode == "constant" and float(pad.attrs.pad_value) == 0
    if not is_zero or any(widths[:4]) or min(widths) < 0:
        return source, padding
    around = (*widths[4::2], *widths[5::2])
    return pad.args[0], tuple(map(sum, zip(padding, around, strict=True)))
