"""REWRITES: operators written in terms of others, where the importer lacks or mistakes them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sagectl.compiler.frontends.onnx.builder import Builder
    from sagectl.compiler.frontends.onnx.graph import Node, Value

    # None leaves the node as it is.
    Rewrite = Callable[[Node, Builder], Value | Sequence[Value | None] | None]

MICROSOFT = "com.microsoft"

# (domain, operator) -> module of this package with rewritten(node, pen).
REWRITES: dict[tuple[str, str], str] = {
    ("", "Sum"): "variadic",
}


def rewrite_of(node: Node) -> Rewrite | None:
    """The rewrite that looks at this node first, if there is one."""
    module = REWRITES.get((node.domain, node.op))
    if module is None:
        return None
    rewrite: Rewrite = import_module(f"{__name__}.{module}").rewritten
    return rewrite
