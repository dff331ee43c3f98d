"""Darknet's detecting layers, as they leave ``layer.output`` before boxes are made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from sagectl.compiler.frontends.darknet.network import Graph, Shape
    from sagectl.compiler.frontends.darknet.reading import Section

    Made = tuple[str, Shape]


def yolo(graph: Graph, section: Section, x: str, shape: Shape) -> Made:
    """Logistic functions of x, y, objectness and classes; width and height as they are."""
    anchors = len(section.wholes("mask")) or section.whole("num", 1)
    stretch = section.number("scale_x_y", 1)
    classes = section.whole("classes", 20)
    name = f"yolo_{len(graph.layers)}"
    # Of new coordinates the convolution before has taken the logistic function already.
    kind = "" if section.whole("new_coords", 0) else "Sigmoid"
    made = _boxes(graph, x, shape, (anchors, classes), (name, kind, stretch))
    graph.outputs.append((made, shape))
    return made, shape


def region(graph: Graph, section: Section, x: str, shape: Shape) -> Made:
    """The same of YOLO 2, whose classes share by a softmax."""
    anchors, classes = section.whole("num", 1), section.whole("classes", 20)
    kind = "Softmax" if section.whole("softmax", 0) else "Sigmoid"
    name = f"region_{len(graph.layers)}"
    made = _boxes(graph, x, shape, (anchors, classes), (name, kind, 1))
    graph.outputs.append((made, shape))
    return made, shape


def _boxes(
    graph: Graph, x: str, shape: Shape, boxes: tuple[int, int], form: tuple[str, str, float]
) -> str:
    import numpy as np

    (anchors, classes), (name, kind, stretch) = boxes, form
    count, channels, height, width = shape
    if channels != anchors * (5 + classes):
        raise ValueError(f"{channels} channels for {anchors} anchors of {classes} classes")
    size = np.array([count, anchors, 5 + classes, height, width])
    apart = graph.add("Reshape", [x, graph.constant(size)])

    def cut(first: int, last: int) -> str:
        bounds = (graph.constant(np.array([each])) for each in (first, last, 2))
        return graph.add("Slice", [apart, *bounds])

    def bounded(part: str, function: str) -> str:
        attributes: dict[str, Any] = {"axis": 2} if function == "Softmax" else {}
        return graph.add(function, [part], **attributes) if function else part

    objects = kind and "Sigmoid"
    centre = bounded(cut(0, 2), objects)
    if stretch != 1:
        centre = graph.add("Mul", [centre, graph.constant(np.float32(stretch))])
        shift = graph.constant(np.float32(-0.5 * (stretch - 1)))
        centre = graph.add("Add", [centre, shift])
    classes_part = bounded(cut(5, 5 + classes), kind)
    parts = [centre, cut(2, 4), bounded(cut(4, 5), objects), classes_part]
    together = graph.add("Concat", parts, axis=2)
    return graph.add("Reshape", [together, graph.constant(np.array(shape))], name)
