"""onnxruntime's EmbedLayerNormalization: embeddings added up and normalised."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> list[Value | None]:
    import numpy as np

    words, segments = node.required(0), node.input(1)
    word_table, place_table, segment_table = node.required(2), node.required(3), node.input(4)
    gamma, beta, mask, places = node.required(5), node.required(6), node.input(7), node.input(8)
    batch, length = pen.shape(words)
    if places is None:
        places = pen.value(np.arange(length, dtype=np.int64)[np.newaxis])
    total = pen.op("Gather", word_table, words, axis=0)
    total = pen.op("Add", total, pen.op("Gather", place_table, places, axis=0))
    if segments is not None and segment_table is not None:
        total = pen.op("Add", total, pen.op("Gather", segment_table, segments, axis=0))
    epsilon = node.attribute("epsilon", 1e-12)
    y = pen.op("LayerNormalization", total, gamma, beta, axis=-1, epsilon=epsilon)
    if mask is None:
        lengths = pen.value(np.zeros(batch, np.int32))
    else:
        lengths = pen.cast(pen.reduce("ReduceSum", mask, [1], keepdims=False), "int32")
    return [y, lengths, total]
