from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sagectl.compiler.bench import bench
from sagectl.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from sagectl.compiler.packaging import Package


@pytest.mark.parametrize("threads", [1, 2])
def test_both_engines_are_measured_in_one_run(
    package: Package, model: Path, threads: int
) -> None:
    result = bench(package.path, model, threads=threads, runs=5)

    ours, theirs = result.rows
    assert (ours.engine, ours.threads, ours.runs) == ("sagectl", threads, 5)
    assert theirs.engine.startswith("onnxruntime ")
    assert 0 < ours.fastest_ms <= ours.p50_ms <= ours.p90_ms <= ours.p99_ms
    assert result.ratio is not None
    assert result.as_dict()["Machine"]["Processor"]


def test_a_package_alone_has_no_ratio(package: Package) -> None:
    assert bench(package.path, runs=2).ratio is None


def test_what_is_no_package_is_said(model: Path) -> None:
    with pytest.raises(InputError, match="not a package"):
        bench(model)
