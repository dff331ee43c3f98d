"""Images from ``[N, C, H, W]`` to blocks of channels as wide as the target's vectors.

A region of blocked values grows from every convolution through whatever has a rule in
``layout_rules``; values are converted once, where a region begins or ends.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sagectl.compiler.dots import dot
from sagectl.compiler.passes.graph import Walk, dtype, flat_main, operator, shape
from sagectl.compiler.passes.layout_regions import lonely

if TYPE_CHECKING:
    from tvm.ir import IRModule
    from tvm.relax import Function

    from sagectl.compiler.dots import Dot
    from sagectl.compiler.targets import Target

FLOAT = "float32"
# What goes on in blocks with bytes: the others would take the padding's zeros for values.
OF_BYTES = frozenset({"relax.quantize", "relax.nn.max_pool2d"})


@dataclass(frozen=True, slots=True)
class Image:
    """A blocked value of the new graph; of its last block only some channels may be real.

    ``order`` says in which slot, ``block * v + lane``, each channel lies; without it they lie
    in sequence. A shuffle of channels is another order of the same value. Slots that no
    channel lies in are zero.
    """

    value: Any
    channels: int
    order: tuple[int, ...] | None = None

    @property
    def extents(self) -> tuple[int, ...]:
        """The shape, ``(N, C/v, H, W, v)``."""
        return shape(self.value) or ()

    @property
    def is_full(self) -> bool:
        """Whether the channels fill all blocks."""
        return self.room == self.channels

    @property
    def room(self) -> int:
        """How many slots the blocks have."""
        return self.extents[1] * self.extents[4]

    @property
    def slots(self) -> tuple[int, ...]:
        """The slot of each channel."""
        return tuple(range(self.channels)) if self.order is None else self.order

    def reordered(self, order: tuple[int, ...]) -> Image:
        """The same value with its channels said to lie in these slots."""
        is_sequence = order == tuple(range(len(order)))
        return replace(self, order=None if is_sequence else order)


def blocked(module: IRModule, target: Target) -> IRModule:
    """The module with convolutions and what surrounds them in blocked layout."""
    main = flat_main(module)
    if main is None:
        return module
    width = max(1, target.vector_bytes // 4)
    return LayoutWalk(main, width, dot(target), is_exact=target.is_exact).module(module)


class LayoutWalk(Walk):
    """A walk on which a value may be in blocked layout, in the plain one, or in both."""

    def __init__(
        self, main: Function, width: int, dot: Dot | None = None, *, is_exact: bool = False
    ) -> None:
        from sagectl.compiler.passes.layout_rules import RULES

        super().__init__(main, {})
        self.plain = lonely(self.old, RULES, width)
        self.dot = dot
        self.width = width
        self.is_exact = is_exact
        self.name = ""
        self.images: dict[Any, Image] = {}
        self.copies: dict[tuple[Any, tuple[int, ...], tuple[int, ...]], Image] = {}

    def bind(self, old: Any, expression: Any) -> None:
        """Copy one binding in blocked layout if there is a rule that can."""
        from tvm.relax import Call, Var

        from sagectl.compiler.passes.layout_rules import RULES

        if isinstance(expression, Var) and expression in self.images:
            self.images[old] = self.images[expression]
            return
        self.name = old.name
        rule = RULES.get(operator(expression)) if isinstance(expression, Call) else None
        made = rule(self, expression) if rule is not None and self.may_block(old) else None
        if made is None:
            super().bind(old, expression)
        else:
            self.images[old] = made

    def is_image(self, value: Any) -> bool:
        """Whether a value is a float tensor of known shape ``[N, C, H, W]``."""
        return len(shape(value) or ()) == 4 and dtype(value) == FLOAT

    def may_block(self, value: Any) -> bool:
        """Whether a result may be in blocks: an image of reals, or one quantised."""
        if value in self.plain:
            return False
        if self.is_image(value):
            return True
        is_bytes = len(shape(value) or ()) == 4 and dtype(value) in ("int8", "uint8")
        return is_bytes and operator(self.old.get(value)) in OF_BYTES

    def is_blocked(self, old: Any) -> bool:
        """Whether a value of the old graph is there in blocks."""
        from tvm.relax import Var

        return isinstance(old, Var) and old in self.images

    def image(self, old: Any) -> Image:
        """A value in blocks, converted if it is not."""
        from sagectl.compiler.passes.nests.blocked import packed

        if not self.is_blocked(old):
            plain = self.value(old)
            batch, channels, *extents = shape(old) or ()
            if extents == [1, 1] and channels % self.width == 0:
                form = (batch, channels // self.width, 1, 1, self.width)
                made = self.reshaped(plain, form)
            else:
                made = self.builder.emit_te(
                    packed, plain, self.width, primfunc_name_hint="pack"
                )
            self.images[old] = Image(made, channels)
        return self.images[old]

    def in_sequence(self, old: Any) -> Image:
        """A value in blocks whose channels lie one after another."""
        image = self.image(old)
        return self.moved(image, tuple(range(image.channels)))

    def moved(self, image: Image, order: tuple[int, ...]) -> Image:
        """Copy an image's channels to other slots."""
        from tvm.relax import const

        from sagectl.compiler.passes.nests.blocked import moved, sources

        if image.slots == order:
            return image
        key = (image.value, image.slots, order)
        if key not in self.copies:
            table = const(sources(image.slots, order, self.width))
            made = self.emit_te("move", image.channels, moved, image.value, table)
            self.copies[key] = made.reordered(order)
        return self.copies[key]

    def repeated(self, image: Image, times: int) -> Image:
        """Every channel of an image several times, its copies one after another."""
        from tvm.relax import const

        from sagectl.compiler.passes.nests.blocked import moved, sources

        slots = tuple(slot for slot in image.slots for _ in range(times))
        table = const(sources(slots, tuple(range(len(slots))), self.width))
        return self.emit_te("repeat", len(slots), moved, image.value, table)

    def value(self, expression: Any) -> Any:
        """An operand in the plain layout, converted if it is in blocks only."""
        import numpy as np
        from tvm.relax import const

        from sagectl.compiler.passes.nests.blocked import picked, unpacked

        if self.is_blocked(expression) and expression not in self.new:
            image = self.images[expression]
            if image.order is not None:
                table = const(np.array(image.order, np.int32))
                made = self.emit_te("unpack", image.channels, picked, image.value, table).value
            elif image.extents[2:4] == (1, 1) and image.is_full:
                made = self.reshaped(image.value, shape(expression) or ())
            else:
                made = self.builder.emit_te(
                    unpacked, image.value, image.channels, primfunc_name_hint="unpack"
                )
            self.new[expression] = made
        return super().value(expression)

    def reshaped(self, value: Any, form: tuple[int, ...]) -> Any:
        from tvm.relax import op

        return self.builder.emit(op.reshape(value, form))

    def emit_te(
        self,
        name: str,
        channels: int,
        function: Any,
        *tensors: Any,
        order: tuple[int, ...] | None = None,
    ) -> Image:
        """Bind the result of a tensor expression as an image."""
        call = self.builder.call_te(function, *tensors, primfunc_name_hint=name)
        return self.emit(call, channels, order)

    def emit(
        self, expression: Any, channels: int, order: tuple[int, ...] | None = None
    ) -> Image:
        """Bind the result of a call as an image."""
        return Image(self.builder.emit(expression, self.name), channels, order)
