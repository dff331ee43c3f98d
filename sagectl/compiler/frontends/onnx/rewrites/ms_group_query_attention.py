"""onnxruntime's GroupQueryAttention, as its generators of text write it, written out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


class Sizes(NamedTuple):
    """Of the heads and sequences; ``columns`` are the keys that go out."""

    batch: int
    length: int
    heads: int
    groups: int
    width: int
    columns: int
    is_prompt: bool


def rewritten(node: Node, pen: Builder) -> list[Value | None]:
    _refuse_rest(node)
    parts, sizes = _parts(node, pen)
    before = _before(node, sizes, pen)
    if node.attribute("do_rotary", 0):
        parts[:2] = (_turned(node, part, before, pen) for part in parts[:2])
    query, key, value = parts
    keys = _present(node.input(3), key, before, sizes, pen)
    values = _present(node.input(4), value, before, sizes, pen)
    # The queries of a group of heads share their keys: they are rows of one product.
    rows = (sizes.batch, sizes.groups, -1, sizes.width)
    scores = pen.op("MatMul", pen.op("Reshape", query, _vector(rows)), _flipped(keys, pen))
    scale = node.attribute("scale") or sizes.width**-0.5
    scores = pen.op("Mul", scores, pen.scalar(scale, scores))
    cap = node.attribute("softcap", 0.0)
    if cap:
        bent = pen.op("Tanh", pen.op("Div", scores, pen.scalar(cap, scores)))
        scores = pen.op("Mul", bent, pen.scalar(cap, scores))
    shape = (sizes.batch, sizes.heads, sizes.length, sizes.columns)
    seen = _seen(node, before, sizes, pen)
    scores = pen.reshape(scores, shape)
    scores = pen.op("Where", seen, scores, pen.scalar(float("-inf"), scores))
    shares = pen.reshape(
        pen.op("Softmax", scores, axis=-1),
        (sizes.batch, sizes.groups, sizes.heads // sizes.groups * sizes.length, sizes.columns),
    )
    mixed = pen.reshape(pen.op("MatMul", shares, values), (*shape[:3], sizes.width))
    joined = pen.transpose(mixed, (0, 2, 1, 3))
    y = pen.reshape(joined, (sizes.batch, sizes.length, sizes.heads * sizes.width))
    return [y, keys, values]


def _refuse_rest(node: Node) -> None:
    from sagectl.compiler.frontends.onnx.graph import Unsupported

    if node.attribute("smooth_softmax", 0):
        raise Unsupported("smooth_softmax: export it as nodes")
    if any(value is not None for value in node.inputs[9:]):
        raise Unsupported("positions, a bias or sinks as inputs: export them as nodes")
    if any(node.attribute(name, 0) for name in ("kv_cache_bit_width", "qk_output")):
        raise Unsupported("past keys that are quantised, and scores as an output")


def _parts(node: Node, pen: Builder) -> tuple[list[Value], Sizes]:
    """Query, key and value split into heads, out of three tensors or of a packed one."""
    from sagectl.compiler.frontends.onnx.graph import Unsupported

    heads, groups = node.attribute("num_heads"), node.attribute("kv_num_heads")
    query, key, value = node.required(0), node.input(1), node.input(2)
    batch, length, total = pen.shape(query)
    packed = key is None or value is None
    width = total // (heads + 2 * groups if packed else heads)
    if key is None or value is None:
        ends = [0, heads * width, (heads + groups) * width, total]
        query, key, value = (pen.slice(query, 2, ends[at], ends[at + 1]) for at in range(3))
    everything = int(
        pen.known(node.required(6), "the total length of the sequence").reshape(-1)[0]
    )
    past = node.input(3)
    stored = 0 if past is None else pen.shape(past)[2]
    is_prompt = length == everything
    if batch != 1 and length != 1 and not is_prompt:
        raise Unsupported("several tokens after a past, for more than one sequence")
    sizes = Sizes(batch, length, heads, groups, width, max(everything, stored), is_prompt)
    split = [
        pen.transpose(pen.reshape(part, (batch, length, count, width)), (0, 2, 1, 3))
        for part, count in ((query, heads), (key, groups), (value, groups))
    ]
    return split, sizes


def _before(node: Node, sizes: Sizes, pen: Builder) -> Value:
    """How many keys each sequence has from before, int64 of shape [batch]."""
    import numpy as np

    lengths = pen.reshape(pen.cast(node.required(5), "int64"), (sizes.batch,))
    if sizes.is_prompt:
        return pen.constant(np.zeros(sizes.batch, np.int64))
    count = pen.op("Sub", lengths, np.array(sizes.length - 1, np.int64))
    return pen.op("Max", count, np.array(0, np.int64))


def _present(
    past: Value | None, new: Value, before: Value, sizes: Sizes, pen: Builder
) -> Value:
    """What is kept from before, the new behind it, and zeros up to the last column."""
    from tvm import te, tirx

    shape = (sizes.batch, sizes.groups, sizes.columns, sizes.width)
    stored = 0 if past is None else pen.shape(past)[2]

    def element(at: tuple[Any, ...], new: Any, before: Any, past: Any) -> Any:
        entry, group, column, place = at
        step = column.astype("int64") - before(entry)
        row = tirx.max(tirx.min(step, sizes.length - 1), 0)
        added = new(entry, group, row, place)
        made = tirx.if_then_else(tirx.all(step >= 0, step < sizes.length), added, 0)
        if past is None:
            return made
        kept = past(entry, group, tirx.min(column, stored - 1), place)
        return tirx.if_then_else(tirx.all(step < 0, column < stored), kept, made)

    operands = [new, before, *([past] if past is not None and stored else [])]

    def tensor(new: Any, before: Any, past: Any = None) -> Any:
        return te.compute(shape, lambda *at: element(at, new, before, past))

    return pen.compute("present", tensor, *operands, dtype=new.dtype, shape=shape)


def _turned(node: Node, part: Value, before: Value, pen: Builder) -> Value:
    """Each head turned by the angle of its place in the sequence."""
    import numpy as np

    from sagectl.compiler.frontends.onnx.rewrites.ms_rotary_embedding import turned

    batch, _, length, _ = pen.shape(part)
    steps = np.arange(length, dtype=np.int64)[np.newaxis]
    places = pen.op("Add", pen.reshape(before, (batch, 1)), steps)
    is_interleaved = bool(node.attribute("rotary_interleaved", 0))
    return turned(part, places, node.required(7), node.required(8), is_interleaved, pen)


def _seen(node: Node, before: Value, sizes: Sizes, pen: Builder) -> Value:
    """Which keys each query sees: none behind it, and no more than the window."""
    import numpy as np

    steps = np.arange(sizes.length, dtype=np.int64).reshape(1, 1, sizes.length, 1)
    own = pen.op("Add", pen.reshape(before, (sizes.batch, 1, 1, 1)), steps)
    columns = np.arange(sizes.columns, dtype=np.int64).reshape(1, 1, 1, sizes.columns)
    seen = pen.op("LessOrEqual", columns, own)
    window = node.attribute("local_window_size", -1)
    if window <= 0:
        return seen
    first = pen.op("Sub", own, np.array(window - 1, np.int64))
    return pen.op("And", seen, pen.op("GreaterOrEqual", columns, first))


def _flipped(x: Value, pen: Builder) -> Value:
    return pen.transpose(x, (0, 1, 3, 2))


def _vector(sizes: tuple[int, ...]) -> Any:
    import numpy as np

    return np.array(sizes, np.int64)
