"""The boxes that a class keeps as a loop nest: the best again and again, without its like.

The order, the corner cases of the overlap and the first of equal scores are onnxruntime's:
https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/providers/cpu/object_detection/non_max_suppression.cc
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Value

    Corners = tuple[Any, Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Suppression:
    """What is asked: ``most`` boxes of a class at most, from corners or from centres."""

    most: int
    is_centred: bool
    has_threshold: bool


def chosen(
    given: Suppression,
    boxes: Value,
    scores: Value,
    limits: Sequence[Value],
    pen: Builder,
) -> Value:
    """``[batch, classes, most + 1]``: the boxes kept, best first, and last their number.

    ``limits`` are how many of a class are wanted, the overlap that is still allowed, and the
    score that is too low, each a scalar.
    """
    batch, classes, _ = pen.shape(scores)
    shape = (batch, classes, given.most + 1)

    def tensor(*operands: Any) -> Any:
        from tvm import te
        from tvm.tirx import decl_buffer

        return te.extern(
            [shape],
            list(operands),
            lambda ins, outs: _nest(given, ins, outs[0]),
            dtype="int64",
            out_buffers=[decl_buffer(shape, "int64", "picks")],
            name="suppression",
        )

    return pen.compute(
        "suppression", tensor, boxes, scores, *limits, dtype="int64", shape=shape
    )


def _nest(given: Suppression, operands: Sequence[Any], made: Any) -> Any:
    from tvm.script.ir_builder import IRBuilder
    from tvm.script.ir_builder import tirx as T  # noqa: N812 - the name in all of TVM

    batch, classes, count = (int(size) for size in operands[1].shape)
    with IRBuilder() as builder:
        with T.serial(0, 1):
            boxes, scores, wanted, overlap, threshold = map(T.buffer_proxy, operands)
            picks = T.buffer_proxy(made)
            with T.serial(0, batch) as entry, T.serial(0, classes) as kind:
                left = T.buffer_proxy(T.alloc_buffer((count,), "int32"))
                number = T.buffer_proxy(T.alloc_buffer((1,), "int32"))
                found = T.buffer_proxy(T.alloc_buffer((1,), "int64"))
                with T.serial(0, given.most + 1) as place:
                    picks[entry, kind, place] = T.int64(0)
                number[0], found[0] = T.int32(0), T.int64(0)
                with T.serial(0, count) as place:
                    score = T.bind(scores[entry, kind, place])
                    # No NaN is higher than any.
                    fits = score > threshold[()] if given.has_threshold else score == score
                    with T.If(fits), T.Then():
                        left[number[0]] = T.Cast("int32", place)
                        number[0] = number[0] + T.int32(1)
                with T.While(T.And(number[0] > 0, found[0] < wanted[()])):
                    best = _best(lambda place: scores[entry, kind, place], left, number[0])
                    picks[entry, kind, found[0]] = T.Cast("int64", best)
                    found[0] = found[0] + T.int64(1)
                    corners = partial(_corners, given, boxes, entry)
                    _drop(corners, best, left, number, overlap[()])
                picks[entry, kind, given.most] = found[0]
        return builder.get()


def _best(score: Callable[[Any], Any], left: Any, number: Any) -> Any:
    """The candidate of the highest score, of equal ones the first."""
    from tvm.script.ir_builder import tirx as T  # noqa: N812

    best = T.buffer_proxy(T.alloc_buffer((1,), "int32"))
    best[0] = left[0]
    with T.serial(1, T.bind(number)) as place:
        rival = T.bind(left[place])
        with T.If(score(rival) > score(best[0])), T.Then():
            best[0] = rival
    return T.bind(best[0])


def _drop(
    corners: Callable[[Any], Corners], best: Any, left: Any, number: Any, overlap: Any
) -> None:
    """Take the best, and what it covers too much of, from the candidates."""
    from tvm.script.ir_builder import tirx as T  # noqa: N812

    whole = T.bind(number[0])
    chosen = tuple(T.bind(edge) for edge in corners(best))
    number[0] = T.int32(0)
    with T.serial(0, whole) as place:
        rival = T.bind(left[place])
        is_like = _covers(chosen, tuple(T.bind(edge) for edge in corners(rival)), overlap)
        with T.If(T.And(rival != best, T.Not(is_like))), T.Then():
            left[number[0]] = rival
            number[0] = number[0] + T.int32(1)


def _corners(given: Suppression, boxes: Any, entry: Any, place: Any) -> Corners:
    """The lowest and the highest of both coordinates."""
    from tvm.script.ir_builder import tirx as T  # noqa: N812

    one, two, three, four = (boxes[entry, place, edge] for edge in range(4))
    if given.is_centred:
        half = T.float32(0.5)
        width, height = three * half, four * half
        return one - width, two - height, one + width, two + height
    return T.min(one, three), T.min(two, four), T.max(one, three), T.max(two, four)


def _covers(one: Corners, other: Corners, overlap: Any) -> Any:
    """Whether what two boxes share is more than ``overlap`` of what they cover together."""
    from tvm.script.ir_builder import tirx as T  # noqa: N812
    from tvm.tirx import all as every

    def span(low: Any, high: Any) -> Any:
        return T.min(one[high], other[high]) - T.max(one[low], other[low])

    zero = T.float32(0)
    wide, tall = T.bind(span(0, 2)), T.bind(span(1, 3))
    shared = T.bind(wide * tall)
    areas = [(each[2] - each[0]) * (each[3] - each[1]) for each in (one, other)]
    union = T.bind(areas[0] + areas[1] - shared)
    sound = [value > zero for value in (wide, tall, shared, *areas, union)]
    return every(*sound, shared / union > overlap)
