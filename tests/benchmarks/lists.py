"""Lists of many rows in a pipe: rows a second of CPU time, and peak memory over a short list's.

python -m tests.benchmarks.lists [ROWS]

ROWS defaults to 100,000; they are copies of one work team in the database of a state directory
of its own. Memory is flat if the last column is near nothing.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
import tempfile
from contextlib import closing
from typing import NamedTuple

from tests.benchmarks.startup import SAGECTL, environment, fill

SHORT = 1_000
FORMATS = ("table", "json", "jsonl", "yaml", "csv", "name")


class Cost(NamedTuple):
    """What one process took."""

    seconds: float
    peak_mib: float


def cost(words: tuple[str, ...], environ: dict[str, str]) -> Cost:
    """CPU time and peak memory of a command, its output thrown away."""
    null = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, null, number) for number in (0, 1, 2)]
    child = os.posix_spawn(SAGECTL[0], SAGECTL + words, environ, file_actions=actions)
    _, status, usage = os.wait4(child, 0)
    os.close(null)
    if status:
        raise RuntimeError(f"{' '.join(words)} ended with status {status}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def grow(database: str, rows: int) -> None:
    """Make the work teams ``rows``, each like the first, a millisecond apart."""
    with closing(sqlite3.connect(database)) as db, db:
        (have,) = db.execute(
            "SELECT count(*) FROM resources WHERE kind = 'Workteam'"
        ).fetchone()
        columns = "kind, account, region, status, parent, modified, body"
        db.executemany(
            f"INSERT INTO resources (name, created, {columns})"
            f" SELECT 'team-' || ?1, created + ?1, {columns} FROM resources"
            " WHERE kind = 'Workteam' LIMIT 1",
            ((number,) for number in range(have, rows)),
        )


def measured(rows: int) -> dict[str, tuple[Cost, Cost]]:
    """For each format what a short list and one of ``rows`` take."""
    with tempfile.TemporaryDirectory() as place:
        environ = environment(place)
        fill(environ)
        commands = {form: ("--local", "workteam", "list", "-o", form) for form in FORMATS}
        found: list[dict[str, Cost]] = []
        for count in (SHORT, rows):
            grow(f"{place}/home/plane.db", count)
            cost(commands["table"], environ)
            found.append({form: cost(words, environ) for form, words in commands.items()})
        return {form: (found[0][form], found[1][form]) for form in FORMATS}


def main() -> None:
    rows = int(sys.argv[1]) if sys.argv[1:] else 100_000
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} CPUs,")
    print(f"load {os.getloadavg()[0]:.1f}; {rows:,} rows, beside a list of {SHORT:,}\n")
    print("format  rows a second  peak MiB  more than short, MiB")
    for form, (short, long) in measured(rows).items():
        rate = (rows - SHORT) / (long.seconds - short.seconds)
        more = long.peak_mib - short.peak_mib
        print(f"{form:<7} {rate:>13,.0f}  {long.peak_mib:8.1f}  {more:.1f}")


if __name__ == "__main__":
    main()
