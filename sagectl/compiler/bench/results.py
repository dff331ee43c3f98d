"""What a benchmark found, as values that every view is made from."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sagectl.compiler.comparison import Difference

# Resamplings from which the interval of a ratio is read, and what share of them it holds.
RESAMPLINGS = 1000
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Measurement:
    """One engine's runs on so many threads.

    Each sample is the mean of ``repeats`` runs in a row, in ms; ``spread`` is the distance
    between the quartiles of the wall time, as a share of its median.
    """

    engine: str
    threads: int
    runs: int
    repeats: int
    p50_ms: float
    p90_ms: float
    p99_ms: float
    fastest_ms: float
    spread: float
    cpu_ms: float
    wall_samples: tuple[float, ...] = field(repr=False, default=())
    cpu_samples: tuple[float, ...] = field(repr=False, default=())


@dataclass(frozen=True, slots=True)
class Verdict:
    """Our time over another engine's, with the interval that 95 % of resamplings fall into.

    ``clock`` is ``cpu`` on one thread, ``wall`` on several.
    """

    against: str
    threads: int
    clock: str
    ratio: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Memory:
    """Peak resident memory of a process of its own that loads one engine and runs the model.

    ``own_bytes`` is what of it came with the engine: library, weights, working memory.
    """

    engine: str
    peak_bytes: int
    own_bytes: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """How the package's outputs differ from those of one engine."""

    against: str
    rows: tuple[Difference, ...]

    @property
    def passed(self) -> bool:
        return all(row.passed for row in self.rows)


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What was measured, ours first, and on which machine."""

    subject: str
    inputs: str
    rows: tuple[Measurement, ...]
    machine: Mapping[str, Any]
    verdicts: tuple[Verdict, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    memory: tuple[Memory, ...] = ()
    profile: Mapping[str, Any] | None = None

    @property
    def worst(self) -> Verdict | None:
        """The highest ratio to the best of the other engines, over the numbers of threads."""
        best = {
            threads: max(
                (each for each in self.verdicts if each.threads == threads),
                key=lambda each: each.ratio,
            )
            for threads in {each.threads for each in self.verdicts}
        }
        return max(best.values(), key=lambda each: each.ratio, default=None)

    @property
    def ratio(self) -> float | None:
        """The ratio of the worst verdict; ``None`` where nothing was compared."""
        return self.worst.ratio if self.worst else None

    @property
    def memory_ratio(self) -> float | None:
        """Our peak memory over the smallest of the others."""
        others = [each.peak_bytes for each in self.memory[1:]]
        return self.memory[0].peak_bytes / min(others) if others else None

    def as_dict(self) -> dict[str, Any]:
        return {
            "Subject": self.subject,
            "Inputs": self.inputs,
            "Machine": dict(self.machine),
            "Engines": [asdict(row) for row in self.rows],
            "Verdicts": [asdict(each) for each in self.verdicts],
            "Ratio": self.ratio,
            "Outputs": [
                {"against": each.against, **row.as_dict()}
                for each in self.agreements
                for row in each.rows
            ],
            "Memory": [asdict(each) for each in self.memory],
            "MemoryRatio": self.memory_ratio,
            "Profile": self.profile,
        }


def measurement(
    engine: str, threads: int, repeats: int, wall: Sequence[float], cpu: Sequence[float]
) -> Measurement:
    """A row from samples in seconds."""
    import numpy as np

    low, p50, high, p90, p99 = (
        float(value) * 1e3 for value in np.quantile(wall, (0.25, 0.5, 0.75, 0.9, 0.99))
    )
    return Measurement(
        engine=engine,
        threads=threads,
        runs=len(wall),
        repeats=repeats,
        p50_ms=p50,
        p90_ms=p90,
        p99_ms=p99,
        fastest_ms=min(wall) * 1e3,
        spread=(high - low) / p50 if p50 else 0.0,
        cpu_ms=float(np.median(cpu)) * 1e3,
        wall_samples=tuple(round(value * 1e3, 6) for value in wall),
        cpu_samples=tuple(round(value * 1e3, 6) for value in cpu),
    )


def verdict(ours: Measurement, theirs: Measurement) -> Verdict:
    """The ratio of medians; its interval from resampling the pairs, the same each time."""
    import numpy as np

    clock = "cpu" if ours.threads == 1 else "wall"
    mine, other = (
        np.asarray(row.cpu_samples if clock == "cpu" else row.wall_samples)
        for row in (ours, theirs)
    )
    picked = np.random.default_rng(0).integers(0, len(mine), (RESAMPLINGS, len(mine)))
    ratios = np.median(mine[picked], axis=1) / np.median(other[picked], axis=1)
    tail = (1 - CONFIDENCE) / 2
    return Verdict(
        against=theirs.engine,
        threads=ours.threads,
        clock=clock,
        ratio=float(np.median(mine) / np.median(other)),
        low=float(np.quantile(ratios, tail)),
        high=float(np.quantile(ratios, 1 - tail)),
    )
