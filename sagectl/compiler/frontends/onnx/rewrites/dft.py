"""DFT as a product with the matrix of the transform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    x = node.required(0)
    rank = len(pen.shape(x))
    if node.version < 20:
        axis = node.attribute("axis", 1)
    else:
        given = node.input(2)
        axis = -2 if given is None else int(pen.known(given, "the axis").reshape(-1)[0])
    given = node.input(1)
    length = None if given is None else int(pen.known(given, "the length").reshape(-1)[0])
    is_inverse, is_onesided = (
        bool(node.attribute("inverse", 0)),
        bool(node.attribute("onesided", 0)),
    )
    return transformed(x, axis % rank, length, is_inverse, is_onesided, pen)


def transformed(
    x: Value, axis: int, length: int | None, is_inverse: bool, is_onesided: bool, pen: Builder
) -> Value:
    """The transform of ``[..., 1]`` real or ``[..., 2]`` complex numbers along ``axis``."""
    import numpy as np

    shape = pen.shape(x)
    rank, size = len(shape), shape[axis]
    if length is None:
        length = 2 * (size - 1) if is_inverse and is_onesided else size
    order = [each for each in range(rank) if each not in (axis, rank - 1)] + [axis, rank - 1]
    rows = pen.reshape(
        pen.transpose(x, order), (*(shape[each] for each in order[:-2]), size * shape[-1])
    )
    matrix, made = _matrix(size, length, shape[-1], is_inverse, is_onesided)
    product = pen.op(
        "MatMul", rows, matrix.astype(x.dtype if x.dtype is not None else np.float32)
    )
    parts = 1 if is_inverse and is_onesided else 2
    y = pen.reshape(product, (*(shape[each] for each in order[:-2]), made, parts))
    back = [order.index(each) for each in range(rank)]
    return pen.transpose(y, back)


def _matrix(size: int, length: int, parts: int, is_inverse: bool, is_onesided: bool) -> Any:
    """The transform as a real matrix, and the number of frequencies or samples it makes."""
    import numpy as np

    if is_inverse and is_onesided:
        return _real_inverse(size, length, parts)
    made = length // 2 + 1 if is_onesided else length
    used = min(size, length)
    sign = 1 if is_inverse else -1
    phase = np.outer(np.arange(used), np.arange(made)) * (2 * np.pi * sign / length)
    scale = 1 / length if is_inverse else 1.0
    matrix = np.zeros((size, parts, made, 2))
    matrix[:used, 0, :, 0] = np.cos(phase) * scale
    matrix[:used, 0, :, 1] = np.sin(phase) * scale
    if parts == 2:
        matrix[:used, 1, :, 0] = -np.sin(phase) * scale
        matrix[:used, 1, :, 1] = np.cos(phase) * scale
    return matrix.reshape(size * parts, made * 2), made


def _real_inverse(size: int, length: int, parts: int) -> Any:
    """From half a spectrum; the frequencies that stand for two count twice."""
    import numpy as np

    matrix = np.zeros((size, parts, length))
    for frequency in range(min(size, length // 2 + 1)):
        twice = 1 if frequency == 0 or 2 * frequency == length else 2
        phase = 2 * np.pi * frequency * np.arange(length) / length
        matrix[frequency, 0] = np.cos(phase) * twice / length
        if parts == 2:
            matrix[frequency, 1] = -np.sin(phase) * twice / length
    return matrix.reshape(size * parts, length), length
