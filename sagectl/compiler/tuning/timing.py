"""Candidates of one operator, timed in turns on one thread."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tvm.tirx import PrimFunc

    from sagectl.compiler.targets import Target

_SAMPLE_SECONDS = 3e-4
_MOST_REPEATS = 200


@dataclass(frozen=True, slots=True)
class Contender:
    """A compiled schedule with operands of its own, as cold as those of a whole model."""

    run: Any
    operands: tuple[Any, ...]

    def __call__(self) -> None:
        self.run(*self.operands)

    def result(self) -> Any:
        """What the last run has written."""
        return self.operands[-1].numpy()


def contenders(funcs: Sequence[PrimFunc], target: Target) -> list[Contender]:
    """Compile functions of the same operands, and make these up: the same for all."""
    import numpy as np
    import tvm
    from tvm.ir import IRModule

    from sagectl.compiler.targets import tvm_target

    named = {
        f"candidate_{place}": func.with_attr("global_symbol", f"candidate_{place}")
        for place, func in enumerate(funcs)
    }
    described = tvm_target(target)
    with described:
        built = tvm.compile(IRModule(named), target=described)
    random = np.random.default_rng(0)
    values = [_operand(param.ty, random) for param in funcs[0].params]
    return [
        Contender(built[name], tuple(tvm.runtime.tensor(value) for value in values))
        for name in named
    ]


def _operand(buffer: Any, random: Any) -> Any:
    import numpy as np

    shape = tuple(int(extent) for extent in buffer.shape)
    dtype = str(buffer.dtype)
    if dtype.startswith("float"):
        return random.standard_normal(shape).astype(dtype)
    # Indices: whatever they point into, the first element is there.
    return np.zeros(shape, dtype)


def times(rivals: Sequence[Contender], rounds: int) -> list[list[float]]:
    """CPU seconds of each in every round."""
    repeats = []
    for each in rivals:
        each()
        began = time.perf_counter()
        each()
        taken = time.perf_counter() - began
        repeats.append(max(1, min(_MOST_REPEATS, round(_SAMPLE_SECONDS / max(taken, 1e-9)))))
    found: list[list[float]] = [[] for _ in rivals]
    for _ in range(rounds):
        for samples, each, count in zip(found, rivals, repeats, strict=True):
            began = time.thread_time()
            for _ in range(count):
                each()
            samples.append((time.thread_time() - began) / count)
    return found
