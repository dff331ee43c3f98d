"""Every target of the fuzzer for a fixed time: nothing fails but on purpose."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.targets import SEEDS, TARGETS

ROOT = Path(__file__).parents[2]
SECONDS = int(os.environ.get("FUZZ_SECONDS", "40"))


@pytest.mark.fuzz
@pytest.mark.parametrize("name", TARGETS)
def test_nothing_fails_but_on_purpose(name: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz.targets", name, str(SECONDS), str(tmp_path)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS + 120, check=False
    )

    assert done.returncode == 0, done.stderr[-6000:]


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_of_the_fuzzer_fail_only_on_purpose(name: str) -> None:
    from tests.fuzz.targets import SCRATCH, expected

    SCRATCH.mkdir(exist_ok=True)
    once = expected(TARGETS[name]())

    assert SEEDS[name]
    for seed in SEEDS[name]:
        once(seed)
