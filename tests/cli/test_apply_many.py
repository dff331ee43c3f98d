"""Thousands of documents in one command: killed at any point, the next run ends it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.support.manifests import JOB

if TYPE_CHECKING:
    from pathlib import Path

MANY = 5000
# Beyond what the interpreter and a set of one take; a document and its change are about 3 KiB.
KIB_EACH = 5
SCRIPT = """
import re, sys
from pathlib import Path
from sagectl.cli.main import main
code = main(["--local", *sys.argv[1:]])
# Not ru_maxrss, which a child starts with its parent's.
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
sys.stderr.write(f"peak {peak}\\n")
sys.exit(code)
"""


def many(tmp_path: Path) -> str:
    """One document that a matrix makes into MANY."""
    numbers = ", ".join(f"m{number:03}" for number in range(MANY // 50))
    sizes = ", ".join(f"s{number:02}" for number in range(50))
    matrix = f"matrix:\n  limit: {MANY}\n  model: [{numbers}]\n  size: [{sizes}]\n"
    path = tmp_path / "many.yaml"
    text = JOB.replace("name: digits\n", "name: ${model}-${size}\n" + matrix)
    path.write_text(text, encoding="utf-8")
    return str(path)


def started(home: Path, *args: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *args],
        env={**os.environ, "SAGECTL_HOME": str(home), "SAGECTL_WORKERS": "0"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def told(process: subprocess.Popen[str], until: int = -1) -> tuple[int, str]:
    """How many jobs ``process`` says it made, ``until`` enough, and its last line."""
    assert process.stderr is not None
    count, line = 0, ""
    for line in process.stderr:
        count += line.endswith(" created\n")
        if count == until:
            break
    return count, line


def test_a_big_run_that_is_killed_is_ended_by_the_next(home: Path, tmp_path: Path) -> None:
    path = many(tmp_path)
    seen = 0
    for limit in (1, 1200):
        with started(home, "apply", "-f", path, "--yes") as process:
            assert told(process, limit)[0] == limit
            process.kill()
        seen += limit
    with started(home, "apply", "-f", path, "--yes") as process:
        rest, last = told(process)
    assert process.returncode == 0
    # Nothing is made twice; what was made between the last line read and the kill counts too.
    assert 0 < rest <= MANY - seen
    assert int(last.removeprefix("peak ")) < 40 * 1024 + MANY * KIB_EACH

    with started(home, "diff", "-f", path) as process:
        _, last = told(process)
    assert process.returncode == 0, last
