"""onnxruntime's MatMulNBits: weights of 2, 4 or 8 bits, unpacked while compiling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    x, bias = node.required(0), node.input(5)
    if node.input(4) is not None:
        from sagectl.compiler.frontends.onnx.graph import Unsupported

        raise Unsupported("a group index (g_idx)")
    y = pen.op("MatMul", x, _weights(node, pen))
    return y if bias is None else pen.op("Add", y, bias)


def _weights(node: Node, pen: Builder) -> Value:
    """The dequantised ``[K, N]`` matrix."""
    import numpy as np

    inner, outer = node.attribute("K"), node.attribute("N")
    bits, block = node.attribute("bits", 4), node.attribute("block_size")
    blocks = -(-inner // block)
    packed = pen.known(node.required(1), "the weights").reshape(outer, blocks, -1)
    scales = pen.known(node.required(2), "the scales").reshape(outer, blocks, 1)
    levels = _unpacked(packed, bits)[..., :block]
    zero = node.input(3)
    if zero is None:
        offsets = np.full((1, 1, 1), 1 << (bits - 1), np.float32)
    elif zero.dtype is not None and zero.dtype.kind == "f":
        offsets = pen.known(zero, "the zero points").reshape(outer, blocks, 1)
    else:
        rows = pen.known(zero, "the zero points").reshape(outer, -1)
        offsets = _unpacked(rows, bits)[:, :blocks, np.newaxis]
    real = (levels.astype(np.float32) - offsets.astype(np.float32)) * scales.astype(np.float32)
    matrix = real.reshape(outer, blocks * block)[:, :inner].T
    value = pen.value(np.ascontiguousarray(matrix).astype(node.required(0).dtype))
    assert value is not None
    return value


def _unpacked(packed: Any, bits: int) -> Any:
    """Bytes to the levels in them, the lowest bits first."""
    import numpy as np

    per_byte = 8 // bits
    shifts = np.arange(per_byte, dtype=np.uint8) * bits
    levels = (packed[..., np.newaxis] >> shifts) & ((1 << bits) - 1)
    return levels.reshape(*packed.shape[:-1], packed.shape[-1] * per_byte)
