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
# A change is judged by what it does to the same bytes; FUZZ_SEED=0 goes new ways.
SEED = os.environ.get("FUZZ_SEED", "1")


@pytest.mark.fuzz
@pytest.mark.parametrize("name", TARGETS)
def test_nothing_fails_but_on_purpose(name: str, tmp_path: Path) -> None:
    fuzzer = [sys.executable, "-m", "tests.fuzz.targets"]
    done = subprocess.run(
        [*fuzzer, name, str(SECONDS), str(tmp_path), SEED],
        cwd=ROOT,
        env=os.environ | {"PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        timeout=SECONDS + 120,
        check=False,
    )

    # The fuzzer's own words are on stderr, the exception that it met on stdout.
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_of_the_fuzzer_fail_only_on_purpose(name: str) -> None:
    from tests.fuzz.targets import SCRATCH, expected

    SCRATCH.mkdir(exist_ok=True)
    once = expected(TARGETS[name]())

    assert SEEDS[name]
    for seed in SEEDS[name]:
        once(seed)
