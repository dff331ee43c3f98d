"""Whether every loop nest of a function is spread over a GPU's threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tvm.tirx import PrimFunc


def covered(func: PrimFunc) -> bool:
    """True where no block is left outside a kernel, whose memory the host cannot touch."""
    from tvm.tirx import ForKind, SBlockRealize
    from tvm.tirx.stmt_functor import post_order_visit

    outside = 0

    def count(node: Any) -> None:
        nonlocal outside
        outside += isinstance(node, SBlockRealize)

    for nest in _nests(func.body.block.body):
        if int(getattr(nest, "kind", ForKind.SERIAL)) != ForKind.THREAD_BINDING:
            post_order_visit(nest, count)
    return outside == 0


def _nests(body: Any) -> tuple[Any, ...]:
    return tuple(body.seq) if hasattr(body, "seq") else (body,)
