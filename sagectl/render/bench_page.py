"""A benchmark as a page of its own: plots, tables, machine; it fetches nothing."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from sagectl.render.bench_plots import bars, distribution, roofline
from sagectl.render.bench_view import operator_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_MEBI = 1 << 20

_STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2430; --soft: #5b6675;
  --line: #d8dee6; --card: #f6f8fa; --good: #1a7f4b; --bad: #b3372f;
  --e0: #2563c9; --e1: #d9822b; --e2: #5f8f3e; }
@media (prefers-color-scheme: dark) { :root { --paper: #12161c; --ink: #e6eaf0;
  --soft: #9aa6b5; --line: #2e3743; --card: #1a2029; --good: #57c98c; --bad: #f0857c;
  --e0: #6ea3ff; --e1: #f0a95c; --e2: #9ccb74; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 960px; padding: 32px 20px 64px; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 24px; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 36px 0 8px; }
p { margin: 4px 0 10px; color: var(--soft); }
.verdicts { display: grid; grid-template-columns: repeat(auto-fit, minmax(200px, 1fr));
  gap: 12px; margin: 20px 0; }
.verdict { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: 12px 14px; }
.verdict b { font-size: 28px; line-height: 1.2; display: block; }
.verdict span { color: var(--soft); font-size: 13px; }
.good { color: var(--good); } .bad { color: var(--bad); }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { padding: 5px 8px; border-bottom: 1px solid var(--line); text-align: right;
  font-variant-numeric: tabular-nums; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; white-space: normal;
  overflow-wrap: anywhere; }
th { color: var(--soft); font-weight: 600; }
.scroll { overflow-x: auto; margin: 0 0 18px; }
svg { display: block; width: 100%; height: auto; margin: 6px 0 2px; }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
svg .soft { fill: var(--soft); } svg .axis { stroke: var(--soft); fill: none; }
svg .grid { stroke: var(--line); fill: none; }
.f0 { fill: var(--e0); } .f1 { fill: var(--e1); } .f2 { fill: var(--e2); }
.s0 { stroke: var(--e0); } .s1 { stroke: var(--e1); } .s2 { stroke: var(--e2); }
"""


def page(found: Mapping[str, Any]) -> str:
    """The page of what ``Benchmark.as_dict`` gave; the same values give the same text."""
    name = escape(found["Subject"].rsplit("/", 1)[-1])
    return "".join(
        (
            '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            f"<title>{name}: benchmark</title>\n<style>{_STYLE}</style>\n",
            f"<h1>{name}</h1>\n<p>{escape(_machine_line(found['Machine']))}</p>\n",
            *_verdicts(found),
            *_latency(found),
            *_memory(found["Memory"]),
            *_profile(found["Profile"]),
            *_details(found),
            "</html>\n",
        )
    )


def _machine_line(machine: Mapping[str, Any]) -> str:
    quiet = "a quiet machine" if machine["IsQuiet"] else "not a quiet machine: read with care"
    return (
        f"{machine['Processor']}, {machine['Cores']} processors, load {machine['Load']} "
        f"({quiet})"
    )


def _threads(count: int) -> str:
    return "1 thread" if count == 1 else f"{count} threads"


def _verdicts(found: Mapping[str, Any]) -> Iterator[str]:
    yield '<div class="verdicts">\n'
    for each in found["Verdicts"]:
        kind = "good" if each["ratio"] <= 1 else "bad"
        yield (
            f'<div class="verdict"><b class="{kind}">{each["ratio"]:.2f}</b>'
            f"of {escape(each['against'])}'s {each['clock']} time, "
            f"{_threads(each['threads'])}<br>"
            f"<span>95 % interval {each['low']:.2f} to {each['high']:.2f}</span></div>\n"
        )
    yield "</div>\n"
    rows = found["Outputs"]
    if rows:
        wrong = [row for row in rows if not row["passed"]]
        told = (
            f'<span class="bad">{len(wrong)} of {len(rows)} outputs differ.</span>'
            if wrong
            else "All outputs agree within the tolerances, checked in the same run."
        )
        yield f"<p>{told}</p>\n"


def _latency(found: Mapping[str, Any]) -> Iterator[str]:
    rows: Sequence[Mapping[str, Any]] = found["Engines"]
    yield "<h2>Latency</h2>\n"
    titles = (
        "engine",
        "threads",
        "p50 ms",
        "p90 ms",
        "p99 ms",
        "fastest ms",
        "CPU ms",
        "spread",
    )
    keys = ("p50_ms", "p90_ms", "p99_ms", "fastest_ms", "cpu_ms")
    yield from _table(
        titles,
        [
            (
                row["engine"],
                str(row["threads"]),
                *(f"{row[key]:.3f}" for key in keys),
                f"{row['spread']:.0%}",
            )
            for row in rows
        ],
    )
    for threads in dict.fromkeys(row["threads"] for row in rows):
        chosen = [row for row in rows if row["threads"] == threads]
        series = [(row["engine"], list(row["wall_samples"])) for row in chosen]
        yield f"<p>Wall time of each sample, {_threads(threads)}; the bar is the median.</p>\n"
        yield distribution(series)


def _memory(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not rows:
        return
    yield "<h2>Peak memory</h2>\n<p>Resident memory of a process that loads one engine.</p>\n"
    entries = [(row["engine"], row["peak_bytes"] / _MEBI) for row in rows]
    yield bars(entries, "MiB", lambda value: f"{value:.0f} MiB", by_engine=True)


def _profile(profile: Mapping[str, Any] | None) -> Iterator[str]:
    if not profile or not profile["Operators"]:
        return
    rows = profile["Operators"]
    yield "<h2>Operators</h2>\n"
    yield (
        "<p>One thread, longest first; the peak of one core, measured here, is "
        f"{profile['PeakGflops']:.0f} GFLOP/s and {profile['PeakGbps']:.1f} GB/s.</p>\n"
    )
    entries = [(operator_name(row), row["ms"]) for row in rows[:20]]
    shares = iter([f"{row['ms']:.3f} ms, {row['share']:.1%}" for row in rows[:20]])
    yield bars(entries, "ms", lambda _: next(shares))
    known = [row for row in rows if row["flops"] and row["bytes"]]
    if known:
        yield "<h2>Roofline</h2>\n"
        yield "<p>Each dot is an operator, its area its time. The line is what arithmetic "
        yield "(flat) and memory (sloped) allow.</p>\n"
        dots = [
            (row["flops"] / row["bytes"], row["gflops"], row["share"], operator_name(row))
            for row in known
        ]
        yield roofline(dots, profile["PeakGflops"], profile["PeakGbps"])
    yield "<h2>All operators</h2>\n"
    yield from _table(
        ("operator", "ms", "share", "GFLOP/s", "of peak", "GB/s"),
        [
            (
                operator_name(row),
                f"{row['ms']:.4f}",
                f"{row['share']:.1%}",
                f"{row['gflops']:.1f}",
                f"{row['of_peak']:.0%}",
                f"{row['gbps']:.1f}",
            )
            for row in rows
        ],
    )


def _details(found: Mapping[str, Any]) -> Iterator[str]:
    machine, first = found["Machine"], found["Engines"][0]
    yield "<h2>How it was measured</h2>\n"
    rows = [
        ("Subject", found["Subject"]),
        ("Inputs", found["Inputs"]),
        (
            "Samples",
            f"{first['runs']} of each engine, in turns, of {first['repeats']} runs each",
        ),
        ("Processor", f"{machine['Processor']} ({machine['Machine']})"),
        ("Processors", f"{machine['Cores']}{', virtual' if machine['IsVirtual'] else ''}"),
        ("Memory", f"{machine['MemoryBytes'] / (_MEBI << 10):.1f} GiB"),
        ("Load before", str(machine["Load"])),
        ("System", machine["System"]),
        ("Python", machine["Python"]),
        ("sagectl", machine["Sagectl"]),
    ]
    yield from _table(("fact", "value"), rows)


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield '<div class="scroll"><table><tr>'
    yield "".join(f"<th>{escape(title)}</th>" for title in titles)
    yield "</tr>\n"
    for row in rows:
        yield f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>\n"
    yield "</table></div>\n"
