"""Gradient-boosted trees: sagectl, xgboost and onnxruntime, side by side.

    python -m tests.benchmarks.trees [--trees 500] [--depth 6] [--features 30]

Milliseconds of wall time, medians of runs that take turns, at one row and at a thousand, on
one thread and on all. Predictions are compared first. Needs xgboost and onnxmltools.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
import xgboost
from onnxmltools import convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType

from sagectl.compiler.api import compile_model
from sagectl.compiler.request import compile_request
from sagectl.runtime import load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def trained(trees: int, depth: int, rows: np.ndarray[Any, Any]) -> xgboost.Booster:
    random = np.random.default_rng(1)
    target = rows[:, 0] * rows[:, 1] + np.sin(3 * rows[:, 2]) + random.normal(0, 0.1, len(rows))
    parameters = {"max_depth": depth, "eta": 0.1, "objective": "reg:squarederror"}
    return xgboost.train(parameters, xgboost.DMatrix(rows, target), trees)


def engines(
    booster: xgboost.Booster, threads: int, folder: Path
) -> dict[str, Callable[[np.ndarray[Any, Any]], Any]]:
    """Return each engine's prediction of rows, ours first."""
    path = folder / "model.ubj"
    booster.save_model(path)
    booster.set_param({"nthread": threads})
    features = booster.num_features()
    converted = convert_xgboost(
        booster, initial_types=[("x", FloatTensorType([None, features]))]
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(converted.SerializeToString(), options)
    began = time.perf_counter()
    package = compile_model(
        compile_request(path, output=folder, framework="XGBOOST", mcpu="native", verify=False)
    )
    print(f"compiled in {time.perf_counter() - began:.1f} s")
    runner = load(package.path, threads=threads)
    return {
        "sagectl": lambda rows: runner.run({"data": rows})["prediction"],
        f"xgboost {xgboost.__version__}": booster.inplace_predict,
        f"onnxruntime {onnxruntime.__version__}": lambda rows: session.run(None, {"x": rows})[
            0
        ],
    }


def milliseconds(
    contenders: Mapping[str, Callable[[np.ndarray[Any, Any]], Any]],
    rows: np.ndarray[Any, Any],
    seconds: float,
) -> dict[str, float]:
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for name, predict in contenders.items():
            predict(rows)  # the others have emptied the caches
            began = time.perf_counter()
            predict(rows)
            taken[name].append(1e3 * (time.perf_counter() - began))
    return {name: median(times) for name, times in taken.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trees", type=int, default=500)
    parser.add_argument("--depth", type=int, default=6)
    parser.add_argument("--features", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=5)
    given = parser.parse_args()
    rows = np.random.default_rng(0).standard_normal((4000, given.features)).astype(np.float32)
    booster = trained(given.trees, given.depth, rows)
    for threads in dict.fromkeys((1, len(os.sched_getaffinity(0)))):
        for batch in (1, 1000):
            with TemporaryDirectory() as folder:
                contenders = engines(booster, threads, Path(folder))
                some = np.ascontiguousarray(rows[:batch])
                results = [np.ravel(predict(some)) for predict in contenders.values()]
                gap = max(np.abs(results[0] - each).max() for each in results)
                print(f"largest difference {gap:.1e}")
                found = milliseconds(contenders, some, given.seconds)
            ours = found["sagectl"]
            told = ", ".join(
                f"{name} {ms:.3f} ({ms / ours:.1f}x)" for name, ms in found.items()
            )
            print(f"{given.trees} trees, {batch} rows, {threads} threads: {told}")


if __name__ == "__main__":
    main()
