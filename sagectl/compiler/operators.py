"""The calls that a compiled model is made of: what each computes and how much work it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes.graph import flat_main
from sagectl.compiler.passes.origins import origins

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tvm.ir import IRModule
    from tvm.tirx import PrimFunc


def work(module: IRModule) -> dict[str, Any]:
    """What a package records of an optimised module: its calls, and the memory of a run."""
    return {
        "Operators": operators(module),
        "Memory": {"WeightsBytes": weight_bytes(module), "WorkingBytes": planned_bytes(module)},
    }


def operators(module: IRModule) -> list[dict[str, Any]]:
    """A row per call of an optimised module's ``main``, in their order.

    ``Values`` is the tensor of the model that the call ends with, ``Flops`` the arithmetic
    that its loops do, ``Bytes`` the size of what they read and write. Empty where ``main`` is
    no straight line.
    """
    main = flat_main(module)
    if main is None:
        return []
    names = origins(module)
    costs: dict[str, tuple[int, int]] = {}
    rows = []
    for place, call in enumerate(_calls(main)):
        if not _is_kernel(call):
            continue
        name = call.args[0].name_hint
        if name not in costs:
            costs[name] = cost(module[call.args[0]])
        flops, size = costs[name]
        value = names[place] if place < len(names) else ""
        rows.append(
            {
                "Function": name,
                "Values": [value] if value else [],
                "Flops": flops,
                "Bytes": size,
            }
        )
    return rows


def weight_bytes(module: IRModule) -> int:
    """The size of all constants of ``main``, each counted once."""
    from tvm.ir import GenericConst

    main = flat_main(module)
    if main is None:
        return 0
    held = {
        argument: argument.value.numpy().nbytes
        for call in _calls(main)
        for argument in _arguments(call)
        if isinstance(argument, GenericConst) and hasattr(argument.value, "numpy")
    }
    return sum(held.values())


def planned_bytes(module: IRModule) -> int | None:
    """Working memory that planning gives ``main``; ``None`` where sizes are not known."""
    from tvm.ir.transform import Sequential
    from tvm.relax import transform
    from tvm.tirx import IntImm

    planned = Sequential(
        [
            transform.LegalizeOps(),
            transform.RewriteDataflowReshape(),
            transform.ToNonDataflow(),
            transform.RemovePurityChecking(),
            transform.CallTIRRewrite(),
            transform.StaticPlanBlockMemory(),
        ]
    )(module)
    main = flat_main(planned)
    if main is None:
        return None
    total = 0
    for call in _calls(main):
        if str(getattr(call.op, "name", "")) != "relax.memory.alloc_storage":
            continue
        (size,) = call.args[0].values
        if not isinstance(size, IntImm):
            return None
        total += int(size)
    return total


def cost(func: PrimFunc) -> tuple[int, int]:
    """The arithmetic operations of a loop nest, and the bytes of its operands and results."""
    from tvm.ir import IRModule as Module
    from tvm.s_tir.analysis import estimate_tir_flops
    from tvm.tirx import IntImm
    from tvm.tirx.buffer import BufferType

    size = 0
    for param in func.params:
        if not isinstance(param.ty, BufferType):
            continue
        count = 1
        for extent in param.ty.shape:
            if not isinstance(extent, IntImm):
                return 0, 0
            count *= int(extent)
        size += count * _item_bytes(param.ty.dtype)
    try:
        return int(estimate_tir_flops(Module({"main": func}))), size
    except (RuntimeError, TypeError, ValueError):
        return 0, size  # a form that TVM's estimate does not know: its time still counts


def _item_bytes(dtype: Any) -> int:
    from tvm.runtime import DataType

    bits: int = DataType(str(dtype)).bits
    return max(1, bits // 8)


def _calls(main: Any) -> Iterator[Any]:
    values = (item.value for block in main.body.blocks for item in block.bindings)
    return (value for value in values if hasattr(value, "args"))


def _is_kernel(call: Any) -> bool:
    return str(getattr(call.op, "name", "")) == "relax.call_tir"


def _arguments(call: Any) -> Iterator[Any]:
    from tvm.relax import Tuple

    for argument in call.args:
        yield from argument.fields if isinstance(argument, Tuple) else (argument,)
