"""The pen that rewrites write with: each operator is lowered as soon as it is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.onnx.graph import Node, Origin, Unsupported, Value
from sagectl.compiler.frontends.onnx.support import HALF_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np

    from sagectl.compiler.frontends.onnx.lowering import Lowering

# Rewrites write operators in the form of this version, whatever the model's is.
OPSET = 21


class Builder:
    """Appends operators on behalf of one node of the model.

    Operands may be values, numpy arrays (which become constants) or None (left out).
    """

    def __init__(self, lowering: Lowering, origin: Origin) -> None:
        self._lowering = lowering
        self._origin = origin

    def op(self, op: str, *operands: Any, version: int = OPSET, **attributes: Any) -> Value:
        """The single output of ``op``."""
        return self.ops(op, *operands, outputs=1, version=version, **attributes)[0]

    def ops(
        self,
        op: str,
        *operands: Any,
        outputs: int,
        version: int = OPSET,
        is_final: bool = False,
        **attributes: Any,
    ) -> list[Value]:
        """All ``outputs`` outputs of ``op``; a final one is not rewritten again."""
        from onnx import helper

        node = Node(
            op=op,
            inputs=tuple(self.value(each) for each in operands),
            wanted=(True,) * outputs,
            attributes={
                name: helper.make_attribute(name, value)
                for name, value in attributes.items()
                if value is not None
            },
            version=version,
            origin=self._origin,
            is_final=is_final,
        )
        values = self._lowering.apply(node)
        return [value for value in values if value is not None]

    def compute(
        self,
        name: str,
        expression: Callable[..., Any],
        *operands: Any,
        dtype: Any,
        shape: Any,
        is_relax: bool = False,
    ) -> Value:
        """The tensor that ``expression`` makes of te tensors, in TVM's own terms.

        With ``is_relax`` it makes a call of Relax values, which passes over the graph know.
        Half precision goes in and out as float32, as everywhere else.
        """
        import numpy as np

        values = [self._widened(self.value(each)) for each in operands]
        if any(value is not None and value.sizes for value in values):
            raise Unsupported("the size of what goes in is known at run time only")
        wanted = np.dtype(dtype)
        is_half = wanted.name in HALF_TYPES
        node = Node(
            op=name,
            inputs=tuple(values),
            wanted=(True,),
            domain="sagectl",
            origin=self._origin,
            compute=expression,
            is_relax=is_relax,
        )
        made = np.dtype("float32") if is_half else wanted
        value = self._lowering.computed(node, made, tuple(int(size) for size in shape))
        return self.cast(value, wanted)

    def _widened(self, value: Value | None) -> Value | None:
        if value is None or value.dtype is None or value.dtype.name not in HALF_TYPES:
            return value
        return self.cast(value, "float32")

    def lowered(self, node: Node) -> list[Value | None]:
        """The results of a node that is already put together."""
        return self._lowering.apply(node)

    def full(self, value: Value) -> Value:
        """The value with what lies beyond its sizes: as large as it may be in any run."""
        return self._lowering.full(value, self._origin) if value.sizes else value

    def sized(self, value: Value, sizes: Mapping[int, Value]) -> Value:
        """The value, cut to ``sizes`` as well."""
        if sizes and value.data is not None and value.data.size:
            raise Unsupported(f"{value.name!r} is known but for its size")
        if sizes and value.data is None:
            value.sizes = {**value.sizes, **sizes}
            for size in sizes.values():
                size.numbers = (size,)
        return value

    def value(self, operand: Any) -> Value | None:
        """The operand as a value."""
        import numpy as np

        if operand is None or isinstance(operand, Value):
            return operand
        return self.constant(np.asarray(operand))

    def constant(self, array: np.ndarray[Any, Any]) -> Value:
        """``array`` as a value."""
        name = self._lowering.fresh("constant")
        return Value(name, array.dtype, array.shape, data=array)

    def scalar(self, number: float, like: Value) -> np.ndarray[Any, Any]:
        """A rank-0 array of ``number`` in the element type of ``like``."""
        import numpy as np

        return np.array(number, like.dtype)

    def shape(self, value: Value) -> tuple[int, ...]:
        """The value's static shape; Unsupported when it is known at run time only."""
        if value.shape is None or None in value.shape or value.sizes:
            raise Unsupported(
                f"the shape of {value.name!r} is known at run time only", (value,)
            )
        return tuple(size for size in value.shape if size is not None)

    def known(self, value: Value, what: str) -> np.ndarray[Any, Any]:
        """The value's data; Unsupported when it is known at run time only."""
        if value.data is None:
            raise Unsupported(f"{what} must be known at compile time", (value,))
        return value.data

    def cast(self, value: Value, dtype: Any) -> Value:
        """``value`` in element type ``dtype``; itself when it has it."""
        import numpy as np
        from onnx import helper

        wanted = np.dtype(dtype)
        if value.dtype == wanted:
            return value
        return self.op("Cast", value, to=helper.np_dtype_to_tensor_dtype(wanted))

    def reshape(self, value: Value, shape: Sequence[int]) -> Value:
        import numpy as np

        if value.shape == tuple(shape) and not value.sizes:
            return value
        return self.op("Reshape", value, np.array(shape, np.int64))

    def transpose(self, value: Value, order: Sequence[int]) -> Value:
        if list(order) == list(range(len(order))):
            return value
        return self.op("Transpose", value, perm=list(order))

    def slice(self, value: Value, axis: int, start: int, stop: int, step: int = 1) -> Value:
        """``value[..., start:stop:step, ...]`` along ``axis``."""
        import numpy as np

        return self.op(
            "Slice", value, *(np.array([n], np.int64) for n in (start, stop, axis, step))
        )

    def pick(self, value: Value, axis: int, index: int) -> Value:
        """``value`` at one index of ``axis``, that axis dropped."""
        import numpy as np

        part = self.slice(value, axis, index, index + 1)
        return self.op("Squeeze", part, np.array([axis], np.int64))

    def reduce(
        self, op: str, value: Value, axes: Sequence[int], keepdims: bool = True
    ) -> Value:
        """A Reduce* over ``axes``; over none it is the value itself."""
        import numpy as np

        return self.op(
            op, value, np.array(axes, np.int64), keepdims=int(keepdims), noop_with_empty_axes=1
        )

    def concat(self, values: Sequence[Value], axis: int) -> Value:
        return values[0] if len(values) == 1 else self.op("Concat", *values, axis=axis)

    def stack(self, values: Sequence[Value], axis: int) -> Value:
        """Values of one shape along a new axis."""
        import numpy as np

        place = np.array([axis], np.int64)
        return self.concat([self.op("Unsqueeze", each, place) for each in values], axis)
