"""Peak memory of a run, each engine in a process of its own.

As a program (``python -m sagectl.compiler.bench.memory``) it is that process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sagectl.compiler.bench import engines
from sagectl.compiler.bench.results import Memory
from sagectl.compiler.workplace import workplace

if TYPE_CHECKING:
    from collections.abc import Mapping

_RUNS = 3
_STATUS = Path("/proc/self/status")


class Subject(Protocol):
    """What is measured: which engines, on which files, with which inputs."""

    @property
    def against(self) -> tuple[str, ...]: ...

    @property
    def feeds(self) -> Mapping[str, Any]: ...

    def path(self, name: str) -> Path: ...


def measured(subject: Subject, threads: int) -> tuple[Memory, ...]:
    """A row per engine that could be measured, ours first; empty where no kernel tells."""
    import numpy as np

    if not _STATUS.exists():
        return ()
    with workplace("memory") as place:
        feeds = place / "feeds.npz"
        np.savez(feeds, allow_pickle=False, **subject.feeds)
        return tuple(
            _row(name, subject.path(name), threads, feeds)
            for name in (engines.OURS, *subject.against)
        )


def _row(name: str, path: Path, threads: int, feeds: Path) -> Memory:
    ended = subprocess.run(
        [sys.executable, "-m", __name__, name, str(path.absolute()), str(threads), str(feeds)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        lines = ended.stderr.strip().splitlines() or [f"ended with {ended.returncode}"]
        raise engines.refused(name, RuntimeError(lines[-1]))
    found = json.loads(ended.stdout.splitlines()[-1])
    return Memory(found["engine"], found["peak"], found["peak"] - found["before"])


def main(name: str, path: str, threads: str, feeds: str) -> None:
    """Load an engine, run it, and print what the kernel saw as its peak."""
    import numpy as np

    with np.load(feeds, allow_pickle=False) as archive:
        given = dict(archive)
    before = _bytes("VmRSS")
    engine = engines.loaded(name, Path(path), int(threads), given)
    for _ in range(_RUNS):
        engine.run(given)
    # getrusage would count the process that this one was forked from.
    said = {"engine": str(engine), "before": before, "peak": _bytes("VmHWM")}
    sys.stdout.write(json.dumps(said) + "\n")


def _bytes(name: str) -> int:
    lines = _STATUS.read_text(encoding="utf-8").splitlines()
    line = next(line for line in lines if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
