"""Whether every loop nest of a function is spread over a GPU's threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tvm.tirx import PrimFunc


def covered(func: PrimFunc) -> bool:
    """True where no loop is left outside a kernel: the host cannot touch the GPU's memory."""
    from tvm.tirx import For, ForKind

    body = func.body.block.body
    nests = body.seq if hasattr(body, "seq") else (body,)
    return all(isinstance(nest, For) and nest.kind == ForKind.THREAD_BINDING for nest in nests)
