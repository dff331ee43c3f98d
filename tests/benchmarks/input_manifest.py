"""The checks of an input manifest beside no more than parsing its lines, in one run.

    python tests/benchmarks/input_manifest.py

Prints lines per second of both, their ratio, and how much memory the checks added for manifests
of four lengths, each in a process of its own.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sagectl.catalog.task_types import TASK_TYPES
from sagectl.schema.data.input_manifest import check_manifest

# A job takes 100,000 objects at most; the last manifest is refused, and read to its end.
LENGTHS, ROUNDS = (1_000, 10_000, 100_000, 1_000_000), 3


def written(folder: Path, lines: int) -> Path:
    path = folder / f"{lines}.manifest"
    with path.open("w") as stream:
        for number in range(lines):
            key = f"s3://scans/ward-{number % 100:02}/image-{number:06}.jpg"
            stream.write(json.dumps({"source-ref": key, "id": number}) + "\n")
    return path


def timed(function, path: Path) -> float:
    begin = time.process_time()
    function(path)
    return time.process_time() - begin


def parsed(path: Path) -> None:
    with path.open("rb") as stream:
        for line in stream:
            json.loads(line)


def checked(path: Path) -> None:
    check_manifest(path, path.name, TASK_TYPES["BoundingBox"])


def memory(path: str) -> None:
    before = peak()
    checked(Path(path))
    print((peak() - before) / 1024)


def peak() -> int:
    """KiB that this process held at most; getrusage would count its parent's too."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        for length in LENGTHS:
            path = written(Path(name), length)
            pairs = [(timed(checked, path), timed(parsed, path)) for _ in range(ROUNDS)]
            ours, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
            added = subprocess.run(
                [sys.executable, __file__, str(path)],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            rate = f"{length / ours:9,.0f} lines/s, parsing alone {length / bare:9,.0f}"
            print(
                f"{length:9,} lines: {rate}, {ours / bare:.2f}x; {float(added):.1f} MiB added"
            )


if __name__ == "__main__":
    memory(sys.argv[1]) if len(sys.argv) > 1 else main()
