"""Engines run in turns: what troubles the machine meanwhile troubles all of them alike."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sagectl.compiler.bench.results import Measurement, measurement

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Engine = Callable[[], object]

WARM_UP = 3
# An engine of several threads keeps them awake when it is done, on the processors of the next:
# measured after a run on two threads, onnxruntime's spin for 45 ms and TVM's for 7, OpenVINO's
# for 1. On one thread none does, and there is nothing to rest from.
_REST_SECONDS = 0.1
# Samples are spread over so many turns of each engine, more where a turn would take longer.
_TURNS = 10
_TURN_SECONDS = 0.5
_LONGEST_SECONDS = 20.0
# A sample shorter than this would measure the clock: it is made of several runs.
_SAMPLE_SECONDS = 1e-3
_MOST_REPEATS = 1000


def interleaved(engines: Mapping[str, Engine], threads: int, runs: int) -> list[Measurement]:
    """A row per engine of ``runs`` samples, in order; begins no new turns after 20 seconds.

    A turn is a rest, where there are several threads, a sample that does not count, as it
    wakes the threads and finds the caches full of another engine's data, and those that do.
    """
    taken = {name: _warm(engine) for name, engine in engines.items()}
    repeats = {name: _repeats(seconds) for name, seconds in taken.items()}
    slowest = max(max(taken.values()), _SAMPLE_SECONDS)
    burst = max(1, min(-(-runs // _TURNS), int(_TURN_SECONDS / slowest)))
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in engines}
    until = time.monotonic() + _LONGEST_SECONDS
    for begun in range(0, runs, burst):
        if begun and time.monotonic() > until:
            break
        for name, engine in engines.items():
            time.sleep(_REST_SECONDS if threads > 1 else 0.0)
            _sample(engine, repeats[name])
            wanted = min(burst, runs - begun)
            samples[name] += [_sample(engine, repeats[name]) for _ in range(wanted)]
    return [
        measurement(name, threads, repeats[name], *zip(*samples[name], strict=True))
        for name in engines
    ]


def _sample(engine: Engine, repeats: int) -> tuple[float, float]:
    """Seconds that a run takes of wall and of CPU time, the mean of ``repeats``."""
    began, burnt = time.perf_counter(), time.process_time()
    for _ in range(repeats):
        engine()
    spent, passed = time.process_time() - burnt, time.perf_counter() - began
    return passed / repeats, spent / repeats


def _warm(engine: Engine) -> float:
    """Seconds of the fastest of the first runs."""
    return min(_sample(engine, 1)[0] for _ in range(WARM_UP))


def _repeats(seconds: float) -> int:
    """How many runs of so many seconds fill a sample."""
    return max(1, min(_MOST_REPEATS, round(_SAMPLE_SECONDS / max(seconds, 1e-9))))
