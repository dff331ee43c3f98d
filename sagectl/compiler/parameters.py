"""The weights of a model taken out of its code, into a file beside the library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from tvm.ir import IRModule


def detached(module: IRModule, path: Path) -> IRModule:
    """The module with ``main`` taking its weights behind its inputs; ``path`` then holds them.

    The file is TVM's own form of a list of tensors (``tvm.runtime.load_param_dict_from_file``),
    named by their position among the arguments that follow the inputs. Weights are those that
    the generated code reads: packed for the target, not the model's own.
    """
    from tvm import relax
    from tvm.runtime import save_param_dict_to_file

    main = module["main"]
    tensors: list[Any] = []
    variables: list[Any] = []

    class Detach(relax.PyExprMutator):  # type: ignore[misc]  # TVM is untyped
        def visit_generic_const_(self, op: Any) -> Any:
            # A scalar is no weight, and may be wanted at compile time.
            if not getattr(op.value, "shape", ()):
                return op
            tensors.append(op.value)
            variables.append(relax.Var(f"weight{len(variables)}", op.ty))
            return variables[-1]

    changed = relax.expr_functor.mutator(Detach)(module).visit_expr(main)
    function = relax.Function(
        [*changed.params, *variables], changed.body, changed.ret_ty, attrs=main.attrs
    )
    made = module.clone()
    made.update_func(made.get_global_var("main"), function)
    save_param_dict_to_file(dict(zip(names(len(tensors)), tensors, strict=True)), str(path))
    return made


def names(count: int) -> list[str]:
    """What the weights are called in the file: names that sort by position."""
    return [f"{index:06}" for index in range(count)]
