"""What a fused function stands for, kept where fusion itself forgets it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sagectl.compiler.passes.graph import flat_main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tvm.ir import IRModule

# An attribute of the main function: the names of the values its calls end with, in order.
ORIGINS = "sagectl.origins"


def kept(fusion: Callable[[IRModule], IRModule]) -> Callable[[IRModule], IRModule]:
    """The fusion, which also notes the name of every result as the graph had it before.

    The calls inside a group are those of the graph before; a walk through the groups with
    their operands finds each again, and so its name.
    """

    def fused(module: IRModule) -> IRModule:
        made = fusion(module)
        main, before = flat_main(made), flat_main(module)
        if main is None or before is None:
            return made
        names = json.dumps(_Names(before, made).of(main))
        made.update_func(made.get_global_var("main"), main.with_attr(ORIGINS, names))
        return made

    fused.__name__ = "FuseOps"
    return fused


def origins(module: IRModule) -> list[str]:
    """The names that ``kept`` noted; empty where there are none."""
    main = module["main"]
    found = main.attrs.get(ORIGINS) if main.attrs else None
    return list(json.loads(str(found))) if found is not None else []


class _Names:
    """Finds, for values of the fused graph, the variables they were before."""

    def __init__(self, before: Any, fused: IRModule) -> None:
        self.fused = fused
        self.known: dict[Any, Any] = {param: param for param in before.params}
        self.before = {
            _key(item.value, item.value.args): item.var
            for item in _bindings(before)
            if hasattr(item.value, "args")
        }

    def of(self, main: Any) -> list[str]:
        """One name per call of ``main``; empty where it cannot be told."""
        for mine, theirs in zip(main.params, list(self.known), strict=True):
            self.known[mine] = theirs
        found = []
        for item in _bindings(main):
            value = self._followed(item.value, self.known)
            if value is not None:
                self.known[item.var] = value
            if hasattr(item.value, "args"):
                found.append(value.name if value is not None else "")
        return found

    def _followed(self, value: Any, known: dict[Any, Any]) -> Any:
        """The variable of the graph before that a value is."""
        from tvm.ir import GlobalVar
        from tvm.relax import Function

        if not hasattr(value, "args"):
            return known.get(value)
        arguments = [_replaced(arg, known) for arg in value.args]
        if not isinstance(value.op, GlobalVar):
            return self.before.get(_key(value, arguments))
        group = self.fused[value.op]
        if not isinstance(group, Function):
            return None
        inner = dict(zip(group.params, arguments, strict=True))
        for item in _bindings(group):
            made = self._followed(item.value, inner)
            if made is not None:
                inner[item.var] = made
        return inner.get(group.body.body)


def _bindings(function: Any) -> Iterator[Any]:
    return (item for block in function.body.blocks for item in block.bindings)


def _replaced(argument: Any, known: dict[Any, Any]) -> Any:
    from tvm.relax import Tuple, Var

    if isinstance(argument, Tuple):
        return Tuple([_replaced(field, known) for field in argument.fields])
    return known.get(argument, argument) if isinstance(argument, Var) else argument


def _key(call: Any, arguments: Any) -> tuple[Any, ...]:
    return (str(getattr(call.op, "name", call.op)), *(_identity(each) for each in arguments))


def _identity(argument: Any) -> Any:
    """Something equal for equal operands: variables and constants are themselves."""
    from tvm.ir import GlobalVar
    from tvm.relax import Tuple

    if isinstance(argument, Tuple):
        return tuple(_identity(field) for field in argument.fields)
    return argument.name_hint if isinstance(argument, GlobalVar) else argument
