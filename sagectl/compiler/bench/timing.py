"""Engines run in turns: what troubles the machine meanwhile troubles all of them alike."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sagectl.compiler.bench.results import Measurement, measurement

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

WARM_UP = 3
# Engines keep their threads awake for a while; the pause lets them fall asleep.
_PAUSE_SECONDS = 0.004
_LONGEST_SECONDS = 20.0
# A sample shorter than this would measure the clock: it is made of several runs.
_SAMPLE_SECONDS = 1e-3
_MOST_REPEATS = 1000


def interleaved(
    engines: Mapping[str, Callable[[], object]], threads: int, runs: int
) -> list[Measurement]:
    """A row per engine, in order; stops before ``runs`` after 20 seconds."""
    repeats = {name: _repeats(engine) for name, engine in engines.items()}
    wall: dict[str, list[float]] = {name: [] for name in engines}
    cpu: dict[str, list[float]] = {name: [] for name in engines}
    until = time.monotonic() + _LONGEST_SECONDS
    for _ in range(runs):
        for name, engine in engines.items():
            if threads > 1:
                time.sleep(_PAUSE_SECONDS)
            count = repeats[name]
            began, burnt = time.perf_counter(), time.process_time()
            for _ in range(count):
                engine()
            cpu[name].append((time.process_time() - burnt) / count)
            wall[name].append((time.perf_counter() - began) / count)
        if time.monotonic() > until:
            break
    return [
        measurement(name, threads, repeats[name], wall[name], cpu[name]) for name in engines
    ]


def _repeats(engine: Callable[[], object]) -> int:
    """How many runs fill a sample, found while warming up."""
    taken = []
    for _ in range(WARM_UP):
        began = time.perf_counter()
        engine()
        taken.append(time.perf_counter() - began)
    return max(1, min(_MOST_REPEATS, round(_SAMPLE_SECONDS / max(min(taken), 1e-9))))
