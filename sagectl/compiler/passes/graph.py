"""One walk over a model's graph that copies every call, or what a rule makes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from tvm.ir import IRModule
    from tvm.relax import BlockBuilder, Expr, Function

MAIN = "main"


@dataclass(slots=True)
class Site:
    """A call about to be copied, its operands already those of the new graph."""

    builder: BlockBuilder
    call: Any
    args: tuple[Any, ...]
    uses: Counter[Any] = field(repr=False)
    # What the result is called: the model's own name for it, which profiles go by.
    name: str = ""

    @property
    def attrs(self) -> Any:
        """The attributes of the call."""
        return self.call.attrs

    def definition(self, value: Any) -> Any:
        """The call that makes a value of the new graph; ``None`` for inputs."""
        from tvm.relax import Call, Var

        if not isinstance(value, Var):
            return None
        bound = self.builder.lookup_binding(value)
        return bound if isinstance(bound, Call) else None

    def sole(self, value: Any, *names: str) -> Any:
        """The definition of a value that this call alone uses, if its operator fits."""
        made = self.definition(value)
        if made is None or self.uses[value] != 1 or operator(made) not in names:
            return None
        return made

    def emit(self, expression: Any) -> Any:
        """Bind an intermediate value that is used once."""
        made = self.builder.emit(expression, self.name)
        self.uses[made] = 1
        return made

    def emit_te(self, function: Callable[..., Any], *args: Any, name: str) -> Any:
        """Bind the result of a tensor expression."""
        call = self.builder.call_te(function, *args, primfunc_name_hint=name)
        return self.emit(call)


GraphRule = Callable[[Site], Any]


def operator(expression: Any) -> str:
    """The name of the operator a call applies; empty for anything else."""
    return str(getattr(getattr(expression, "op", None), "name", ""))


def constant(expression: Any) -> np.ndarray[Any, Any] | None:
    """The value of a constant; ``None`` for anything else."""
    from tvm.ir import GenericConst

    if isinstance(expression, GenericConst) and hasattr(expression.value, "numpy"):
        value: np.ndarray[Any, Any] = expression.value.numpy()
        return value
    return None


def literal(value: np.ndarray[Any, Any] | np.generic) -> Any:
    """A constant of the value's own type; TVM takes 64 bits for 32 unless told."""
    from tvm.relax import const

    return const(value, str(value.dtype))


def shape(expression: Any) -> tuple[int, ...] | None:
    """The shape of a tensor when all of it is known."""
    from tvm.relax import ShapeExpr
    from tvm.tirx import IntImm

    found = getattr(getattr(expression, "ty", None), "shape", None)
    if not isinstance(found, ShapeExpr):
        return None
    extents = list(found.values)
    if not all(isinstance(extent, IntImm) for extent in extents):
        return None
    return tuple(int(extent) for extent in extents)


def dtype(expression: Any) -> str:
    """The element type of a tensor; empty for anything else."""
    return str(getattr(expression.ty, "dtype", "") or "")


def ints(values: Any) -> tuple[int, ...]:
    """An attribute's list as integers."""
    return tuple(int(value) for value in values or ())


def flat_main(module: IRModule) -> Function | None:
    """The main function if it is straight-line code, which the passes can walk."""
    from tvm.relax import Function, SeqExpr, VarBinding

    functions = {name.name_hint: func for name, func in module.functions_items()}
    main = functions.get(MAIN)
    if not isinstance(main, Function) or not isinstance(main.body, SeqExpr):
        return None
    bindings = [binding for block in main.body.blocks for binding in block.bindings]
    return main if all(isinstance(binding, VarBinding) for binding in bindings) else None


def rewritten(module: IRModule, rules: Mapping[str, GraphRule]) -> IRModule:
    """The module with each rule applied once to the calls of its operator.

    A rule returns the expression that takes the call's place, or ``None`` to leave it.
    """
    main = flat_main(module)
    return module if main is None else Walk(main, rules).module(module)


class Walk:
    """The state of one walk: what each value of the old graph is in the new one."""

    def __init__(self, main: Function, rules: Mapping[str, GraphRule]) -> None:
        from tvm.relax import Var

        self.main = main
        self.rules = rules
        self.builder: BlockBuilder
        self.params = [Var(param.name, param.ty) for param in main.params]
        self.old_uses = uses(main)
        self.old = {
            item.var: item.value for block in main.body.blocks for item in block.bindings
        }
        self.new: dict[Any, Any] = dict(zip(main.params, self.params, strict=True))
        self.uses: Counter[Any] = Counter()
        for param, made in self.new.items():
            self.uses[made] = self.old_uses[param]

    def module(self, source: IRModule) -> IRModule:
        """A module of the walked function and the others of ``source``."""
        from tvm.ir import IRModule
        from tvm.relax import BlockBuilder

        others = {
            name: func for name, func in source.functions_items() if name.name_hint != MAIN
        }
        # A builder that knows the other functions gives no other their names.
        self.builder = BlockBuilder(IRModule(others))
        attrs = dict(self.main.attrs) if self.main.attrs else None
        with self.builder.function(MAIN, self.params, attrs=attrs):
            with self.builder.dataflow():
                for block in self.main.body.blocks:
                    for binding in block.bindings:
                        self.bind(binding.var, binding.value)
                result = self.builder.emit_output(self.value(self.main.body.body))
            self.builder.emit_func_output(result)
        return self.builder.get()

    def bind(self, old: Any, expression: Any) -> None:
        """Copy one binding."""
        from tvm.relax import Tuple, Var

        made = self.copied(expression, old.name)
        if isinstance(made, Tuple):
            self.new[old] = made
            return
        if not isinstance(made, Var) and constant(made) is None:
            made = self.builder.emit(made, old.name)
        # One use of a value that was there before was the binding it now stands for.
        earlier = self.uses[made] - 1 if made in self.uses else 0
        self.uses[made] = earlier + self.old_uses[old]
        self.new[old] = made

    def copied(self, expression: Any, name: str) -> Any:
        from tvm.relax import Call, Tuple, TupleGetItem

        if isinstance(expression, Call):
            return self.called(expression, name)
        if isinstance(expression, TupleGetItem):
            source = self.value(expression.tuple_value)
            index = expression.index
            return (
                source.fields[index]
                if isinstance(source, Tuple)
                else TupleGetItem(source, index)
            )
        return self.value(expression)

    def called(self, call: Any, name: str) -> Any:
        from tvm.relax import Call

        args = tuple(self.value(arg) for arg in call.args)
        rule = self.rules.get(operator(call))
        if rule is not None:
            made = rule(Site(self.builder, call, args, self.uses, name))
            if made is not None:
                return made
        return Call(call.op, list(args), call.attrs, call.ty_args)

    def value(self, expression: Any) -> Any:
        """What an operand of the old graph is in the new one."""
        from tvm.relax import Tuple, Var

        if isinstance(expression, Var):
            return self.new.get(expression, expression)
        if isinstance(expression, Tuple):
            return Tuple([self.value(member) for member in expression.fields])
        return expression


def uses(main: Function) -> Counter[Any]:
    """How often each value is an operand, a tuple member or the result."""
    from tvm.relax import Call, Tuple, TupleGetItem, Var

    found: Counter[Any] = Counter()

    def count(expression: Expr) -> None:
        if isinstance(expression, Var):
            found[expression] += 1
        elif isinstance(expression, Tuple):
            for member in expression.fields:
                count(member)
        elif isinstance(expression, Call):
            for arg in expression.args:
                count(arg)
        elif isinstance(expression, TupleGetItem):
            count(expression.tuple_value)

    for block in main.body.blocks:
        for binding in block.bindings:
            count(binding.value)
    count(main.body.body)
    return found
