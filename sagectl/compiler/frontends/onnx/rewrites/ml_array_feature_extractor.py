"""ONNX-ML's ArrayFeatureExtractor: columns picked from the last axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    x, places = node.required(0), node.required(1)
    rank = len(pen.shape(x))
    picked = pen.op("Gather", x, pen.reshape(places, (-1,)), axis=rank - 1)
    return pen.reshape(picked, (1, -1)) if rank == 1 else picked
