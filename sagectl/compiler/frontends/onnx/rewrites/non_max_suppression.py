"""NonMaxSuppression with ONNX's limits: TVM's suppresses at the threshold, ONNX's above."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    import numpy as np

    boxes, scores = node.required(0), node.required(1)
    most = _known(node, 2, 0, pen)
    overlap = np.float32(_known(node, 3, 0.0, pen))
    score = np.float32(_known(node, 4, float(np.finfo(np.float32).min), pen))
    return pen.op(
        "NonMaxSuppression",
        boxes,
        scores,
        np.array([int(most)], np.int64),
        np.nextafter(overlap, np.float32(np.inf)).reshape(1),
        score.reshape(1),
        center_point_box=node.attribute("center_point_box", 0),
        is_final=True,
    )


def _known(node: Node, index: int, default: float, pen: Builder) -> float:
    given = node.input(index)
    if given is None or pen.shape(given) == (0,):
        return default
    return float(pen.known(given, "a limit").reshape(-1)[0])
