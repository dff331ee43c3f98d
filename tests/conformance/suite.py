"""Runs ONNX's backend suite: ``python -m tests.conformance.suite [--update] [PATTERN]``."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sagectl.compiler.frontends.onnx.gate import TABLE, Form
from tests.conformance.cases import case, forms, found

ROOT = Path(__file__).parents[2]
RESULTS = Path(__file__).with_name("results.tsv")
OPERATORS = ROOT / "sagectl" / "compiler" / "frontends" / "onnx" / TABLE
STATUSES = ("pass", "rounding", "refused", "wrong", "error")
SECONDS_PER_TEST = 120
BATCH = 400


@dataclass(frozen=True)
class Outcome:
    """How one test went: one of STATUSES here, pass, wrong or error in onnxruntime.

    "rounding" is beyond the suite's own bounds but within those of verification. ``bound``
    says that inputs had to become constants for it.
    """

    name: str
    sagectl: str
    bound: bool
    onnxruntime: str
    operators: tuple[str, ...]
    note: str


def run_suite(pattern: str = "", *, processes: int = 2) -> dict[str, Outcome]:
    """Outcome by test name, in order of names; each batch of tests has its own process."""
    names = [name for name in found() if re.search(pattern, name)]
    # Neighbours are alike, so dealing them out keeps the batches of equal weight.
    count = max(1, -(-len(names) // BATCH))
    batches = [names[start::count] for start in range(count)]
    outcomes: dict[str, Outcome] = {}

    def work() -> None:
        while batches:
            outcomes.update(_run_batch(batches.pop()))

    threads = [threading.Thread(target=work) for _ in range(processes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return dict(sorted(outcomes.items()))


def _run_batch(names: list[str]) -> dict[str, Outcome]:
    """A crash or an endless test costs that test alone: the rest goes on in a new process."""
    outcomes: dict[str, Outcome] = {}
    left = list(names)
    while left:
        with TemporaryDirectory(prefix="sagectl-suite-") as folder:
            events, ended = _run_process(left, Path(folder))
        for event in events:
            if "done" in event:
                outcomes[event["done"]] = _outcome(event)
        broken = next((e["started"] for e in reversed(events) if "started" in e), left[0])
        if broken not in outcomes:
            outcomes[broken] = Outcome(broken, "error", False, "error", (), ended)
        left = [name for name in left if name not in outcomes]
    return outcomes


def _run_process(names: list[str], folder: Path) -> tuple[list[dict[str, object]], str]:
    listed, log = folder / "names", folder / "log"
    listed.write_text("\n".join(names))
    log.touch()
    command = [sys.executable, "-m", "tests.conformance.worker", str(listed), str(log)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        ended = _watched(process, log)
    return [json.loads(line) for line in log.read_text().splitlines()], ended


def _watched(process: subprocess.Popen[bytes], log: Path) -> str:
    """Wait for the process, or end it when its log stands still for too long."""
    size, moved = 0, time.monotonic()
    while process.poll() is None:
        time.sleep(0.2)
        if log.stat().st_size != size:
            size, moved = log.stat().st_size, time.monotonic()
        elif time.monotonic() - moved > SECONDS_PER_TEST:
            process.kill()
            return f"no result within {SECONDS_PER_TEST} s"
    return f"the process ended with {process.returncode}"


def _outcome(event: dict[str, object]) -> Outcome:
    operators = event["operators"]
    assert isinstance(operators, list)
    return Outcome(
        str(event["done"]),
        str(event["sagectl"]),
        bool(event["bound"]),
        str(event["onnxruntime"]),
        tuple(operators),
        str(event["note"]),
    )


def kept_outcomes() -> dict[str, Outcome]:
    """The table under version control."""
    rows = [line.split("\t") for line in RESULTS.read_text().splitlines()[1:]]
    return {
        name: Outcome(name, ours, bound == "bound", theirs, tuple(operators.split(",")), note)
        for name, ours, bound, theirs, operators, note in rows
    }


def kept() -> dict[str, str]:
    """Test name -> status, as that table has it."""
    return {name: outcome.sagectl for name, outcome in kept_outcomes().items()}


def write_tables(outcomes: dict[str, Outcome]) -> None:
    """The table of tests, and the one of operators that the frontend reads."""
    lines = ["test\tsagectl\tconstants\tonnxruntime\toperators\tnote"]
    lines += [
        "\t".join(
            (
                each.name,
                each.sagectl,
                "bound" if each.bound else "",
                each.onnxruntime,
                ",".join(each.operators),
                each.note.replace("\t", " "),
            )
        )
        for _, each in sorted(outcomes.items())
    ]
    RESULTS.write_text("\n".join(lines) + "\n")
    OPERATORS.write_text(gate_table(outcomes))


def gate_table(outcomes: dict[str, Outcome]) -> str:
    """The forms of operators that tests apply alone, with how those tests went."""
    counts: dict[Form, Counter[str]] = {}
    for name, each in outcomes.items():
        # Only a test of one operator says something about that operator.
        if len(each.operators) == 1:
            for form in forms(case(name).model):
                counts.setdefault(form, Counter())[each.sagectl] += 1
    rows = ["operator\tversion\ttype\tattributes\tpass\trefused\tfail"]
    for form, count in sorted(counts.items()):
        ends = (
            count["pass"] + count["rounding"],
            count["refused"],
            count["wrong"] + count["error"],
        )
        fields = (form.operator, form.version, form.dtype, ";".join(form.attributes), *ends)
        rows.append("\t".join(map(str, fields)))
    return "\n".join(rows) + "\n"


def summary(outcomes: dict[str, Outcome]) -> str:
    """Totals on two lines: ours, with those that needed constants, and onnxruntime's."""
    ours = Counter(each.sagectl for each in outcomes.values())
    bound = sum(each.bound for each in outcomes.values() if each.sagectl == "pass")
    theirs = Counter(each.onnxruntime for each in outcomes.values())
    shown = ", ".join(f"{ours[key]} {key}" for key in STATUSES)
    beside = ", ".join(f"{theirs[key]} {key}" for key in ("pass", "wrong", "error"))
    return f"sagectl: {shown}; {bound} passes bind inputs\nonnxruntime: {beside}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pattern", nargs="?", default="")
    parser.add_argument("--update", action="store_true", help="write the tables")
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    outcomes = run_suite(given.pattern, processes=given.processes)
    for each in outcomes.values():
        if each.sagectl != "pass" and given.pattern:
            sys.stdout.write(f"{each.sagectl}\t{each.name}\t{each.note}\n")
    sys.stdout.write(summary(outcomes) + "\n")
    if given.update:
        write_tables(kept_outcomes() | outcomes if given.pattern else outcomes)


if __name__ == "__main__":
    main()
