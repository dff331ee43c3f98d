"""Dropout outside training, which passes its input on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> list[Value]:
    from sagectl.compiler.frontends.onnx.graph import Unsupported

    x, ratio, training = node.required(0), node.input(1), node.input(2)
    is_training = node.version >= 12 and training is not None
    if is_training and training is not None:
        is_training = bool(pen.known(training, "training_mode"))
    if is_training:
        share = 0.5 if ratio is None else float(pen.known(ratio, "the ratio"))
        if share:
            raise Unsupported("training mode draws random numbers")
    mask = None
    if node.wants(1):
        import numpy as np

        dtype = np.bool_ if node.version >= 10 else x.dtype
        mask = pen.value(np.ones(pen.shape(x), dtype))
    return [x] if mask is None else [x, mask]
