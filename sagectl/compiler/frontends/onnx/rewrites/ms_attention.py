"""onnxruntime's Attention and MultiHeadAttention, written out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> list[Value | None]:
    from sagectl.compiler.frontends.onnx.graph import Unsupported

    heads = node.attribute("num_heads")
    if node.op == "Attention":
        query, key, value = _projected(node, pen)
        mask, bias, last = node.input(3), node.input(5), 5
        before = _unstacked(node.input(4), pen)
        if node.attribute("do_rotary", 0):
            raise Unsupported("rotary embedding inside Attention: export it as nodes")
    else:
        query, key, value = _given(node, pen)
        mask, bias, last = node.input(4), node.input(5), 7
        before = (node.input(6), node.input(7))
    if any(value is not None for value in node.inputs[last + 1 :]):
        raise Unsupported("past and present keys in one buffer: export them as two tensors")
    batch, length, width = pen.shape(query)
    keys = _joined(before[0], _split(key, heads, pen), pen)
    values = _joined(before[1], _split(value, heads, pen), pen)
    scores = pen.op("MatMul", _split(query, heads, pen), _turned(keys, pen))
    scale = node.attribute("scale") or (width // heads) ** -0.5
    scores = pen.op("Mul", scores, pen.scalar(scale, scores))
    if bias is not None:
        scores = pen.op("Add", scores, bias)
    scores = _masked(node, scores, mask, bool(node.attribute("unidirectional", 0)), pen)
    mixed = pen.op("MatMul", pen.op("Softmax", scores, axis=-1), values)
    joined = pen.transpose(mixed, (0, 2, 1, 3))
    y = pen.reshape(joined, (batch, length, heads * pen.shape(values)[-1]))
    if node.op == "MultiHeadAttention" or not node.wants(1):
        return [y, keys, values]
    stacked = [pen.reshape(each, (1, *pen.shape(each))) for each in (keys, values)]
    return [y, pen.concat(stacked, 0)]


def _unstacked(past: Value | None, pen: Builder) -> tuple[Value | None, Value | None]:
    """Past keys and values out of one tensor of both."""
    if past is None:
        return None, None
    shape = pen.shape(past)[1:]
    keys, values = (pen.reshape(pen.slice(past, 0, at, at + 1), shape) for at in (0, 1))
    return keys, values


def _joined(before: Value | None, now: Value, pen: Builder) -> Value:
    return now if before is None else pen.concat([before, now], 2)


def _projected(node: Node, pen: Builder) -> list[Value]:
    """Query, key and value from one packed projection."""
    x, weights, bias = node.required(0), node.required(1), node.input(2)
    packed = pen.op("MatMul", x, weights)
    if bias is not None:
        packed = pen.op("Add", packed, bias)
    total = pen.shape(packed)[-1]
    sizes = node.attribute("qkv_hidden_sizes") or [total // 3] * 3
    starts = [0, sizes[0], sizes[0] + sizes[1]]
    return [
        pen.slice(packed, 2, start, start + size)
        for start, size in zip(starts, sizes, strict=True)
    ]


def _given(node: Node, pen: Builder) -> list[Value]:
    from sagectl.compiler.frontends.onnx.graph import Unsupported

    parts = [node.required(0), node.input(1), node.input(2)]
    ranks = [None if part is None else len(pen.shape(part)) for part in parts]
    if ranks not in ([3, 3, 3], [3, 4, 4]):
        raise Unsupported("packed keys and values: export them as tensors of their own")
    kept = [part for part in parts if part is not None]
    bias = node.input(3)
    if bias is None:
        return kept
    if ranks[1] == 4:
        raise Unsupported("a bias for keys that are split into heads already")
    start = 0
    moved = []
    for part in kept:
        size = pen.shape(part)[-1]
        moved.append(pen.op("Add", part, pen.slice(bias, 0, start, start + size)))
        start += size
    return moved


def _split(x: Value, heads: int, pen: Builder) -> Value:
    if len(pen.shape(x)) == 4:
        return x
    batch, length, width = pen.shape(x)
    return pen.transpose(pen.reshape(x, (batch, length, heads, width // heads)), (0, 2, 1, 3))


def _turned(x: Value, pen: Builder) -> Value:
    return pen.transpose(x, (0, 1, 3, 2))


def _between(mask: Value, batch: int, columns: int, pen: Builder) -> Value:
    """Whether each key comes before the end of its batch entry, and not before its start."""
    import numpy as np

    places = np.arange(columns, dtype=np.int64).reshape(1, 1, 1, columns)
    ends = pen.slice(pen.cast(mask, "int64"), 0, 0, batch)
    is_seen = pen.op("Less", places, pen.reshape(ends, (batch, 1, 1, 1)))
    if pen.shape(mask) == (batch,):
        return is_seen
    starts = pen.slice(pen.cast(mask, "int64"), 0, batch, 2 * batch)
    is_begun = pen.op("GreaterOrEqual", places, pen.reshape(starts, (batch, 1, 1, 1)))
    return pen.op("And", is_seen, is_begun)


def _masked(
    node: Node, scores: Value, mask: Value | None, is_causal: bool, pen: Builder
) -> Value:
    """Scores with what may not be seen set to the filter value."""
    import numpy as np

    from sagectl.compiler.frontends.onnx.graph import Unsupported

    batch, _, rows, columns = pen.shape(scores)
    low = pen.scalar(node.attribute("mask_filter_value", -10000.0), scores)
    if mask is not None:
        shape = pen.shape(mask)
        if len(shape) == 2 and shape[1] == 1 and columns != 1:
            # A mask of one column stands for none.
            is_seen = pen.value(np.ones((1, 1, 1, 1), np.bool_))
        elif shape in ((batch,), (2 * batch,)):
            is_seen = _between(mask, batch, columns, pen)
        elif shape == (batch, columns):
            is_seen = pen.cast(pen.reshape(mask, (batch, 1, 1, columns)), "bool")
        elif shape == (batch, rows, columns):
            is_seen = pen.cast(pen.reshape(mask, (batch, 1, rows, columns)), "bool")
        else:
            raise Unsupported(f"a mask of shape {list(shape)}: give one value for each key")
        scores = pen.op("Add", scores, pen.op("Where", is_seen, pen.scalar(0, scores), low))
    if is_causal:
        is_past = np.tri(rows, columns, columns - rows, dtype=np.bool_)
        scores = pen.op("Where", is_past, scores, pen.scalar(float("-inf"), scores))
    return scores
