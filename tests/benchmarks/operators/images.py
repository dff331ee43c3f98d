"""Convolutions, pools and resizes, of one to three dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tests.benchmarks.operators.building import fed, held, row

if TYPE_CHECKING:
    from collections.abc import Callable

    from onnx import ModelProto

    from tests.benchmarks.operators.building import Rows


def conv(
    shape: tuple[int, ...],
    filters: int,
    *kernel: int,
    groups: int = 1,
    bias: bool = False,
    **rest: Any,
) -> Callable[[], ModelProto]:
    """A convolution; padded to keep its size unless it says otherwise."""
    rest.setdefault("pads", [k // 2 for k in kernel] * 2)
    if "auto_pad" in rest:
        del rest["pads"]
    weights = held(filters, shape[1] // groups, *kernel)
    more = [held(filters)] if bias else []
    return row("Conv", fed(*shape), weights, *more, group=groups, **rest)


def upconv(
    shape: tuple[int, ...], filters: int, *kernel: int, groups: int = 1, **rest: Any
) -> Callable[[], ModelProto]:
    weights = held(shape[1], filters // groups, *kernel)
    return row("ConvTranspose", fed(*shape), weights, group=groups, **rest)


def resize(
    shape: tuple[int, ...], mode: str, *, scales: Any = None, sizes: Any = None, **rest: Any
) -> Callable[[], ModelProto]:
    operands = [None, np.array(scales, "f4")] if scales else [None, None, np.array(sizes)]
    return row("Resize", fed(*shape), *operands, mode=mode, **rest)


IMAGE = (1, 64, 56, 56)
DOUBLE, HALF = (1, 1, 2, 2), (1, 1, 0.5, 0.5)
FLOORED = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
ALIGNED = {"coordinate_transformation_mode": "align_corners"}

CONVOLUTIONS: Rows = {
    "conv 3x3": conv(IMAGE, 64, 3, 3),
    "conv 3x3 bias": conv(IMAGE, 64, 3, 3, bias=True),
    "conv 3x3 batch": conv((4, 64, 28, 28), 64, 3, 3),
    "conv 3x3 odd": conv((1, 17, 31, 31), 31, 3, 3),
    "conv 3x3 few in": conv((1, 3, 64, 64), 16, 3, 3),
    "conv 3x3 one in": conv((1, 1, 64, 64), 16, 3, 3),
    "conv 3x3 few out": conv((1, 32, 64, 64), 3, 3, 3),
    "conv 3x3 one out": conv((1, 32, 64, 64), 1, 3, 3),
    "conv 3x3 tiny": conv((1, 4, 5, 5), 4, 3, 3),
    "conv 3x3 deep": conv((1, 512, 7, 7), 512, 3, 3),
    "conv 3x3 same": conv(IMAGE, 64, 3, 3, auto_pad="SAME_UPPER", strides=[2, 2]),
    "conv 3x3 valid": conv(IMAGE, 64, 3, 3, pads=[0] * 4),
    "conv 1x1": conv((1, 128, 28, 28), 128, 1, 1),
    "conv 1x1 strided": conv((1, 128, 28, 28), 128, 1, 1, strides=[2, 2]),
    "conv 1x1 odd": conv((1, 31, 17, 17), 127, 1, 1),
    "conv 1x1 pixel": conv((1, 256, 1, 1), 64, 1, 1),
    "conv 5x5": conv((1, 32, 28, 28), 64, 5, 5),
    "conv 7x7": conv((1, 32, 28, 28), 32, 7, 7),
    "conv 7x7 stem": conv((1, 3, 224, 224), 64, 7, 7, strides=[2, 2]),
    "conv 16x16 patches": conv((1, 3, 224, 224), 192, 16, 16, strides=[16, 16], pads=[0] * 4),
    "conv 1x7": conv((1, 64, 17, 17), 64, 1, 7),
    "conv 7x1": conv((1, 64, 17, 17), 64, 7, 1),
    "conv strided": conv((1, 128, 28, 28), 128, 3, 3, strides=[2, 2]),
    "conv dilated": conv(IMAGE, 64, 3, 3, dilations=[2, 2], pads=[2] * 4),
    "conv grouped": conv((1, 128, 28, 28), 128, 3, 3, groups=32),
    "conv grouped wide": conv((1, 128, 28, 28), 128, 3, 3, groups=2),
    "conv grouped 1x1": conv((1, 120, 28, 28), 120, 1, 1, groups=3),
    "conv grouped odd": conv((1, 15, 17, 17), 30, 3, 3, groups=5),
    "conv depthwise": conv((1, 144, 56, 56), 144, 3, 3, groups=144),
    "conv depthwise 28": conv((1, 192, 28, 28), 192, 3, 3, groups=192),
    "conv depthwise 14": conv((1, 384, 14, 14), 384, 3, 3, groups=384),
    "conv depthwise 7": conv((1, 960, 7, 7), 960, 3, 3, groups=960),
    "conv depthwise 112": conv((1, 32, 112, 112), 32, 3, 3, groups=32),
    "conv depthwise batch": conv((4, 64, 28, 28), 64, 3, 3, groups=64),
    "conv depthwise bias": conv((1, 144, 56, 56), 144, 3, 3, groups=144, bias=True),
    "conv depthwise odd": conv((1, 33, 31, 31), 33, 3, 3, groups=33),
    "conv depthwise strided": conv((1, 144, 56, 56), 144, 3, 3, groups=144, strides=[2, 2]),
    "conv depthwise dilated": conv((1, 64, 56, 56), 64, 3, 3, groups=64, dilations=[2, 2],
                                   pads=[2] * 4),
    "conv depthwise 5x5": conv((1, 240, 28, 28), 240, 5, 5, groups=240),
    "conv depthwise 7x7": conv((1, 96, 56, 56), 96, 7, 7, groups=96),
    "conv depthwise doubled": conv((1, 64, 28, 28), 128, 3, 3, groups=64),
    "conv depthwise valid": conv((1, 64, 58, 58), 64, 3, 3, groups=64, pads=[0] * 4),
    "conv 1d": conv((1, 128, 200), 128, 5),
    "conv 1d strided": conv((1, 64, 400), 64, 10, strides=[5], pads=[0, 0]),
    "conv 1d few": conv((1, 1, 16000), 64, 10, strides=[5], pads=[0, 0]),
    "conv 1d pointwise": conv((1, 128, 200), 256, 1),
    "conv 1d depthwise": conv((1, 256, 200), 256, 9, groups=256),
    "conv 1d dilated": conv((1, 64, 400), 64, 3, dilations=[4], pads=[4, 4]),
    "conv 1d grouped": conv((1, 64, 400), 64, 3, groups=4),
    "conv 1d odd": conv((2, 17, 127), 31, 3),
    "conv 3d": conv((1, 8, 16, 28, 28), 16, 3, 3, 3),
    "conv 3d strided": conv((1, 3, 16, 56, 56), 32, 3, 3, 3, strides=[1, 2, 2]),
    "conv 3d pointwise": conv((1, 32, 8, 14, 14), 64, 1, 1, 1),
    "conv 3d depthwise": conv((1, 32, 8, 14, 14), 32, 3, 3, 3, groups=32),
    "upconv 2x2": upconv((1, 64, 28, 28), 32, 2, 2, strides=[2, 2]),
    "upconv 3x3": upconv((1, 64, 28, 28), 32, 3, 3, strides=[2, 2], pads=[1] * 4,
                         output_padding=[1, 1]),
    "upconv 4x4": upconv((1, 64, 28, 28), 32, 4, 4, strides=[2, 2], pads=[1] * 4),
    "upconv unit": upconv((1, 32, 28, 28), 32, 3, 3, pads=[1] * 4),
    "upconv grouped": upconv((1, 64, 28, 28), 64, 3, 3, strides=[2, 2], groups=4),
    "upconv depthwise": upconv((1, 32, 28, 28), 32, 4, 4, strides=[2, 2], groups=32),
    "upconv few": upconv((1, 32, 56, 56), 3, 3, 3, strides=[2, 2]),
    "upconv odd": upconv((1, 17, 13, 13), 5, 3, 3, strides=[3, 3]),
    "upconv dilated": upconv((1, 32, 28, 28), 32, 3, 3, dilations=[2, 2]),
    "upconv 1d": upconv((1, 64, 100), 32, 4, strides=[2], pads=[1, 1]),
    "upconv 3d": upconv((1, 16, 8, 14, 14), 8, 2, 2, 2, strides=[2, 2, 2]),
}  # fmt: skip

POOLS: Rows = {
    f"{kind[:-4].lower()}pool {label}": row(kind, fed(*shape), **rest)
    for kind in ("MaxPool", "AveragePool")
    for label, shape, rest in (
        ("3x3", (1, 64, 112, 112), {"kernel_shape": [3, 3], "strides": [2, 2],
                                    "pads": [1] * 4}),
        ("3x3 unit", IMAGE, {"kernel_shape": [3, 3], "pads": [1] * 4}),
        ("5x5 unit", (1, 64, 20, 20), {"kernel_shape": [5, 5], "pads": [2] * 4}),
        ("2x2", IMAGE, {"kernel_shape": [2, 2], "strides": [2, 2]}),
        ("2x2 few", (1, 3, 112, 112), {"kernel_shape": [2, 2], "strides": [2, 2]}),
        ("2x2 batch", (8, 16, 28, 28), {"kernel_shape": [2, 2], "strides": [2, 2]}),
        ("odd", (1, 5, 31, 31), {"kernel_shape": [3, 3], "strides": [2, 2]}),
        ("ceil", (1, 32, 55, 55), {"kernel_shape": [3, 3], "strides": [2, 2],
                                   "ceil_mode": 1}),
        ("same", IMAGE, {"kernel_shape": [3, 3], "strides": [2, 2],
                         "auto_pad": "SAME_UPPER"}),
        ("1d", (1, 64, 400), {"kernel_shape": [2], "strides": [2]}),
        ("1d unit", (1, 64, 400), {"kernel_shape": [3], "pads": [1, 1]}),
        ("3d", (1, 16, 16, 28, 28), {"kernel_shape": [2, 2, 2], "strides": [2, 2, 2]}),
        ("3d unit", (1, 8, 16, 28, 28), {"kernel_shape": [3, 3, 3], "pads": [1] * 6}),
        ("7x7", (1, 512, 7, 7), {"kernel_shape": [7, 7]}),
    )
} | {
    "maxpool dilated": row("MaxPool", fed(*IMAGE), kernel_shape=[3, 3], dilations=[2, 2]),
    "maxpool indices": row("MaxPool", fed(1, 32, 28, 28), kernel_shape=[2, 2],
                           strides=[2, 2], outputs=2),
    "avgpool counted": row("AveragePool", fed(*IMAGE), kernel_shape=[3, 3], pads=[1] * 4,
                           count_include_pad=1),
    "lppool": row("LpPool", fed(*IMAGE), kernel_shape=[2, 2], strides=[2, 2]),
    "global avgpool": row("GlobalAveragePool", fed(*IMAGE)),
    "global avgpool 7": row("GlobalAveragePool", fed(1, 512, 7, 7)),
    "global maxpool": row("GlobalMaxPool", fed(*IMAGE)),
    "global avgpool 1d": row("GlobalAveragePool", fed(1, 128, 200)),
}  # fmt: skip

RESIZES: Rows = {
    "resize nearest": resize((1, 64, 28, 28), "nearest", scales=DOUBLE, **FLOORED),
    "resize nearest half pixel": resize((1, 64, 28, 28), "nearest", scales=DOUBLE),
    "resize nearest down": resize(IMAGE, "nearest", scales=HALF, **FLOORED),
    "resize nearest odd": resize((1, 16, 17, 17), "nearest", sizes=(1, 16, 31, 31)),
    "resize nearest few": resize((1, 3, 64, 64), "nearest", scales=(1, 1, 4, 4), **FLOORED),
    "resize nearest thrice": resize((1, 32, 20, 20), "nearest", scales=(1, 1, 3, 3), **FLOORED),
    "resize nearest 1d": resize((1, 64, 200), "nearest", scales=(1, 1, 2), **FLOORED),
    "resize linear": resize((1, 64, 28, 28), "linear", scales=DOUBLE),
    "resize linear aligned": resize((1, 64, 28, 28), "linear", scales=DOUBLE, **ALIGNED),
    "resize linear down": resize(IMAGE, "linear", scales=HALF),
    "resize linear odd": resize((1, 3, 100, 150), "linear", sizes=(1, 3, 127, 224)),
    "resize linear batch": resize((4, 16, 14, 14), "linear", scales=DOUBLE),
    "resize cubic": resize((1, 16, 28, 28), "cubic", scales=DOUBLE),
    "resize cubic down": resize((1, 16, 56, 56), "cubic", scales=HALF),
    "depth to space": row("DepthToSpace", fed(1, 64, 28, 28), blocksize=2),
    "depth to space crd": row("DepthToSpace", fed(1, 64, 28, 28), blocksize=2, mode="CRD"),
    "space to depth": row("SpaceToDepth", fed(1, 16, 56, 56), blocksize=2),
    "grid sample": row("GridSample", fed(1, 16, 32, 32), fed(1, 40, 40, 2)),
    "roi align": row("RoiAlign", fed(1, 32, 28, 28), np.array([[1, 1, 20, 20], [3, 4, 16, 25]],
                     "f4"), np.array([0, 0]), output_height=7, output_width=7,
                     sampling_ratio=2),
}  # fmt: skip

IMAGES: Rows = CONVOLUTIONS | POOLS | RESIZES
