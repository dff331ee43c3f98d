"""A benchmark on a screen: engines, verdicts, memory, operators, the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sagectl.catalog.kinds import Column
from sagectl.render.views import Listing, Report

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sagectl.render.console import Console

_COLUMNS = (
    Column("ENGINE", "engine"),
    Column("THREADS", "threads"),
    Column("RUNS", "runs"),
    Column("P50 MS", "p50_ms"),
    Column("P90 MS", "p90_ms"),
    Column("P99 MS", "p99_ms"),
    Column("CPU MS", "cpu_ms"),
    Column("SPREAD", "spread"),
)
# The operators that a screen shows.
_OPERATORS_SHOWN = 15
_LONGEST_NAME = 44
_MEBI = 1 << 20


def benchmark(found: Mapping[str, Any]) -> Report:
    """How long each engine took, and on what machine."""
    rows: Sequence[Mapping[str, Any]] = found["Engines"]
    return Report(
        found,
        Listing("Engines", rows, _COLUMNS, "engine", "engine", "engines"),
        lambda console: _lines(found, console),
    )


def _lines(found: Mapping[str, Any], console: Console) -> Iterator[str]:
    yield from _times(found["Engines"])
    for each in found["Verdicts"]:
        yield _verdict(each, console)
    for row in found["Outputs"]:
        if not row["passed"]:
            mark = console.style("DIFFERENT", "bad")
            yield f"{mark} from {row['against']}: output {row['output']}"
    if found["Outputs"] and all(row["passed"] for row in found["Outputs"]):
        yield "Outputs agree."
    if found["Memory"]:
        yield from _memory(found["Memory"])
    if found["Profile"]:
        yield from _profile(found["Profile"])
    yield from _machine(found)


def _times(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    width = max(len(row["engine"]) for row in rows)
    titles = ("p50 ms", "p90 ms", "p99 ms", "CPU ms", "spread")
    yield f"{'':{width}}  threads {' '.join(f'{title:>9}' for title in titles)}"
    for row in rows:
        times = (row[key] for key in ("p50_ms", "p90_ms", "p99_ms", "cpu_ms"))
        numbers = " ".join(f"{time:9.3f}" for time in times)
        yield f"{row['engine']:{width}}  {row['threads']:7} {numbers} {row['spread']:9.0%}"


def _verdict(each: Mapping[str, Any], console: Console) -> str:
    is_better = each["ratio"] <= 1
    mark = console.style(f"{each['ratio']:.2f}", "good" if is_better else "bad")
    threads = "1 thread" if each["threads"] == 1 else f"{each['threads']} threads"
    return (
        f"{mark} of {each['against']}'s {each['clock']} time on {threads} "
        f"(95 % interval {each['low']:.2f} to {each['high']:.2f})."
    )


def _memory(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    told = ", ".join(f"{row['engine']} {row['peak_bytes'] / _MEBI:.0f} MiB" for row in rows)
    yield f"Peak memory: {told}."


def _profile(profile: Mapping[str, Any]) -> Iterator[str]:
    rows = profile["Operators"][:_OPERATORS_SHOWN]
    names = [operator_name(row)[:_LONGEST_NAME] for row in rows]
    width = max((len(name) for name in names), default=0)
    yield ""
    titles = f"{'ms':>8} {'share':>6} {'GFLOP/s':>8} {'of peak':>8} {'GB/s':>6}"
    yield f"{'operator':{width}}  {titles}"
    for name, row in zip(names, rows, strict=True):
        yield (
            f"{name:{width}}  {row['ms']:8.3f} {row['share']:6.1%} {row['gflops']:8.1f} "
            f"{row['of_peak']:8.0%} {row['gbps']:6.1f}"
        )
    if (more := len(profile["Operators"]) - len(rows)) > 0:
        rest = sum(row["ms"] for row in profile["Operators"][len(rows) :])
        yield f"and {more} more in {rest:.3f} ms; -o json shows them all"
    yield (
        f"On one thread; this machine's peak is {profile['PeakGflops']:.0f} GFLOP/s and "
        f"{profile['PeakGbps']:.1f} GB/s, measured."
    )


def operator_name(row: Mapping[str, Any]) -> str:
    """What a row of a profile is called: the model's nodes, else its tensor, else its code."""
    nodes = row["nodes"]
    if nodes:
        heavy = max(nodes, key=lambda node: node.split(" ")[0] in _HEAVY)
        more = f" +{len(nodes) - 1}" if len(nodes) > 1 else ""
        return f"{heavy}{more}"
    return " ".join([row["function"], *row["values"]])


# Node types that name an operator best, whatever is fused with them.
_HEAVY = ("Conv", "ConvTranspose", "Gemm", "MatMul", "LSTM", "GRU", "Softmax", "Attention")


def _machine(found: Mapping[str, Any]) -> Iterator[str]:
    machine, first = found["Machine"], found["Engines"][0]
    samples = "samples" if first["repeats"] == 1 else f"samples of {first['repeats']} runs"
    yield (
        f"{first['runs']} {samples} each on {machine['Cores']} processors "
        f"({machine['Processor']}), load {machine['Load']}"
        f"{'' if machine['IsQuiet'] else ': not quiet, so measure again when it is'}."
    )
