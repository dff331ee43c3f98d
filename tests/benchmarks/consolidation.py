"""Consolidation beside crowd-kit, in one run: 10,000 objects, 5 answers each.

    pip install crowd-kit
    python tests/benchmarks/consolidation.py

Workers are simulated: each is right as often as its skill says, and wrong at random. Prints,
for each method, the share of objects it got right and the time it took.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from sagectl.consolidation.dawid_skene import estimate

if TYPE_CHECKING:
    from collections.abc import Callable

OBJECTS, ANSWERS, WORKERS, ROUNDS = 10_000, 5, 40, 5


def answered(classes: int, seed: int) -> tuple[np.ndarray, ...]:
    """Truth, and triples of object, worker and answer; a third of the workers hardly look."""
    random = np.random.default_rng(seed)
    skills = np.where(
        random.random(WORKERS) < 1 / 3, 1.3 / classes, random.uniform(0.7, 0.95, WORKERS)
    )
    truth = random.integers(classes, size=OBJECTS)
    objects = np.repeat(np.arange(OBJECTS), ANSWERS)
    workers = np.concatenate(
        [random.choice(WORKERS, ANSWERS, replace=False) for _ in range(OBJECTS)]
    )
    true = truth[objects]
    wrong = (true + random.integers(1, classes, len(true))) % classes
    answers = np.where(random.random(len(true)) < skills[workers], true, wrong)
    return truth, objects, workers, answers


def methods(classes: int, objects, workers, answers) -> dict[str, Callable[[], np.ndarray]]:
    import pandas as pd
    from crowdkit.aggregation import DawidSkene, MajorityVote

    frame = pd.DataFrame({"task": objects, "worker": workers, "label": answers})
    return {
        "sagectl Dawid-Skene": lambda: estimate(
            objects, workers, answers, classes=classes
        ).posterior.argmax(axis=1),
        "crowd-kit Dawid-Skene": lambda: (
            DawidSkene(n_iter=100).fit_predict(frame).sort_index().to_numpy()
        ),
        "crowd-kit majority vote": lambda: (
            MajorityVote().fit_predict(frame).sort_index().to_numpy()
        ),
    }


def main() -> None:
    for classes in (2, 5, 10):
        truth, *triples = answered(classes, seed=classes)
        rows = methods(classes, *triples)
        times: dict[str, list[float]] = {name: [] for name in rows}
        right = {}
        for _ in range(ROUNDS):  # in turn, so that a busy moment hits all of them
            for name, method in rows.items():
                begin = time.process_time()
                right[name] = (method() == truth).mean()
                times[name].append(time.process_time() - begin)
        own = float(np.median(times["sagectl Dawid-Skene"]))
        print(f"{classes} classes")
        for name in rows:
            took = float(np.median(times[name]))
            ratio = f"{took * 1000:8.1f} ms  {took / own:6.2f}x"
            print(f"  {name:<24} right {right[name]:.4f}  {ratio}")


if __name__ == "__main__":
    main()
