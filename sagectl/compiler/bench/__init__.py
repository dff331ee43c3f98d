"""How long a model takes as a package and under other engines, measured turn by turn."""

from __future__ import annotations

from sagectl.compiler.bench.measuring import bench
from sagectl.compiler.bench.results import Benchmark, Measurement, Verdict

__all__ = ["Benchmark", "Measurement", "Verdict", "bench"]
