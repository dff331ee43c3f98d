"""The most that one core of this machine can do, measured: arithmetic and bytes per second."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_ROUNDS = 400_000
_ATTEMPTS = 7
# Ample for any last-level cache that one process may fill.
_COPIED_BYTES = 128 << 20

# Independent chains of fused multiply-adds, all in registers: nothing waits, nothing is read.
_SOURCE = """
# from tvm.script import tirx as T
@T.prim_func
def peak(x: T.Buffer(({width},), "float32"), out: T.Buffer(({chains}, {width}), "float32")):
    T.func_attr({{"global_symbol": "peak", "tirx.noalias": True}})
    sums = T.alloc_buffer(({chains}, {width}), scope="local")
    for j in T.unroll({chains}):
        for v in T.vectorized({width}):
            sums[j, v] = x[v]
    for k in range({rounds}):
        for j in T.unroll({chains}):
            for v in T.vectorized({width}):
                sums[j, v] = sums[j, v] * x[v] + x[v]
    for j in T.unroll({chains}):
        for v in T.vectorized({width}):
            out[j, v] = sums[j, v]
"""


@dataclass(frozen=True, slots=True)
class Peak:
    """One core's floating-point operations and bytes copied per second, in billions."""

    gflops: float
    gbps: float


@cache
def peak() -> Peak:
    """Measure this machine, about a second; the best of several attempts counts."""
    return Peak(gflops=_gflops(), gbps=_gbps())


def _gflops() -> float:
    import numpy as np
    import tvm
    from tvm.script import from_source

    from sagectl.compiler.targets import resolve, tvm_target

    target = resolve(None, None, {})
    width = max(1, target.vector_bytes // 4)
    chains = target.registers - target.registers // 4
    source = _SOURCE.format(width=width, chains=chains, rounds=_ROUNDS)
    built = tvm.compile(from_source(source), target=tvm_target(target))
    x = tvm.runtime.tensor(np.full(width, 0.5, "float32"))
    out = tvm.runtime.tensor(np.zeros((chains, width), "float32"))
    run: Any = built["peak"]
    return 2e-9 * chains * width * _ROUNDS / _fastest(lambda: run(x, out))


def _gbps() -> float:
    import numpy as np

    source = np.ones(_COPIED_BYTES // 8)
    copy = np.empty_like(source)
    return 2e-9 * _COPIED_BYTES / _fastest(lambda: np.copyto(copy, source))


def _fastest(action: Callable[[], object]) -> float:
    taken = []
    for _ in range(_ATTEMPTS):
        began = time.thread_time()
        action()
        taken.append(time.thread_time() - began)
    return min(taken)
