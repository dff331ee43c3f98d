"""``sagectl compile matrix`` and ``sagectl doctor``, from the shell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.conftest import Run

DIGITS = Path(__file__).parents[2] / "examples/quickstart/digits.onnx"
SHAPE = ("--input", "image=1,64")


def test_a_matrix_is_a_table_of_packages_and_a_failure_its_exit_code(
    run: Run, tmp_path: Path
) -> None:
    words = ("compile", "matrix", str(DIGITS), *SHAPE, "--format", "json")

    done = run(*words, "--targets", "LINUX_X86_64,amba_cv22", "-o", str(tmp_path))

    built, refused = json.loads(done.out)["Targets"]
    assert done.code == 5
    assert built["Status"] == "built"
    assert built["Proof"].startswith("equal to onnxruntime")
    assert Path(built["Package"]).parent == tmp_path
    assert "CVflow" in refused["Reason"]
    assert "amba_cv22" in done.err


def test_targets_that_are_none_are_refused_before_anything_is_compiled(run: Run) -> None:
    done = run("compile", "matrix", str(DIGITS), *SHAPE, "--targets", "LINUX_VAX")
    assert (done.code, done.out) == (2, "")
    assert "'LINUX_VAX' is no target" in done.err


def test_the_doctor_says_what_builds_and_runs_here_and_why_not(run: Run) -> None:
    done = run("doctor", "-o", "json")

    found = {row["Target"]: row for row in json.loads(done.out)["Targets"]}
    assert done.code == 0
    assert "ANDROID" in found["ANDROID_ARM64"]["Reason"]
    assert all(bool(row["Linker"]) != bool(row["Remedy"]) for row in found.values())


def test_what_comes_from_the_cache_took_no_seconds_and_needs_no_reason(
    run: Run, tmp_path: Path
) -> None:
    words = ("compile", "matrix", str(DIGITS), *SHAPE, "--targets", "LINUX_ARM64")
    words = (*words, "-o", str(tmp_path), "--format", "table")

    first, again = (run(*words).out.splitlines() for _ in range(2))

    assert first[0].split() == ["TARGET", "STATUS", "SECONDS", "BYTES", "PROOF"]
    built, cached = first[1].split(), again[1].split()
    assert built[1] == "built"
    assert cached[:3] == ["LINUX_ARM64", "cached", built[3]]
