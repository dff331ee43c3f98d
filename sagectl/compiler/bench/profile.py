"""Where the time of a package goes, call by call, against what the machine could do."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sagectl.compiler.bench.peak import peak

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_WARM_UP = 2
_RUNS = 15
_SKIPPED = ("vm.builtin.",)


def measured(folder: Path, model: Path | None, feeds: Mapping[str, Any]) -> dict[str, Any]:
    """The calls of an unpacked package on one thread, the longest first, and the peaks.

    Operations and bytes are those of the package's own ``Operators``; with the ``model`` the
    rows name its nodes.
    """
    from sagectl.runtime import load, package

    known = package.meta(folder)["Sagectl"].get("Operators") or []
    names, seconds, whole = _timed(load(folder, threads=1), feeds)
    total = sum(seconds)
    # A package that was made before operators were recorded, or by another compiler.
    facts = known if [row["Function"] for row in known] == names else [{}] * len(names)
    nodes = _nodes(model, facts) if model is not None else [[] for _ in names]
    roof = peak()
    rows = [
        _row(name, taken, total, fact, covered, roof.gflops, roof.gbps)
        for name, taken, fact, covered in zip(names, seconds, facts, nodes, strict=True)
    ]
    return {
        "Threads": 1,
        "PeakGflops": roof.gflops,
        "PeakGbps": roof.gbps,
        "TotalMs": total * 1e3,
        "RuntimeMs": max(0.0, whole - total) * 1e3,
        "Operators": sorted(rows, key=lambda row: -row["ms"]),
    }


def _timed(runner: Any, feeds: Mapping[str, Any]) -> tuple[list[str], list[float], float]:
    """The kernels in the order of their calls, the median seconds of each, and of all."""
    import numpy as np

    events: list[tuple[str, bool, int]] = []

    def note(_function: Any, name: str, is_before: bool, *_rest: Any) -> int:
        events.append((name, is_before, time.thread_time_ns()))
        return 0

    for _ in range(_WARM_UP):
        runner.run(feeds)
    runner.watch(note)
    runs = []
    for _ in range(_RUNS):
        events.clear()
        runner.run(feeds)
        runs.append(_durations(events))
    names = [name for name, _ in runs[0][0]]
    taken = np.median([[each for _, each in calls] for calls, _ in runs], axis=0)
    return names, [float(each) for each in taken], float(np.median([all_ for _, all_ in runs]))


def _durations(
    events: Sequence[tuple[str, bool, int]],
) -> tuple[list[tuple[str, float]], float]:
    """Seconds of each kernel call, and from the first event to the last."""
    began: dict[str, list[int]] = defaultdict(list)
    calls = []
    for name, is_before, moment in events:
        if is_before:
            began[name].append(moment)
        elif (start := began[name].pop()) and not name.startswith(_SKIPPED):
            calls.append((name, (moment - start) / 1e9))
    return calls, (events[-1][2] - events[0][2]) / 1e9


def _row(
    name: str,
    seconds: float,
    total: float,
    fact: Mapping[str, Any],
    nodes: Sequence[str],
    gflops: float,
    gbps: float,
) -> dict[str, Any]:
    flops, size = fact.get("Flops", 0), fact.get("Bytes", 0)
    speed, flow = flops / seconds / 1e9, size / seconds / 1e9
    intensity = flops / size if size else 0.0
    # The roofline: what the arithmetic allows, or what memory can feed it with.
    roof = min(gflops, intensity * gbps) if intensity else 0.0
    return {
        "function": name,
        "values": list(fact.get("Values", ())),
        "nodes": list(nodes),
        "ms": seconds * 1e3,
        "share": seconds / total if total else 0.0,
        "flops": flops,
        "bytes": size,
        "gflops": speed,
        "gbps": flow,
        "of_peak": speed / gflops,
        "of_bandwidth": flow / gbps,
        "roof_gflops": roof,
    }


def _nodes(model: Path, facts: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """For each call the nodes of the ONNX model that it computes, first to last.

    They are found backwards from the tensor that a call ends with, until one that an earlier
    call has made.
    """
    import onnx

    from sagectl.compiler.frontends.onnx.importer import identifier

    graph = onnx.load(str(model), load_external_data=False).graph
    nodes = list(graph.node)
    made_by = {identifier(name): node for node in nodes for name in node.output if name}
    # The last value of a compiled graph has no name of the model: it is its output.
    if graph.output and (last := made_by.get(identifier(graph.output[0].name))):
        made_by.setdefault("gv", last)
    place = {id(node): index for index, node in enumerate(nodes)}
    taken: set[int] = set()
    found = []
    for fact in facts:
        covered: list[Any] = []
        waiting = [made_by[name] for name in fact.get("Values", ()) if name in made_by]
        while waiting:
            node = waiting.pop()
            if id(node) in taken:
                continue
            taken.add(id(node))
            covered.append(node)
            waiting += [made_by[n] for each in node.input if (n := identifier(each)) in made_by]
        order = sorted(covered, key=lambda node: place[id(node)])
        found.append([f"{node.op_type} {node.name or node.output[0]}" for node in order])
    return found
