"""One step of a recurrent layer's loop, whose units the threads share."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sagectl.compiler.frontends.onnx.rewrites.recurrent import Direction

    Row = Callable[[Any, Any], Any]
    # For an entry of the batch, a unit, and its product with each gate's weights.
    Write = Callable[[Any, Any, Callable[[int], Any]], None]

# One vector of the widest registers there are; narrower ones take it in parts.
LANES = 16
# Vectors of a panel: as many sums as hide how long an addition takes, and few enough for the
# sixteen registers of AVX2.
VECTORS = 4
# Products of a step below which its threads would wait for one another longer than they save.
# A barrier takes 2 us (two threads on two busy processors), and so do as many products.
SHARED_PRODUCTS = 65_536
# Gates whose products are taken together: a GRU's candidate waits for its reset gate.
PARTS = {"RNN": (1,), "LSTM": (4,), "GRU": (2, 1)}


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass over the sequence, in sizes.

    Its tensor is ``[steps + states, batch, hidden]``: the hidden state after each step, by
    position in the sequence, then the last states.
    """

    direction: Direction
    steps: int
    batch: int
    is_backwards: bool
    has_lengths: bool
    dtype: str

    @property
    def hidden(self) -> int:
        return self.direction.hidden

    @property
    def states(self) -> int:
        return 2 if self.direction.kind == "LSTM" else 1

    @property
    def is_shared(self) -> bool:
        """Whether the threads share the work of each step."""
        products = self.batch * self.hidden * self.hidden * PARTS[self.direction.kind][0]
        return products >= SHARED_PRODUCTS


@dataclass(frozen=True, slots=True)
class Step:
    """One step at position ``at``, over buffers that are indexed in all their dimensions.

    ``hidden`` is the hidden state before it and after it, by turns; ``kept`` is what a GRU
    hands on from its gates to its candidate.
    """

    given: Pass
    count: Any
    at: Any
    inputs: Any
    weights: list[Any]
    state: Any
    hidden: Any
    kept: list[Any]
    bias: Any
    peepholes: Any
    lengths: Any

    def before(self, entry: Any, unit: Any) -> Any:
        """The hidden state that the step begins with."""
        return self.hidden[self.count % 2, entry, unit]

    def cell(self, entry: Any, unit: Any) -> Any:
        """An LSTM's cell, old until it is written."""
        return self.state[self.given.steps + 1, entry, unit]

    def input(self, gate: int, entry: Any, unit: Any) -> Any:
        return self.inputs[self.at, entry, gate * self.given.hidden + unit]

    def bias_of(self, gate: int, unit: Any) -> Any:
        from tvm.tirx import const

        if self.given.direction.recurrence_bias is None:
            return const(0, self.given.dtype)
        return self.bias[gate * self.given.hidden + unit]

    def sum(self, gate: int, entry: Any, unit: Any, product: Any) -> Any:
        return self.input(gate, entry, unit) + product + self.bias_of(gate, unit)

    def end(self, entry: Any, unit: Any, value: Any) -> None:
        """Write the hidden state, which is the output; past its length it stays, unseen."""
        from tvm.tirx import Select, const

        after = (self.count + 1) % 2
        if self.given.has_lengths:
            value = Select(self.is_inside(entry), value, self.before(entry, unit))
        self.hidden[after, entry, unit] = value
        shown = self.hidden[after, entry, unit]
        if self.given.has_lengths:
            shown = Select(self.is_inside(entry), shown, const(0, self.given.dtype))
        self.state[self.at, entry, unit] = shown

    def end_cell(self, entry: Any, unit: Any, value: Any) -> None:
        """Write the cell; past its length a sequence keeps the one it has."""
        from tvm.tirx import Select

        if self.given.has_lengths:
            value = Select(self.is_inside(entry), value, self.cell(entry, unit))
        self.state[self.given.steps + 1, entry, unit] = value

    def is_inside(self, entry: Any) -> Any:
        from tvm.tirx import Cast

        return Cast("int64", self.at) < Cast("int64", self.lengths[entry, 0])

    def units(self, row: Row, part: int, write: Write) -> None:
        """Call ``write`` for each unit with ``row(entry, :) @ weights``, panel by panel."""
        from tvm.script.ir_builder import tirx as T  # noqa: N812 - the name in all of TVM

        weights, batch = self.weights[part], self.given.batch
        panels, _, columns = map(int, weights.shape)
        width = columns // PARTS[self.given.direction.kind][part]
        lanes = next(size for size in (16, 8, 4, 1) if not self.given.hidden % size)
        with shared(self.given, panels * batch) as place:
            panel, entry = place // batch, place % batch
            sums = self._sums(lambda unit: row(entry, unit), weights, panel)
            with T.serial(0, width // lanes) as block, T.vectorized(0, lanes) as lane:
                unit, at = panel * width + block * lanes + lane, block * lanes + lane
                with self._those_there(panels * width, unit - lane):
                    write(entry, unit, lambda gate: sums[gate * width + at])

    def _sums(self, row: Callable[[Any], Any], weights: Any, panel: Any) -> Any:
        """The sums of a panel, which stay in registers until they are whole."""
        from tvm.script.ir_builder import tirx as T  # noqa: N812
        from tvm.tirx import const

        columns, dtype = int(weights.shape[2]), self.given.dtype
        # Small enough for the stack, where a buffer of local scope is asked of the runtime.
        sums = T.buffer_proxy(T.alloc_buffer((columns,), dtype))
        vectors = columns // LANES
        with T.unroll(0, vectors) as part, T.vectorized(0, LANES) as lane:
            sums[part * LANES + lane] = const(0, dtype)
        with (
            T.serial(0, self.given.hidden) as unit,
            T.unroll(0, vectors) as part,
            T.vectorized(0, LANES) as lane,
        ):
            at = part * LANES + lane
            sums[at] = sums[at] + row(unit) * weights[panel, unit, at]
        return sums

    @contextmanager
    def _those_there(self, padded: int, unit: Any) -> Iterator[None]:
        """Leave out what fills up the last panel."""
        from tvm.script.ir_builder import tirx as T  # noqa: N812

        if padded == self.given.hidden:
            yield
        else:
            with T.If(unit < self.given.hidden), T.Then():
                yield


@contextmanager
def launched(given: Pass) -> Iterator[None]:
    """Wake the threads once for all steps: from one to the next they only wait at barriers."""
    from tvm.script.ir_builder import tirx as T  # noqa: N812

    if given.is_shared:
        with T.attr(0, "pragma_parallel_launch_point", 1):
            yield
    else:
        yield


@contextmanager
def shared(given: Pass, count: int) -> Iterator[Any]:
    """A loop whose rounds the threads share; none goes on before all are done."""
    from tvm.script.ir_builder import tirx as T  # noqa: N812

    if given.is_shared:
        with T.attr(0, "pragma_parallel_barrier_when_finish", 1), T.parallel(0, count) as place:
            yield place
    else:
        with T.serial(0, count) as place:
            yield place
