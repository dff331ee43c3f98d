"""Loop nests that the importer wrote itself, as the operators they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes.graph import dtype, rewritten, shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from tvm.ir import IRModule
    from tvm.tirx import PrimFunc

    from sagectl.compiler.passes.graph import Site


def raised(module: IRModule) -> IRModule:
    """The module with clips as maxima and minima, which other passes know."""
    functions = {name.name_hint: func for name, func in module.functions_items()}
    return rewritten(module, {"relax.call_tir": lambda site: _raised(site, functions)})


def _raised(site: Site, functions: dict[str, PrimFunc]) -> Any:
    from tvm.relax import op

    name = site.call.args[0].name_hint
    topi_name = name.rstrip("0123456789")
    operands = site.args[1].fields
    if topi_name not in ("maximum", "minimum") or len(operands) != 2:
        return None
    if not _computes(functions[name], topi_name, operands):
        return None
    makes: dict[str, Callable[..., Any]] = {"maximum": op.maximum, "minimum": op.minimum}
    return makes[topi_name](*operands)


def _computes(func: PrimFunc, name: str, operands: Any) -> bool:
    """Whether a nest is exactly what topi's operator of that name gives."""
    from tvm import te, topi
    from tvm_ffi import structural_equal

    shapes = [shape(operand) for operand in operands]
    if any(extents is None for extents in shapes):
        return False
    tensors = [
        te.placeholder(param.shape, dtype(operand), name=f"p{place}")
        for place, (param, operand) in enumerate(zip(func.params, operands, strict=False))
    ]
    makes = {"maximum": topi.maximum, "minimum": topi.minimum}
    same = te.create_prim_func([*tensors, makes[name](*tensors)])
    return bool(structural_equal(same.body, func.body, map_free_vars=True))
