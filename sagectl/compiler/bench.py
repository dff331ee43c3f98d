"""How long a package takes beside onnxruntime, measured turn by turn."""

from __future__ import annotations

import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sagectl.compiler.frontends.archive import model_file
from sagectl.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

WARM_UP = 3
# Both engines keep their threads awake for a while; the pause lets them fall asleep.
_PAUSE_SECONDS = 0.004
_LONGEST_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Measurement:
    """One engine's runs: wall time at three quantiles and CPU time at the middle, in ms."""

    engine: str
    threads: int
    runs: int
    p50_ms: float
    p90_ms: float
    p99_ms: float
    cpu_ms: float
    fastest_ms: float


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What was measured, ours first, and on which machine."""

    rows: tuple[Measurement, ...]
    machine: Mapping[str, Any]

    @property
    def ratio(self) -> float | None:
        """Our time over the reference's: CPU time on one thread, wall time on several."""
        if len(self.rows) < 2:
            return None
        ours, theirs = self.rows[:2]
        if ours.threads == 1:
            return ours.cpu_ms / theirs.cpu_ms
        return ours.p50_ms / theirs.p50_ms

    def as_dict(self) -> dict[str, Any]:
        return {
            "Machine": dict(self.machine),
            "Engines": [asdict(row) for row in self.rows],
            "Ratio": self.ratio,
        }


def bench(
    package: Path,
    model: Path | None = None,
    *,
    threads: int = 1,
    runs: int = 30,
    data: Mapping[str, Any] | None = None,
) -> Benchmark:
    """Run a package, and its model under onnxruntime where given, in alternation.

    Alternating runs meet the same noise of the machine, so their ratio is worth more than
    either time. Stops before ``runs`` after 20 seconds. Raises InputError.
    """
    from sagectl.compiler.inputs import DRAWS, drawn
    from sagectl.runtime import RunnerError, load

    try:
        runner = load(package, threads=threads)
        feeds = dict(data) if data is not None else drawn(runner.inputs, DRAWS[-1])
        runner.run(feeds)
    except RunnerError as error:
        raise InputError(error.message, hint=error.hint) from error
    engines: dict[str, Callable[[], object]] = {"sagectl": lambda: runner.run(feeds)}
    if model is not None:
        name, engine = _onnxruntime(model, threads, feeds)
        engines[name] = engine
    return Benchmark(tuple(_measured(engines, threads, runs)), machine())


def machine() -> dict[str, Any]:
    """What a reader must know of this machine to judge a time."""
    from sagectl.runtime.cpu import host_machine

    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if "model name" in line), "")
    return {
        "Processor": model or host_machine(),
        "Cores": len(os.sched_getaffinity(0)),
        "Load": round(os.getloadavg()[0], 2),
    }


def _onnxruntime(
    model: Path, threads: int, feeds: Mapping[str, Any]
) -> tuple[str, Callable[[], object]]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4
    with model_file(model, "ONNX") as path:
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
    taken = {each.name: feeds[each.name] for each in session.get_inputs() if each.name in feeds}
    return f"onnxruntime {onnxruntime.__version__}", lambda: session.run(None, taken)


def _measured(
    engines: Mapping[str, Callable[[], object]], threads: int, runs: int
) -> list[Measurement]:
    for engine in engines.values():
        for _ in range(WARM_UP):
            engine()
    wall: dict[str, list[float]] = {name: [] for name in engines}
    cpu: dict[str, list[float]] = {name: [] for name in engines}
    until = time.monotonic() + _LONGEST_SECONDS
    for _ in range(runs):
        for name, engine in engines.items():
            if threads > 1:
                time.sleep(_PAUSE_SECONDS)
            began, burnt = time.perf_counter(), time.process_time()
            engine()
            cpu[name].append(time.process_time() - burnt)
            wall[name].append(time.perf_counter() - began)
        if time.monotonic() > until:
            break
    return [_row(name, threads, wall[name], cpu[name]) for name in engines]


def _row(engine: str, threads: int, wall: Sequence[float], cpu: Sequence[float]) -> Measurement:
    import numpy as np

    p50, p90, p99 = (float(value) * 1e3 for value in np.quantile(wall, (0.5, 0.9, 0.99)))
    return Measurement(
        engine=engine,
        threads=threads,
        runs=len(wall),
        p50_ms=p50,
        p90_ms=p90,
        p99_ms=p99,
        cpu_ms=float(np.median(cpu)) * 1e3,
        fastest_ms=min(wall) * 1e3,
    )
