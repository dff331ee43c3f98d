"""NonMaxSuppression: boxes chosen class by class, then those of all classes put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    import numpy as np

    from sagectl.compiler.frontends.onnx.rewrites.compaction import kept_places
    from sagectl.compiler.frontends.onnx.rewrites.suppression import Suppression, chosen

    boxes, scores = node.required(0), node.required(1)
    batch, classes, count = pen.shape(scores)
    # Without a limit nothing is asked for.
    limit = _limit(node, 2, np.array(0, np.int64), pen)
    most = count
    if limit.data is not None:
        most = min(count, max(0, int(limit.data)))
    if not most or not count:
        return pen.constant(np.zeros((0, 3), np.int64))
    threshold = node.input(4)
    given = Suppression(
        most,
        is_centred=bool(node.attribute("center_point_box", 0)),
        has_threshold=threshold is not None and 0 not in pen.shape(threshold),
    )
    limits = (
        pen.op("Min", limit, np.array(most, np.int64)),
        _limit(node, 3, np.array(0, np.float32), pen),
        _limit(node, 4, np.array(0, np.float32), pen),
    )
    picks = chosen(given, boxes, scores, limits, pen)
    numbers = pen.slice(picks, 2, most, most + 1)
    is_kept = pen.op("Less", np.arange(most, dtype=np.int64), numbers)
    total = batch * classes * most
    places = kept_places(pen.reshape(is_kept, (total,)), pen)
    each = pen.reshape(pen.slice(picks, 2, 0, most), (total,))
    group = pen.op("Div", places, np.array(most, np.int64))
    columns = [
        pen.op("Div", group, np.array(classes, np.int64)),
        pen.op("Mod", group, np.array(classes, np.int64)),
        pen.op("Gather", each, places),
    ]
    return pen.stack(columns, 1)


def _limit(node: Node, index: int, default: object, pen: Builder) -> Value:
    """A scalar, which an empty tensor leaves out as well."""
    given = node.input(index)
    if given is None or 0 in pen.shape(given):
        given = pen.value(default)
    assert given is not None
    return pen.reshape(given, ())
