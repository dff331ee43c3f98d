"""Single operators on the CPU: onnxruntime, TVM's default pipeline and sagectl, side by side.

    python -m tests.benchmarks.cpu_operators [--seconds 0.3] [--worse-than 1.05] [PATTERN ...]

CPU time at one thread, medians of interleaved runs on the same inputs, results compared first.
A pattern is a name, or a wildcard (``conv*``, ``*odd*``).
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from fnmatch import fnmatch
from statistics import geometric_mean
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.benchmarks.cpu_models import interleaved, machine, session
from tests.benchmarks.operators import OPERATORS
from tests.benchmarks.operators.building import values

if TYPE_CHECKING:
    import onnxruntime

# What onnxruntime calls types, and numpy.
TYPES = {"float": "float32", "double": "float64"}
UNKNOWN = float("nan")


def drawn(engine: onnxruntime.InferenceSession) -> dict[str, np.ndarray[Any, Any]]:
    """Return random inputs of the shapes and types that a session declares."""
    made = {}
    for seed, value in enumerate(engine.get_inputs()):
        kind = value.type.removeprefix("tensor(").removesuffix(")").replace("float16", "f2")
        made[value.name] = values(TYPES.get(kind, kind), tuple(value.shape), seed)
    return made


def checked(made: Any, wanted: np.ndarray[Any, Any], name: str) -> None:
    """Compare the first result with onnxruntime's: integers exactly, reals by their type."""
    first = made[0] if not hasattr(made, "numpy") else made
    close = 2e-2 if wanted.dtype == np.float16 else 1e-4
    np.testing.assert_allclose(first.numpy(), wanted, rtol=close, atol=close, err_msg=name)


def measured(name: str, seconds: float) -> tuple[float, float]:
    """Print the row of one operator; return sagectl's time over onnxruntime's and TVM's."""
    proto = OPERATORS[name]()
    reference = session(proto, 1)
    feeds = drawn(reference)
    ours, _ = machine(proto, feeds, ours=True)
    checked(ours(), reference.run(None, feeds)[0], name)
    engines = {"onnxruntime": lambda: reference.run(None, feeds), "sagectl": ours}
    try:
        engines["tvm"], _ = machine(proto, feeds, ours=False)
        engines["tvm"]()
    except Exception as error:  # noqa: BLE001  # whatever TVM cannot import has no time
        engines.pop("tvm", None)
        print(f"{name}: TVM says {type(error).__name__}", file=sys.stderr)
    times = interleaved(engines, seconds, time.thread_time, rest=0.0)
    default = times.get("tvm", UNKNOWN)
    ratios = times["sagectl"] / times["onnxruntime"], times["sagectl"] / default
    print(
        f"{name:26} {times['onnxruntime']:12.4f} {default:10.4f} {times['sagectl']:9.4f} "
        f"{ratios[0]:8.2f} {ratios[1]:8.2f}",
        flush=True,
    )
    return ratios


def chosen(patterns: list[str]) -> list[str]:
    """The operators that some pattern names; all of them where there is none."""
    return [
        name for name in OPERATORS if not patterns or any(fnmatch(name, p) for p in patterns)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("patterns", nargs="*", metavar="PATTERN", help=", ".join(OPERATORS))
    parser.add_argument("--seconds", type=float, default=0.3)
    asked = parser.parse_args()
    os.environ["TVM_NUM_THREADS"] = "1"
    load = os.getloadavg()[0]
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {load:.1f}; milliseconds")
    print(
        f"{'operator':26} {'onnxruntime':>12} {'tvm':>10} {'sagectl':>9} {'/ ort':>8} "
        f"{'/ tvm':>8}"
    )
    rows = [measured(name, asked.seconds) for name in chosen(asked.patterns)]
    theirs = [ratio for ratio, _ in rows]
    default = [ratio for _, ratio in rows if ratio == ratio]
    print(
        f"geometric mean {geometric_mean(theirs):.3f} of onnxruntime, "
        f"{geometric_mean(default):.3f} of TVM's default (worst {max(default):.2f})"
    )


if __name__ == "__main__":
    main()
