"""Plots as small SVG files: bars of one figure for each contender, and lines over a logarithmic scale.

Written by hand, without a library, so that they stay a few kilobytes and read well in a diff. Colours are chosen to be
told apart on light and dark ground; the text takes the reader's own colour.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

WIDTH = 720
LEFT = 230
BAR, GAP, TOP = 22, 10, 44
COLOURS = ("#2f7ed8", "#d9822b", "#3a9a5b", "#b0438a", "#7d6bd0", "#a08a2c")
OWN, OTHER = "#2f7ed8", "#9aa5b1"
STYLE = "text{font:13px sans-serif;fill:#57606a}.t{font-weight:bold}.g{stroke:#9aa5b1;stroke-opacity:.35}"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what it is of, its length, the text at its end; `own`: in the product's colour."""

    label: str
    value: float
    text: str
    own: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what it is of, and its points (x, y), both above 0."""

    label: str
    points: Sequence[tuple[float, float]]


def bars(title: str, each: Sequence[Bar]) -> str:
    """An SVG of horizontal bars, in the order given."""
    room = WIDTH - LEFT - 150
    most = max((bar.value for bar in each), default=1.0) or 1.0
    parts = [f'<text class="t" x="8" y="22">{escape(title)}</text>']
    for place, bar in enumerate(each):
        y = TOP + place * (BAR + GAP)
        length = max(1.0, bar.value / most * room)
        parts += [
            f'<text x="{LEFT - 8}" y="{y + 16}" text-anchor="end">{escape(bar.label)}</text>',
            f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR}" rx="2" fill="{OWN if bar.own else OTHER}"/>',
            f'<text x="{LEFT + length + 6:.1f}" y="{y + 16}">{escape(bar.text)}</text>',
        ]
    return _svg(TOP + len(each) * (BAR + GAP) + 6, title, parts)


def lines(title: str, x_name: str, y_name: str, each: Sequence[Line]) -> str:
    """An SVG of lines, both axes logarithmic; names at the right, in the order given."""
    points = [point for line in each for point in line.points]
    if not points:
        return _svg(60, title, [f'<text class="t" x="8" y="22">{escape(title)}</text>'])
    left, right, top, bottom = 70, WIDTH - 260, 44, 320
    xs, ys = sorted({x for x, _ in points}), [y for _, y in points]
    x_low, x_high = log10(xs[0]), log10(xs[-1]) if xs[-1] > xs[0] else log10(xs[0]) + 1
    y_low, y_high = floor(log10(min(ys))), max(ceil(log10(max(ys))), floor(log10(min(ys))) + 1)

    def across(x: float) -> float:
        return left + (log10(x) - x_low) / (x_high - x_low) * (right - left)

    def up(y: float) -> float:
        return bottom - (log10(y) - y_low) / (y_high - y_low) * (bottom - top)

    parts = [f'<text class="t" x="8" y="22">{escape(title)}</text>']
    for power in range(y_low, y_high + 1):
        y = up(10.0**power)
        parts.append(f'<line class="g" x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:,g}</text>')
    for x in xs:
        parts.append(f'<line class="g" x1="{across(x):.1f}" x2="{across(x):.1f}" y1="{top}" y2="{bottom}"/>')
        parts.append(f'<text x="{across(x):.1f}" y="{bottom + 18}" text-anchor="middle">{x:,g}</text>')
    parts.append(f'<text x="{(left + right) / 2}" y="{bottom + 38}" text-anchor="middle">{escape(x_name)}</text>')
    parts.append(f'<text x="{left}" y="{top - 6}" text-anchor="end">{escape(y_name)}</text>')
    for place, line in enumerate(each):
        colour = COLOURS[place % len(COLOURS)]
        path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in line.points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="3" fill="{colour}"/>' for x, y in line.points]
        parts.append(f'<rect x="{right + 16}" y="{top + place * 20}" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{right + 34}" y="{top + place * 20 + 11}">{escape(line.label)}</text>')
    return _svg(bottom + 50, title, parts)


def _svg(height: float, title: str, parts: Sequence[str]) -> str:
    form, view = 'xmlns="http://www.w3.org/2000/svg"', f'viewBox="0 0 {WIDTH} {height:g}"'
    head = f'<svg {form} {view} role="img" aria-label="{escape(title)}">'
    return "\n".join([head, f"<style>{STYLE}</style>", *parts, "</svg>"]) + "\n"
