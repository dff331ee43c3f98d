"""The weights of a model taken out of its code, into a file beside the library."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from tvm.ir import IRModule

    from sagectl.compiler.request import CompileRequest
    from sagectl.compiler.targets import Target


def is_beside(request: CompileRequest, target: Target) -> bool:
    """Whether the weights go into a file of their own: as asked, else on processors.

    TVM's loader copies what is in a library three times over. A graphics processor wants its
    weights in its own memory, where TVM's runtime puts those of a library itself.
    """
    return request.params == "beside" if request.params else target.gpu is None


def detached(module: IRModule, path: Path) -> IRModule:
    """The module with ``main`` taking its weights behind its inputs; ``path`` then holds them.

    The file is TVM's own form of a list of tensors (``tvm.runtime.load_param_dict_from_file``),
    named by their position among the arguments that follow the inputs. Weights are those that
    the generated code reads: packed for the target, not the model's own; equal ones are there
    once, and a module without any writes no file.
    """
    from tvm import relax
    from tvm.runtime import save_param_dict_to_file

    main = module["main"]
    tensors: list[Any] = []
    variables: dict[Any, Any] = {}

    class Detach(relax.PyExprMutator):  # type: ignore[misc]  # TVM is untyped
        def visit_generic_const_(self, op: Any) -> Any:
            # A scalar is no weight, and may be wanted at compile time.
            if not getattr(op.value, "shape", ()):
                return op
            key = _identity(op.value)
            if key not in variables:
                variables[key] = relax.Var(f"weight{len(variables)}", op.ty)
                tensors.append(op.value)
            return variables[key]

    changed = relax.expr_functor.mutator(Detach)(module).visit_expr(main)
    if not tensors:
        return module
    function = relax.Function(
        [*changed.params, *variables.values()], changed.body, changed.ret_ty, attrs=main.attrs
    )
    made = module.clone()
    made.update_func(made.get_global_var("main"), function)
    save_param_dict_to_file(dict(zip(names(len(tensors)), tensors, strict=True)), str(path))
    return made


def _identity(tensor: Any) -> tuple[Any, ...]:
    """What equal tensors have in common, and others have not."""
    data = tensor.numpy()
    return str(tensor.dtype), data.shape, sha256(data.tobytes()).digest()


def names(count: int) -> list[str]:
    """What the weights are called in the file: names that sort by position."""
    return [f"{index:06}" for index in range(count)]
