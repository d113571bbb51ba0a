"""Drawings as SVG, made here so that pages need no script for them. All texts are escaped."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import accumulate
from typing import Final

NODE_WIDTH: Final = 190
NODE_HEIGHT: Final = 58
GAP_X: Final = 54
GAP_Y: Final = 18


def bars(values: Sequence[int], labels: Sequence[str], title: str) -> str:
    """Upright bars with a label under the first, the middle and the last; `title` for those who do not see them."""
    width, height, foot = 360, 110, 20
    step, most = width / max(len(values), 1), max([*values, 1])
    parts = [f'<line class="axis" x1="0" y1="{height}" x2="{width}" y2="{height}"/>']
    for place, value in enumerate(values):
        tall = 0 if value == 0 else max(2.0, (height - 16) * value / most)
        parts.append(
            f'<rect class="mark" x="{place * step + 1:.1f}" y="{height - tall:.1f}" width="{max(step - 2, 1):.1f}" '
            f'height="{tall:.1f}" rx="2"><title>{escape(labels[place])}: {value}</title></rect>'
        )
    for place, anchor in ((0, "start"), (len(values) // 2, "middle"), (len(values) - 1, "end")):
        x = {"start": 0.0, "middle": (place + 0.5) * step, "end": float(width)}[anchor]
        text = escape(labels[place])
        parts.append(f'<text class="faint" x="{x:.1f}" y="{height + 15}" text-anchor="{anchor}">{text}</text>')
    return _svg("chart", width, height + foot, title, parts)


@dataclass(frozen=True, slots=True)
class Share:
    """One bar of a Pareto: its name, its size, whether it is a loss, and its size as people write it."""

    name: str
    size: int
    loss: bool
    shown: str
    address: str


def pareto(shares: Sequence[Share], title: str) -> str:
    """Bars from the largest down, with the line of their sum so far in percent of all; twice: for a wide and a narrow
    screen, of which the style sheet shows one."""
    return _pareto_roomy(shares, title) + _pareto_narrow(shares, title)


def _pareto_roomy(shares: Sequence[Share], title: str) -> str:
    width, row, left, right = 720, 26, 210, 150
    most, room = _largest(shares), width - left - right
    parts, points = [], []
    for place, (share, percent) in enumerate(_with_sums(shares)):
        y = place * row
        name = share.name if len(share.name) <= 30 else share.name[:29] + "…"
        parts.append(
            f'<a href="{escape(share.address)}"><text x="0" y="{y + 17}">{escape(name)}</text>'
            f"{_bar(share, left, y + 5, room * share.size / most, row - 10)}</a>"
            f'<text x="{width}" y="{y + 17}" text-anchor="end">{escape(share.shown)} · {percent:.0f} %</text>'
        )
        points.append(f"{left + room * percent / 100:.1f},{y + row / 2:.1f}")
    parts.append(f'<polyline class="line" points="{" ".join(points)}"/>')
    return _svg("chart pareto roomy", width, max(len(shares), 1) * row, title, parts)


def _pareto_narrow(shares: Sequence[Share], title: str) -> str:
    """Name and value above each bar."""
    width, row = 320, 46
    most, parts = _largest(shares), []
    for place, (share, percent) in enumerate(_with_sums(shares)):
        y = place * row
        name = share.name if len(share.name) <= 26 else share.name[:25] + "…"
        parts.append(
            f'<a href="{escape(share.address)}"><text x="0" y="{y + 16}">{escape(name)}</text>'
            f"{_bar(share, 0, y + 23, width * share.size / most, 12)}</a>"
            f'<text x="{width}" y="{y + 16}" text-anchor="end">{escape(share.shown)} · {percent:.0f} %</text>'
        )
    return _svg("chart pareto narrow", width, max(len(shares), 1) * row, title, parts)


def _bar(share: Share, x: int, y: int, long: float, tall: int) -> str:
    tone = "bad" if share.loss else "good"
    return (
        f'<rect class="mark {tone}" x="{x}" y="{y}" width="{max(2.0, long):.1f}" height="{tall}" rx="3">'
        f"<title>{escape(share.name)}: {escape(share.shown)}</title></rect>"
    )


def _largest(shares: Sequence[Share]) -> int:
    return max((share.size for share in shares), default=1) or 1


def _with_sums(shares: Sequence[Share]) -> list[tuple[Share, float]]:
    """Each with the sum so far in percent of all."""
    whole = sum(share.size for share in shares) or 1
    sums = accumulate(share.size for share in shares)
    return [(share, so_far * 100 // whole) for share, so_far in zip(shares, sums, strict=True)]


@dataclass(slots=True)
class Node:
    """A box of a graph. `kind`: `goods`, `step`, `account`, `stock`; `level` from the left."""

    key: str
    kind: str
    level: int
    lines: Sequence[str]
    address: str = ""
    start: bool = False
    place: float = field(default=0.0)


def graph(nodes: Sequence[Node], edges: Sequence[tuple[str, str]], title: str, style: str = "") -> str:
    """Boxes in columns from left to right, each in an order that crosses few edges; `style`: CSS of its own."""
    if not nodes:
        return ""
    columns: dict[int, list[Node]] = {}
    for node in nodes:
        columns.setdefault(node.level, []).append(node)
    _order(columns, edges)
    tallest = max(len(column) for column in columns.values())
    height = tallest * (NODE_HEIGHT + GAP_Y) + GAP_Y
    first = min(columns)
    at: dict[str, tuple[float, float]] = {}
    for level, column in columns.items():
        top = (height - len(column) * (NODE_HEIGHT + GAP_Y) + GAP_Y) / 2
        for place, node in enumerate(column):
            at[node.key] = ((level - first) * (NODE_WIDTH + GAP_X) + 8, top + place * (NODE_HEIGHT + GAP_Y))
    parts = [f"<style>{style}</style>"] if style else []
    parts += [_edge(at[left], at[right]) for left, right in edges if left in at and right in at]
    parts += [_box(node, *at[node.key]) for node in nodes]
    width = (max(columns) - first + 1) * (NODE_WIDTH + GAP_X) - GAP_X + 16
    return _svg("graph", width, height, title, parts, fixed=True)


def _order(columns: dict[int, list[Node]], edges: Sequence[tuple[str, str]]) -> None:
    """Each box near the middle of those that lead to it, going over the columns a few times."""
    near: dict[str, list[str]] = {}
    for left, right in edges:
        near.setdefault(left, []).append(right)
        near.setdefault(right, []).append(left)
    where = {node.key: float(place) for column in columns.values() for place, node in enumerate(column)}
    for _ in range(4):
        for level in sorted(columns):
            for node in columns[level]:
                around = [where[key] for key in near.get(node.key, ()) if key in where]
                node.place = sum(around) / len(around) if around else where[node.key]
            columns[level].sort(key=lambda node: node.place)
            where.update({node.key: float(place) for place, node in enumerate(columns[level])})


def _edge(left: tuple[float, float], right: tuple[float, float]) -> str:
    x, y = left[0] + NODE_WIDTH, left[1] + NODE_HEIGHT / 2
    to_x, to_y = right[0], right[1] + NODE_HEIGHT / 2
    if to_x < x:  # a circle: back to a column on the left
        x, to_x = left[0] + NODE_WIDTH / 2, right[0] + NODE_WIDTH / 2
        bow = f"C{x:.0f},{y + 90:.0f} {to_x:.0f},{to_y + 90:.0f}"
        return f'<path class="edge" d="M{x:.0f},{y:.0f} {bow} {to_x:.0f},{to_y:.0f}"/>'
    bend = (to_x - x) / 2
    return (
        f'<path class="edge" d="M{x:.0f},{y:.0f} C{x + bend:.0f},{y:.0f} {to_x - bend:.0f},{to_y:.0f} '
        f'{to_x:.0f},{to_y:.0f}"/>'
    )


def _box(node: Node, x: float, y: float) -> str:
    texts = []
    for place, line in enumerate(node.lines[:3]):
        style, longest = ("strong", 20) if place == 0 else ("faint", 28)
        short = line if len(line) <= longest else line[: longest - 1] + "…"
        texts.append(f'<text class="{style}" x="{x + 10:.0f}" y="{y + 18 + place * 16:.0f}">{escape(short)}</text>')
    whole = escape(" · ".join(node.lines))
    box = (
        f'<g class="node {node.kind}{" start" if node.start else ""}"><title>{whole}</title>'
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{NODE_WIDTH}" height="{NODE_HEIGHT}" rx="8"/>{"".join(texts)}</g>'
    )
    return f'<a href="{escape(node.address)}">{box}</a>' if node.address else box


def _svg(name: str, width: float, height: float, title: str, parts: Sequence[str], fixed: bool = False) -> str:
    """A drawing with links in it is a group of them to those who do not see it; one without is a picture."""
    role = "group" if any(part.startswith("<a ") for part in parts) else "img"
    size = f'width="{width:.0f}" height="{height:.0f}" ' if fixed else ""
    return (
        f'<svg class="{name}" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" {size}'
        f'role="{role}" aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )
