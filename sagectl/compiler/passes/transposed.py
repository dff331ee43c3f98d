"""Transposed convolutions as convolutions of which every output channel is one phase.

With a stride of s, result ``s q + r`` sums ``x[q - t] w[s t + r]``: for each phase r a plain
convolution over x. The phases are computed side by side as channels, then woven together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes.graph import constant, ints, literal, operator, rewritten, shape

if TYPE_CHECKING:
    import numpy as np
    from tvm.ir import IRModule

    from sagectl.compiler.passes.graph import Site

    Array = np.ndarray[Any, Any]
    Pair = tuple[int, ...]

LAYOUTS = {
    "relax.nn.conv2d_transpose": ("NCHW", "IOHW"),
    "relax.nn.conv1d_transpose": ("NCW", "IOW"),
}


def untransposed(module: IRModule) -> IRModule:
    """The module with transposed convolutions of constant weights as convolutions."""
    return rewritten(module, dict.fromkeys(LAYOUTS, _untransposed))


def _untransposed(site: Site) -> Any:
    from tvm.relax import op

    attrs, weights = site.attrs, constant(site.args[1])
    source, made = shape(site.args[0]), shape(site.call)
    layouts = (attrs.data_layout, attrs.kernel_layout)
    if weights is None or source is None or made is None or int(attrs.groups) != 1:
        return None
    if layouts != LAYOUTS[operator(site.call)] or set(ints(attrs.dilation)) != {1}:
        return None
    strides, before = ints(attrs.strides), ints(attrs.padding)
    image = site.args[0]
    if len(source) == 3:
        image = site.emit(op.reshape(image, (*source[:2], 1, source[2])))
        weights = weights[:, :, None, :]
        strides, before = (1, *strides), (0, before[0])
    extents = made[2:] if len(made) == 4 else (1, made[2])
    woven = _woven(site, image, weights, strides, before[:2], extents)
    return op.reshape(site.emit(woven), made) if len(made) == 3 else woven


def _woven(
    site: Site, image: Any, weights: Array, strides: Pair, before: Pair, extents: Pair
) -> Any:
    """Convolve all phases at once, weave them, and cut the result's window out."""
    from tvm.relax import op

    batch, _, *source = shape(image) or ()
    taps = tuple(
        max(-(-size // stride), -(-(start + extent) // stride) - length + 1)
        for size, stride, start, extent, length in zip(
            weights.shape[2:], strides, before, extents, source, strict=True
        )
    )
    outputs = weights.shape[1]
    kernel = literal(phase_kernel(weights, strides, taps))
    around = (taps[0] - 1, taps[1] - 1) * 2
    phases = site.emit(op.nn.conv2d(image, kernel, padding=around))
    long, wide = (length + tap - 1 for length, tap in zip(source, taps, strict=True))
    apart = site.emit(op.reshape(phases, (batch, outputs, *strides, long, wide)))
    moved = site.emit(op.permute_dims(apart, [0, 1, 4, 2, 5, 3]))
    full = op.reshape(moved, (batch, outputs, long * strides[0], wide * strides[1]))
    end = [start + extent for start, extent in zip(before, extents, strict=True)]
    return op.strided_slice(site.emit(full), axes=[2, 3], begin=list(before), end=end)


def phase_kernel(weights: Array, strides: Pair, taps: Pair) -> Array:
    """``[I, O, KH, KW]`` as ``[O SH SW, I, TH, TW]``, the taps of each phase reversed."""
    import numpy as np

    inputs, outputs, *size = weights.shape
    filled = np.zeros((inputs, outputs, taps[0] * strides[0], taps[1] * strides[1]), "f4")
    filled[:, :, : size[0], : size[1]] = weights
    split = filled.reshape(inputs, outputs, taps[0], strides[0], taps[1], strides[1])
    split = split[:, :, ::-1, :, ::-1, :].transpose(1, 3, 5, 0, 2, 4)
    return np.ascontiguousarray(split.reshape(-1, inputs, *taps))
