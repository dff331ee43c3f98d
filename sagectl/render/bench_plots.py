"""The plots of a benchmark's page, as SVG that takes its colours from the page."""

from __future__ import annotations

from html import escape
from math import ceil, floor, log10, sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_WIDTH = 920
_LABELS = 250
_LONGEST_LABEL = 38
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


def distribution(series: Sequence[tuple[str, Sequence[float]]]) -> str:
    """Samples in ms as dots, a row per engine; what lies beyond four medians is at the edge."""
    medians = [sorted(values)[len(values) // 2] for _, values in series]
    largest = max(max(values) for _, values in series)
    top = min(largest * 1.04, 4 * max(medians))
    left, right, height = 190, _WIDTH - 20, 46
    bottom = height * len(series) + 8
    parts = [*_ticks_below(0.0, top, left, right, bottom, "ms per run")]
    for place, ((name, values), median) in enumerate(zip(series, medians, strict=True)):
        middle = height * place + height / 2 + 4
        parts.append(_text(left - 10, middle + 4, name, "end"))
        for index, value in enumerate(values):
            x = left + min(value, top) / top * (right - left)
            y = middle + (index * 7 % 5 - 2) * 4.5
            parts.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" class="f{place % 3}" '
                f'fill-opacity="0.55"><title>{value:.4f} ms</title></circle>'
            )
        x = left + median / top * (right - left)
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{middle - 17:.1f}" y2="{middle + 17:.1f}" '
            f'class="s{place % 3}" stroke-width="3"/>'
        )
    return _svg(bottom + 44, parts, "Distribution of the times")


def bars(
    entries: Sequence[tuple[str, float]],
    unit: str,
    told: Callable[[float], str],
    *,
    by_engine: bool = False,
) -> str:
    """Horizontal bars with their values behind them."""
    top = max((value for _, value in entries), default=0.0) or 1.0
    left, right, height = _LABELS, _WIDTH - 130, 24
    parts = [*_ticks_below(0.0, top, left, right, height * len(entries) + 4, unit)]
    for place, (name, value) in enumerate(entries):
        y = height * place + 4
        width = max(1.0, value / top * (right - left))
        colour = f"f{place % 3}" if by_engine else "f0"
        label = name if len(name) <= _LONGEST_LABEL else f"{name[: _LONGEST_LABEL - 1]}…"
        parts.append(_text(left - 8, y + 14, label, "end", title=name))
        parts.append(
            f'<rect x="{left}" y="{y}" width="{width:.1f}" height="{height - 7}" rx="2" '
            f'class="{colour}"/>'
        )
        parts.append(_text(left + width + 6, y + 14, told(value), "start", kind="soft"))
    return _svg(height * len(entries) + 48, parts, f"Bars in {unit}")


def roofline(
    dots: Sequence[tuple[float, float, float, str]], gflops: float, gbps: float
) -> str:
    """Operators by operations a byte and GFLOP/s, both logarithmic, under the machine's roof.

    A dot is (operations a byte, GFLOP/s, share of the time, name).
    """
    ridge = gflops / gbps
    low = floor(log10(min(min(dot[0] for dot in dots), ridge / 4)))
    high = ceil(log10(max(max(dot[0] for dot in dots), ridge * 4)))
    floor_speed = floor(log10(max(1e-3, min(dot[1] for dot in dots))))
    roof_speed = ceil(log10(gflops * 1.05))
    left, right, top, bottom = 70, _WIDTH - 30, 16, 330

    def at(intensity: float, speed: float) -> tuple[float, float]:
        x = (log10(intensity) - low) / (high - low)
        y = (log10(max(speed, 10.0**floor_speed)) - floor_speed) / (roof_speed - floor_speed)
        return left + x * (right - left), bottom - y * (bottom - top)

    parts = []
    for power in range(low, high + 1):
        x, _ = at(10.0**power, 1.0)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}" class="grid"/>')
        parts.append(_text(x, bottom + 18, _power(power), "middle", kind="soft"))
    for power in range(floor_speed, roof_speed + 1):
        _, y = at(1.0, 10.0**power)
        parts.append(f'<line x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>')
        parts.append(_text(left - 8, y + 4, _power(power), "end", kind="soft"))
    start = max(10.0**low, 10.0**floor_speed / gbps)
    corners = (at(start, start * gbps), at(ridge, gflops), at(10.0**high, gflops))
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    parts.append(f'<polyline points="{path}" fill="none" class="s1" stroke-width="2.5"/>')
    for intensity, speed, share, name in sorted(dots, key=lambda dot: -dot[2]):
        x, y = at(intensity, speed)
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{3 + 22 * sqrt(share):.1f}" class="f0" '
            f'fill-opacity="0.5"><title>{escape(name)}: {speed:.1f} GFLOP/s, '
            f"{share:.1%} of the time</title></circle>"
        )
    middle = (left + right) / 2
    parts.append(_text(middle, bottom + 40, "operations per byte of operands", "middle"))
    parts.append(
        f'<text x="16" y="{(top + bottom) / 2}" text-anchor="middle" '
        f'transform="rotate(-90 16 {(top + bottom) / 2})">GFLOP/s</text>'
    )
    return _svg(bottom + 52, parts, "Roofline")


def _power(power: int) -> str:
    return f"{10.0**power:g}"


def _ticks_below(
    low: float, high: float, left: float, right: float, bottom: float, unit: str
) -> list[str]:
    """A line, numbers under it, the unit under these, and a grid above."""
    parts = [f'<line x1="{left}" x2="{right}" y1="{bottom}" y2="{bottom}" class="axis"/>']
    step = _step(high - low)
    value = low
    while value <= high * 1.0001:
        x = left + (value - low) / (high - low) * (right - left)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="2" y2="{bottom}" class="grid"/>')
        parts.append(_text(x, bottom + 16, f"{value:.6g}", "middle", kind="soft"))
        value += step
    parts.append(_text((left + right) / 2, bottom + 34, unit, "middle"))
    return parts


def _step(span: float) -> float:
    """A round number that divides ``span`` in about six."""
    size = 10.0 ** floor(log10(span / 6))
    return next((size * each for each in _STEPS if size * each >= span / 6), size * 10)


def _text(
    x: float, y: float, text: str, anchor: str, *, kind: str = "", title: str = ""
) -> str:
    inner = f"<title>{escape(title)}</title>" if title and title != text else ""
    style = f' class="{kind}"' if kind else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{style}>{inner}'
        f"{escape(text)}</text>"
    )


def _svg(height: float, parts: Sequence[str], label: str) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height:.0f}" role="img" aria-label="{escape(label)}">\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )
