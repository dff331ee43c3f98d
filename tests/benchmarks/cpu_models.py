"""Whole models on the CPU: onnxruntime, TVM's default pipeline and sagectl, side by side.

    python -m tests.benchmarks.cpu_models [--threads 2] [--seconds 2] [--tvm] [--openvino]
        [MODEL ...]

CPU time of the process at one thread, wall time at more; medians of interleaved runs on the
same inputs, whose results are compared first. ``--tvm`` adds TVM's default pipeline,
``--openvino`` that engine (it computes in threads of its own, so all CPU time is counted).
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from pathlib import Path
from statistics import geometric_mean
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

from tests.benchmarks.models import MODELS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from onnx import ModelProto

# Largest differences over the largest output: a real one by rounding, a quantised one because
# values that fall between two levels may go to either.
REAL, QUANTISED = 1e-4, 5e-2
# Seconds: onnxruntime's and OpenVINO's threads spin for less when they wait for work.
REST = 0.1
OTHERS = ("openvino", "tvm")

Feeds = dict[str, np.ndarray[Any, Any]]


def session(model: ModelProto, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def drawn(engine: onnxruntime.InferenceSession) -> Feeds:
    """Return random inputs of the shapes and types that a session declares."""
    random = np.random.default_rng(0)
    return {
        value.name: random.standard_normal(value.shape).astype("f4")
        if "float" in value.type
        else random.integers(0, 100, value.shape)
        for value in engine.get_inputs()
    }


def machine(model: ModelProto, feeds: Feeds, *, ours: bool) -> tuple[Callable[[], Any], float]:
    """Compile a model for this processor; return how to run it, and the seconds it took."""
    import tvm
    from tvm import relax
    from tvm.relax.frontend.onnx import from_onnx

    from sagectl.compiler.frontends.onnx import import_model
    from sagectl.compiler.passes.pipeline import optimized
    from sagectl.compiler.schedules import scheduled
    from sagectl.compiler.targets import resolve, tvm_target
    from sagectl.runtime.library import load_runtime

    load_runtime(Path())  # it tells the pool of threads what a runner tells it
    target = resolve(None, None, {})
    shapes = {name: list(value.shape) for name, value in feeds.items()}
    start = time.perf_counter()
    if ours:
        module = scheduled(optimized(import_model(model, shapes).module, target), target)
    else:
        module = from_onnx(model, shape_dict=shapes, keep_params_in_input=False)
    with tvm_target(target):
        built = tvm.compile(module, target=tvm_target(target))
    seconds = time.perf_counter() - start
    runner = relax.VirtualMachine(built, tvm.cpu())["main"]
    values = [tvm.runtime.tensor(value) for value in feeds.values()]
    return lambda: runner(*values), seconds


def openvino(model: ModelProto, feeds: Feeds, threads: int) -> Callable[[], Any]:
    """Compile a model for OpenVINO in single precision; return how to run it."""
    from openvino import Core, Tensor

    core = Core()
    settings = {
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1,
        "INFERENCE_PRECISION_HINT": "f32",
        "PERFORMANCE_HINT": "LATENCY",
    }
    compiled = core.compile_model(core.read_model(model.SerializeToString()), "CPU", settings)
    request = compiled.create_infer_request()
    for name, value in feeds.items():
        request.set_tensor(name, Tensor(value))
    return request.infer


def interleaved(
    engines: Mapping[str, Callable[[], Any]],
    seconds: float,
    clock: Callable[[], float],
    rest: float,
) -> dict[str, float]:
    """Return the median milliseconds of each engine, run in turns.

    An engine's threads spin for a while when it is done, on the cores of the next: at several
    threads a turn is a burst of runs, after a rest that lets them fall asleep.
    """
    taken: dict[str, list[float]] = {name: [] for name in engines}
    end = time.monotonic() + seconds * len(engines)
    while time.monotonic() < end or len(next(iter(taken.values()))) < 3:
        for name, run in engines.items():
            time.sleep(rest)
            run()
            until = time.monotonic() + rest
            while True:
                start = clock()
                run()
                taken[name].append(clock() - start)
                if time.monotonic() >= until:
                    break
    return {name: float(np.median(values)) * 1e3 for name, values in taken.items()}


def measured(name: str, given: argparse.Namespace) -> dict[str, float]:
    """Print the row of one model; return each engine's milliseconds."""
    model = MODELS[name]()
    reference = session(model, given.threads)
    feeds = drawn(reference)
    wanted = reference.run(None, feeds)[0]
    ours, compiled = machine(model, feeds, ours=True)
    made = ours().numpy()
    error = float(np.abs(made - wanted).max() / max(1e-9, np.abs(wanted).max()))
    if error > (QUANTISED if name.endswith("int8") else REAL):
        sys.exit(f"{name}: wrong by {error:.1e} of the largest output")
    engines = {"onnxruntime": lambda: reference.run(None, feeds), "sagectl": ours}
    if given.openvino:
        engines["openvino"] = openvino(model, feeds, given.threads)
    if given.tvm:
        engines["tvm"], _ = machine(model, feeds, ours=False)
    alone = given.threads == 1
    clock = time.process_time if alone else time.perf_counter
    times = interleaved(engines, given.seconds, clock, 0.0 if alone else REST)
    others = [f"{times[key]:10.2f}" if key in times else f"{'-':>10}" for key in OTHERS]
    ratio = times["sagectl"] / times["onnxruntime"]
    print(
        f"{name:14} {given.threads:7} {times['onnxruntime']:12.2f} {' '.join(others)} "
        f"{times['sagectl']:8.2f} {ratio:6.2f} {error:9.1e} {compiled:9.1f}",
        flush=True,
    )
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", metavar="MODEL", help=", ".join(MODELS))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--tvm", action="store_true", help="measure TVM's default pipeline too")
    parser.add_argument("--openvino", action="store_true", help="measure OpenVINO too")
    given = parser.parse_args()
    os.environ["TVM_NUM_THREADS"] = str(given.threads)
    load = os.getloadavg()[0]
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {load:.1f}; milliseconds")
    print(
        f"{'model':14} {'threads':>7} {'onnxruntime':>12} {'openvino':>10} {'tvm':>10} "
        f"{'sagectl':>8} {'ratio':>6} {'error':>9} {'compile s':>9}"
    )
    rows = [measured(name, given) for name in given.models or MODELS]
    ratios = [row["sagectl"] / row["onnxruntime"] for row in rows]
    print(f"geometric mean {geometric_mean(ratios):.3f}, worst {max(ratios):.2f}")
    if given.openvino:
        best = [row["sagectl"] / min(row["onnxruntime"], row["openvino"]) for row in rows]
        print(f"against the better engine {geometric_mean(best):.3f}, worst {max(best):.2f}")


if __name__ == "__main__":
    main()
