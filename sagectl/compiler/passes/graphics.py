"""What a graphics processor asks of a graph: that all of it can become kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.errors import CompileError

if TYPE_CHECKING:
    from tvm.ir import IRModule

_FOREIGN = ("relax.call_pure_packed", "relax.call_dps_packed")
_HARMLESS = ("vm.builtin.",)


def checked(module: IRModule) -> IRModule:
    """The module as it is; raises CompileError (operator) for calls into the host's libraries.

    Sorting, say, is done by a function of the host, which cannot read the GPU's memory.
    """
    from tvm.relax import ExternFunc
    from tvm.relax.analysis import post_order_visit

    foreign: set[str] = set()

    def visit(node: Any) -> None:
        operator = getattr(getattr(node, "op", None), "name", None)
        if operator in _FOREIGN and isinstance(node.args[0], ExternFunc):
            foreign.add(str(node.args[0].global_symbol))

    post_order_visit(module["main"], visit)
    if found := sorted(name for name in foreign if not name.startswith(_HARMLESS)):
        raise CompileError(
            f"No kernels are made for {', '.join(found)}",
            stage="optimize",
            reason="operator",
            details={"operators": found},
            hint="Compile the model for the processor alone.",
        )
    return module
