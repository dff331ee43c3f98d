"""Operators that compute nothing: they move, repeat, pick, place and join."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx.helper import make_node

from tests.benchmarks.operators.building import fed, held, row, several

if TYPE_CHECKING:
    from collections.abc import Callable

    from onnx import ModelProto

    from tests.benchmarks.operators.building import Rows

IMAGE = (1, 64, 56, 56)


def places(most: int, *shape: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(0).integers(0, most, shape)


def concat(axis: int, *shapes: tuple[int, ...]) -> Callable[[], ModelProto]:
    return row("Concat", *[fed(*shape) for shape in shapes], axis=axis)


def cut(shape: tuple[int, ...], *numbers: list[int]) -> Callable[[], ModelProto]:
    """A slice by starts, ends, axes and steps."""
    return row("Slice", fed(*shape), *[np.array(each) for each in numbers])


def split(shape: tuple[int, ...], axis: int, count: int) -> Callable[[], ModelProto]:
    """A split whose parts are added, so that all are used."""
    parts = [f"p{place}" for place in range(count)]
    nodes = [
        make_node("Split", ["x"], parts, axis=axis),
        make_node("Sum", parts, ["y"]),
    ]
    return lambda: several(nodes, {"x": fed(*shape)})


COPIES: Rows = {
    "transpose 2d": row("Transpose", fed(1024, 1024), perm=[1, 0]),
    "transpose 2d odd": row("Transpose", fed(127, 31), perm=[1, 0]),
    "transpose 2d narrow": row("Transpose", fed(4096, 3), perm=[1, 0]),
    "transpose 2d wide": row("Transpose", fed(3, 4096), perm=[1, 0]),
    **{
        f"transpose {''.join(map(str, to))}": row("Transpose", fed(16, 24, 40, 32), perm=to)
        for to in permutations(range(4)) if to != (0, 1, 2, 3)
    },
    "transpose heads": row("Transpose", fed(1, 128, 12, 64), perm=[0, 2, 1, 3]),
    "transpose nhwc": row("Transpose", fed(*IMAGE), perm=[0, 2, 3, 1]),
    "transpose nchw": row("Transpose", fed(1, 56, 56, 64), perm=[0, 3, 1, 2]),
    "transpose nhwc few": row("Transpose", fed(1, 3, 112, 112), perm=[0, 2, 3, 1]),
    "transpose nchw few": row("Transpose", fed(1, 112, 112, 3), perm=[0, 3, 1, 2]),
    "transpose uint8": row("Transpose", fed(1, 112, 112, 3, dtype="uint8"), perm=[0, 3, 1, 2]),
    "transpose int64": row("Transpose", fed(256, 256, dtype="int64"), perm=[1, 0]),
    "reshape": row("Reshape", fed(*IMAGE), np.array([64, -1])),
    "flatten": row("Flatten", fed(*IMAGE)),
    "gather rows": row("Gather", fed(3000, 384), places(3000, 1, 128), axis=0),
    "gather run-time": row("Gather", held(100, 384), fed(1, 128, dtype="int64"), axis=0),
    "gather one": row("Gather", fed(1, 128, 768), np.int64(0), axis=1),
    "gather last": row("Gather", fed(128, 768), places(768, 100), axis=1),
    "gather middle": row("Gather", fed(16, 64, 49), places(64, 32), axis=1),
    "gather elements": row("GatherElements", fed(128, 768), places(768, 128, 64), axis=1),
    "gather elements first": row("GatherElements", fed(128, 768), places(128, 64, 768), axis=0),
    "gather nd": row("GatherND", fed(64, 64, 32), places(64, 200, 2)),
    "scatter elements": row("ScatterElements", fed(128, 256), places(128, 16, 256),
                            fed(16, 256), axis=0),
    "scatter elements last": row("ScatterElements", fed(128, 256), places(256, 128, 16),
                                 fed(128, 16), axis=1),
    "scatter nd": row("ScatterND", fed(64, 64, 32), np.stack([np.arange(64)] * 2, 1),
                      fed(64, 32)),
    "one hot": row("OneHot", places(100, 128), np.int64(100), fed(2), axis=-1),
    "one hot run-time": row("OneHot", fed(128, dtype="int64"), np.int64(100),
                            np.array([0, 1], "f4")),
    "concat channels": concat(1, IMAGE, IMAGE),
    "concat channels odd": concat(1, (1, 17, 31, 31), (1, 5, 31, 31)),
    "concat last": concat(-1, (128, 100), (128, 77)),
    "concat last odd": concat(-1, (127, 31), (127, 17), (127, 3)),
    "concat last even": concat(-1, (128, 64), (128, 64)),
    "concat first": concat(0, (3, 5, 7), (31, 5, 7)),
    "concat many": concat(1, *[(1, 32, 28, 28)] * 6),
    "concat one row": concat(1, (1, 1, 768), (1, 196, 768)),
    "split channels": split((1, 64, 56, 56), 1, 2),
    "split last": split((128, 96), 1, 3),
    "split heads": split((1, 128, 2304), 2, 3),
    "split odd": split((31, 15), 1, 5),
    "slice rows": cut(IMAGE, [0, 8], [32, 40], [1, 2]),
    "slice channels": cut(IMAGE, [16], [48], [1]),
    "slice columns": cut(IMAGE, [3], [50], [3]),
    "slice crop": cut(IMAGE, [1, 1], [55, 55], [2, 3]),
    "slice stepped": cut(IMAGE, [0, 0], [56, 56], [2, 3], [2, 2]),
    "slice stepped rows": cut(IMAGE, [0], [56], [2], [2]),
    "slice odd steps": cut((64, 127), [1], [127], [1], [3]),
    "slice one": cut((1, 197, 192), [0], [1], [1]),
    "slice narrow": cut((4096, 4), [0], [2], [1]),
    "reverse last": cut((128, 768), [-1], [-10000], [1], [-1]),
    "reverse first": cut((128, 768), [-1], [-10000], [0], [-1]),
    "reverse channels": cut((1, 3, 112, 112), [-1], [-10000], [1], [-1]),
    "reverse sequence": row("ReverseSequence", fed(64, 8, 32), places(64, 8) + 1),
    **{f"pad {mode}": row("Pad", fed(*IMAGE), np.array([0, 0, 1, 1, 0, 0, 1, 1]), mode=mode)
       for mode in ("constant", "reflect", "edge")},
    "pad wrap": row("Pad", fed(*IMAGE), np.array([0, 0, 1, 1, 0, 0, 1, 1]), mode="wrap",
                    opset=19),
    "pad last": row("Pad", fed(128, 100), np.array([0, 0, 0, 28])),
    "pad channels": row("Pad", fed(1, 3, 64, 64), np.array([0, 0, 0, 0, 0, 1, 0, 0])),
    "pad cropped": row("Pad", fed(*IMAGE), np.array([0, 0, -1, -1, 0, 0, -1, -1])),
    "pad odd": row("Pad", fed(5, 17, 31), np.array([1, 2, 3, 0, 1, 2])),
    "tile image": row("Tile", fed(1, 64, 28, 28), np.array([1, 1, 2, 2])),
    "tile first": row("Tile", fed(1, 128, 64), np.array([8, 1, 1])),
    "tile last": row("Tile", fed(128, 31), np.array([1, 5])),
    "tile column": row("Tile", fed(128, 1), np.array([1, 100])),
    "expand channel": row("Expand", fed(1, 64, 1, 1), np.array([1, 64, 56, 56])),
    "expand rows": row("Expand", fed(1, 1, 768), np.array([1, 128, 768])),
    "expand middle": row("Expand", fed(8, 1, 64), np.array([8, 32, 64])),
    "expand heads": row("Expand", fed(1, 4, 1, 64, 32), np.array([1, 4, 3, 64, 32])),
    "expand odd": row("Expand", fed(17, 1, 31), np.array([17, 5, 31])),
    "expand scalar": row("Expand", fed(1), np.array([128, 128])),
    "trilu": row("Trilu", fed(12, 128, 128), upper=0),
    "trilu upper": row("Trilu", fed(128, 127), np.int64(1), upper=1),
    "eye like": row("EyeLike", fed(128, 128)),
    "shape": row("Shape", fed(*IMAGE)),
    "compress": row("Compress", fed(128, 64), np.arange(128) % 3 == 0, axis=0),
    "center crop pad": row("CenterCropPad", fed(3, 64, 64), np.array([3, 50, 80]), opset=18),
    "nms-like gather": row("Gather", fed(1, 8400, 4), places(8400, 300), axis=1),
    "unsqueeze": row("Unsqueeze", fed(128, 64), np.array([1])),
}  # fmt: skip
