"""STFT as overlapping frames, a window and a DFT."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    import numpy as np

    from sagectl.compiler.frontends.onnx.graph import Unsupported
    from sagectl.compiler.frontends.onnx.rewrites.dft import transformed

    signal, window, given = node.required(0), node.input(2), node.input(3)
    shape = pen.shape(signal)
    if len(shape) == 2:
        signal, shape = pen.reshape(signal, (*shape, 1)), (*shape, 1)
    step = int(pen.known(node.required(1), "the frame step").reshape(-1)[0])
    if given is not None:
        length = int(pen.known(given, "the frame length").reshape(-1)[0])
    elif window is not None:
        length = pen.shape(window)[0]
    else:
        raise Unsupported("neither a window nor a frame length is given")
    frames = (shape[1] - length) // step + 1
    places = np.arange(frames)[:, np.newaxis] * step + np.arange(length)
    framed = pen.op("Gather", signal, places.astype(np.int64), axis=1)
    if window is not None:
        framed = pen.op("Mul", framed, pen.reshape(window, (length, 1)))
    is_onesided = bool(node.attribute("onesided", 1))
    return transformed(framed, 2, length, False, is_onesided, pen)
