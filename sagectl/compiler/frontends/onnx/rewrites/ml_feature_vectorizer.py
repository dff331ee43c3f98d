"""ONNX-ML's FeatureVectorizer: columns side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sagectl.compiler.frontends.onnx.graph import Unsupported

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


def rewritten(node: Node, pen: Builder) -> Value:
    parts = [pen.cast(value, "float32") for value in node.inputs if value is not None]
    sizes = [int(size) for size in node.attribute("inputdimensions") or []]
    if sizes != [pen.shape(part)[-1] for part in parts] or any(
        len(pen.shape(part)) != 2 for part in parts
    ):
        raise Unsupported(f"inputs of other sizes than {sizes}")
    return pen.concat(parts, axis=1)
