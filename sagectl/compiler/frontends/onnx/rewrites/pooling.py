"""Pooling with every pad explicit: importer and schema take ceil_mode and SAME_* otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sagectl.compiler.frontends.onnx.graph import Unsupported

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


class Geometry(NamedTuple):
    """Where the windows of a pooling node lie, axis by axis."""

    kernel: list[int]
    strides: list[int]
    dilations: list[int]
    before: list[int]
    after: list[int]
    sizes: list[int]

    def reach(self, spatial: list[int]) -> list[int]:
        """The padding behind an image that the last windows touch."""
        return [
            max(
                0,
                (self.sizes[k] - 1) * self.strides[k]
                + (self.kernel[k] - 1) * self.dilations[k]
                + 1
                - self.before[k]
                - size,
            )
            for k, size in enumerate(spatial)
        ]


def rewritten(node: Node, pen: Builder) -> Value | None:
    return settled(node, pen)


def settled(node: Node, pen: Builder) -> Value | None:
    """The node with explicit pads; None where it has them."""
    import numpy as np

    is_same = node.attribute("auto_pad", "NOTSET").startswith("SAME")
    if not is_same and not node.attribute("ceil_mode", 0):
        return None
    x = node.required(0)
    spatial = list(pen.shape(x)[2:])
    found = geometry(node, spatial)
    before, counts = found.before, node.attribute("count_include_pad", 0)
    if counts and any(found.before + found.after):
        # What ceil_mode adds behind the pads is not counted, the pads are: they become zeros.
        pads = np.array([0, 0, *before, 0, 0, *found.after], np.int64)
        x = pen.op("Pad", x, pads, np.zeros((), x.dtype))
        spatial = list(pen.shape(x)[2:])
        before = [0] * len(spatial)
    return pen.op(
        node.op,
        x,
        kernel_shape=found.kernel,
        strides=found.strides,
        dilations=found.dilations if any(each != 1 for each in found.dilations) else None,
        pads=[*before, *found._replace(before=before).reach(spatial)],
        p=node.attribute("p", 2) if node.op == "LpPool" else None,
    )


def geometry(node: Node, spatial: list[int]) -> Geometry:
    """The windows of a pooling node over an image, as onnxruntime lays them."""
    rank = len(spatial)
    kernel = list(node.attribute("kernel_shape"))
    strides = list(node.attribute("strides") or [1] * rank)
    dilations = list(node.attribute("dilations") or [1] * rank)
    automatic = node.attribute("auto_pad", "NOTSET")
    if automatic.startswith("SAME") and any(each != 1 for each in dilations):
        # onnxruntime pads as for windows that are not dilated, against ONNX's formula.
        raise Unsupported(
            f"auto_pad={automatic} beside dilations means one thing to ONNX and another to "
            "onnxruntime: write out the pads"
        )
    pads = list(node.attribute("pads") or [0] * (2 * rank))
    if automatic == "VALID":
        pads = [0] * (2 * rank)
    begins, ends, sizes = [], [], []
    for k, size in enumerate(spatial):
        extent = (kernel[k] - 1) * dilations[k] + 1
        if automatic.startswith("SAME"):
            count = -(-size // strides[k])
            total = max((count - 1) * strides[k] + extent - size, 0)
            before = total // 2 if automatic == "SAME_UPPER" else total - total // 2
            after = total - before
        else:
            before, after = pads[k], pads[rank + k]
            room = size + before + after - extent
            count = room // strides[k] + 1
            if node.attribute("ceil_mode", 0):
                count = -(-room // strides[k]) + 1
                # A window that starts in the padding behind the input does not count.
                count -= (count - 1) * strides[k] >= size + before
        begins.append(before)
        ends.append(after)
        sizes.append(count)
    return Geometry(kernel, strides, dilations, begins, ends, sizes)
