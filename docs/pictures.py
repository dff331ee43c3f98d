"""The pictures of docs/, drawn by what the code itself goes by, for docs/generate.py."""

from __future__ import annotations

import re
from html import escape
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DOCS = Path(__file__).parent
_STYLE = """
text{font:13px system-ui,sans-serif;fill:#1c2430}.soft{fill:#5b6675}.end{text-anchor:end}
.mid{text-anchor:middle}.sum{fill:#cfe0f7;stroke:#2563c9}.weight{fill:#fbdcb8;stroke:#b96a1b}
.value{fill:#d3e8c6;stroke:#4b7a2e}.plain{fill:#eef1f5;stroke:#9aa6b5}
.good{fill:#2563c9}.bad{fill:#b3372f}.line{stroke:#5b6675;stroke-dasharray:3 3}
@media(prefers-color-scheme:dark){text{fill:#e6eaf0}.soft{fill:#9aa6b5}.plain{fill:#232b36}
.sum{fill:#1d3a66}.weight{fill:#5d3b12}.value{fill:#2c4a1c}}
"""

# The attention whose tile is shown: heads, rows and columns, depth of a head.
_HEADS, _LENGTH, _DEPTH = 12, 384, 64
# The convolution whose tiles are shown: pixels of a row, output channels.
_SPAN, _CHANNELS = 28, 64
_MACHINES = (
    ("AVX-512", "X86_64", {"mcpu": "skylake-avx512"}),
    ("AVX2", "X86_64", {"mcpu": "haswell"}),
    ("NEON", "ARM64", {}),
)


def tiles() -> str:
    """The tile of accumulators that a convolution gets on three machines."""
    from sagectl.compiler.request import Platform
    from sagectl.compiler.schedules.cpu.tiles import best_tile
    from sagectl.compiler.targets import resolve

    parts, left = [], 10.0
    for name, arch, options in _MACHINES:
        target = resolve(Platform("LINUX", arch), None, options)
        lanes = target.vector_bytes // 4
        tile = best_tile(_SPAN, _CHANNELS // lanes, target.registers)
        wide, high = 6.0 * lanes, 13.0
        parts.append(text(left, 18, f"{name}: {target.registers} registers of {lanes} floats"))
        for column in range(tile.columns):
            parts.append(box(left + 34 + column * wide, 34, wide, high, "weight", lanes))
        for row in range(tile.rows):
            top = 34 + (row + 1.6) * high
            parts.append(box(left, top, 24, high, "value", 1))
            for column in range(tile.columns):
                parts.append(box(left + 34 + column * wide, top, wide, high, "sum", lanes))
        told = f"{tile.accumulators} sums, {tile.columns} of weights, 1 of a pixel"
        parts.append(text(left, 34 + 16.6 * high + 16, told, "soft"))
        left += 258
    return svg(774, 34 + 16.6 * 13 + 26, parts, "Tiles of accumulators on three machines")


def blocks() -> str:
    """Where the channels of one pixel lie in memory, on a plain image and on one in blocks."""
    channels, pixels, lanes = 16, 4, 8
    plain = [(c, p) for c, p in product(range(channels), range(pixels))]
    blocked = [
        (block * lanes + lane, p)
        for block, p, lane in product(range(channels // lanes), range(pixels), range(lanes))
    ]
    parts: list[str] = []
    for left, title, order in ((10, "NCHW", plain), (400, f"NCHW{lanes}c", blocked)):
        parts.append(text(left, 18, f"{title}: {channels} channels of {pixels} pixels"))
        for place, (channel, pixel) in enumerate(order):
            x, y = left + place % 16 * 23, 30 + place // 16 * 26
            is_vector = pixel == 0 and channel < lanes
            parts.append(box(x, y, 23, 22, "sum" if is_vector else "plain", 1))
            parts.append(
                text(x + 11.5, y + 15, str(channel), "mid" if is_vector else "mid soft")
            )
    told = (
        "In the order of memory, by channel; marked: what one vector of the first pixel loads."
    )
    return svg(778, 168, [*parts, text(10, 156, told, "soft")], "Two layouts of an image")


def attention() -> str:
    """What one tile of attention reads and writes, beside the scores of all rows."""
    from sagectl.compiler.passes.attention_tiles import tile_rows
    from sagectl.compiler.request import Platform
    from sagectl.compiler.targets import resolve

    target = resolve(Platform("LINUX", "X86_64"), None, {"mcpu": "skylake-avx512"})
    step = tile_rows((_HEADS,), _LENGTH, _LENGTH, target) or 0
    side, deep, strip, top = _LENGTH / 2, _DEPTH / 2, step / 2, 70.0
    parts, marked = [], top + 2 * strip
    for x, width, kind, name in (
        (10.0, deep, "value", "queries"),
        (80.0, side, "sum", "scores"),
        (340.0, deep, "sum", "result"),
    ):
        parts.append(box(x, top, width, side, "plain", 1))
        parts.append(box(x, marked, width, strip, kind, 1))
        parts.append(text(x, top + side + 16, name, "soft"))
    parts.append(box(80, top - deep - 6, side, deep, "weight", 1))
    parts.append(text(84, top - deep + 14, "keys"))
    parts.append(box(286, top, deep, side, "weight", 1))
    parts.append(text(286, top + side + 16, "values", "soft"))
    for line, (rows, words) in enumerate(((step, "a tile"), (_LENGTH, "a head"))):
        told = f"{words}: {rows} rows of scores, {4 * rows * _LENGTH >> 10} KiB"
        parts.append(text(420, top + 14 + 22 * line, told))
    told = f"{_HEADS} heads: {4 * _HEADS * _LENGTH**2 >> 10} KiB"
    parts.append(text(420, top + 58, told))
    parts.append(text(420, top + 90, "Marked: what one tile makes, start to end.", "soft"))
    return svg(778, top + side + 26, parts, "A tile of attention")


def ratios() -> str:
    """The table of models in the page on schedules, as bars."""
    page = (DOCS / "explanation" / "schedules.md").read_text(encoding="utf-8")
    cells = re.findall(r"([\w ,-]+?)(?: \([\w ]+\))? \| (\d\.\d\d)(?: to (\d\.\d\d))? ", page)
    rows = sorted((float(high or low), name.strip()) for name, low, high in cells)
    left, scale, high = 190, 460.0, 20
    bottom = 10 + high * len(rows)
    parts = []
    for place, (ratio, name) in enumerate(rows):
        y = 10 + place * high
        kind = "good" if ratio <= 1 else "bad"
        parts.append(text(left - 8, y + 12, name, "end"))
        parts.append(f'<rect x="{left}" y="{y}" width="{ratio * scale:.0f}" height="14" ')
        parts[-1] += f'class="{kind}"/>'
        parts.append(text(left + ratio * scale + 6, y + 12, f"{ratio:.2f}", "soft"))
    one = left + scale
    parts.append(f'<line x1="{one}" x2="{one}" y1="4" y2="{bottom}" class="line"/>')
    parts.append(text(one, bottom + 16, "onnxruntime", "mid soft"))
    return svg(774, bottom + 24, parts, "CPU time beside onnxruntime's, model by model")


def box(x: float, y: float, width: float, height: float, kind: str, lanes: int) -> str:
    """A register of so many lanes, or one value."""
    drawn = f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" class="{kind}"/>'
    ticks = "".join(tick(x + width * lane / lanes, y, height) for lane in range(1, lanes))
    return drawn + (f'<path d="{ticks}" class="{kind}" stroke-opacity=".35"/>' if ticks else "")


def tick(x: float, y: float, height: float) -> str:
    return f"M{x:g} {y:g}v{height:g}"


def text(x: float, y: float, words: str, kind: str = "") -> str:
    style = f' class="{kind}"' if kind else ""
    return f'<text x="{x:g}" y="{y:g}"{style}>{escape(words)}</text>'


def svg(width: float, height: float, parts: Sequence[str], label: str) -> str:
    def lines() -> Iterator[str]:
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
            f'role="img" aria-label="{escape(label)}">'
        )
        yield f"<style>{_STYLE.strip()}</style>"
        yield from parts
        yield "</svg>"

    return "\n".join(lines()) + "\n"


PICTURES = {
    "explanation/tiles": tiles,
    "explanation/blocks": blocks,
    "explanation/attention": attention,
    "explanation/ratios": ratios,
}
