"""Det of small matrices, expanded along rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value


LARGEST = 4


def rewritten(node: Node, pen: Builder) -> Value:
    from sagectl.compiler.frontends.onnx.graph import Unsupported

    x = node.required(0)
    *batch, size, _ = pen.shape(x)
    if size > LARGEST:
        raise Unsupported(f"matrices over {LARGEST} x {LARGEST}")
    rank = len(batch)
    rows = [pen.pick(x, rank, row) for row in range(size)]
    cells = [[pen.pick(row, rank, column) for column in range(size)] for row in rows]
    return _expanded(cells, pen)


def _expanded(cells: list[list[Value]], pen: Builder) -> Value:
    first, *rest = cells
    if not rest:
        return first[0]
    total = None
    for column, cell in enumerate(first):
        minor = [row[:column] + row[column + 1 :] for row in rest]
        term = pen.op("Mul", cell, _expanded(minor, pen))
        sign = "Sub" if column % 2 else "Add"
        total = term if total is None else pen.op(sign, total, term)
    assert total is not None
    return total
