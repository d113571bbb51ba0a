"""From edges of lineage to where goods went and what they were made of (`domain.md` §11).

A graph of two kinds of nodes: goods (a lot, or a serial) and steps (transformations). A walk visits each of them once,
in time and memory linear in the edges, whatever circles there are. What is met again is named and not entered again.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from processors.domain.events import LineageEdge

Direction = Literal["forward", "backward"]


class Goods(NamedTuple):
    """A lot, a serial (of a lot or of none), or a quantity of an item that is neither."""

    item_class: str
    item_code: str
    variant: str | None
    lot_code: str | None
    serial_code: str | None

    @property
    def traced(self) -> bool:
        """False for goods without an identity: which of them went where, nobody can say."""
        return self.lot_code is not None or self.serial_code is not None


@dataclass(slots=True)
class Part:
    """Goods that went into a step or came out. `quantity` in millionths, `occurred_at`: of the latest movement."""

    goods: Goods
    quantity: int
    movement_ids: tuple[str, ...]
    accounts: tuple[str, ...]
    occurred_at: int


@dataclass(slots=True)
class Step:
    """A transformation: its inputs and outputs, each in the order of their goods. One side may be empty."""

    transformation_id: str
    inputs: list[Part]
    outputs: list[Part]


@dataclass(slots=True)
class Visit:
    """One line of a walk, in the order of reading: `goods` alone at the start, else with the `part` that led to it.

    With a `step`, the step that the goods of the line above take part in by `part`. `level` counts from 0, `depth` the
    steps on the way. `last`: no other line of the same parent follows. `again`: entered elsewhere in the walk. `cut`:
    the walk's depth ends here, and more lies behind.
    """

    level: int
    depth: int
    goods: Goods
    part: Part | None = None
    step: Step | None = None
    last: bool = True
    again: bool = False
    cut: bool = False


class LineageGraph:
    """The net of all edges. `serials`: follow single serials where edges name them, not the lots that they are in.

    Edges of a reversal have negative quantities: only what remains counts.
    """

    def __init__(self, edges: Iterable[LineageEdge], serials: bool = False) -> None:
        self._steps: dict[str, Step] = {}
        self._uses: dict[Goods, list[tuple[Step, Part]]] = {}
        self._makings: dict[Goods, list[tuple[Step, Part]]] = {}
        sides: dict[tuple[str, str], list[LineageEdge]] = {}
        for edge in edges:
            sides.setdefault((edge.transformation_id, edge.role), []).append(edge)
        for (transformation, role), side in sides.items():
            parts = _parts(side, serials)
            if not parts:
                continue
            step = self._steps.setdefault(transformation, Step(transformation, [], []))
            (step.inputs if role == "input" else step.outputs).extend(parts)
            places = self._uses if role == "input" else self._makings
            for part in parts:
                if part.goods.traced:
                    places.setdefault(part.goods, []).append((step, part))
        for places in (self._uses, self._makings):
            for steps in places.values():
                steps.sort(key=lambda each: (each[1].occurred_at, each[0].transformation_id))

    def goods(self) -> set[Goods]:
        """All lots and serials that took part in something."""
        return self._uses.keys() | self._makings.keys()

    def steps(self, goods: Goods, direction: Direction) -> list[tuple[Step, Part]]:
        """The steps that goods went into (forward) or came out of (backward), in the order of time."""
        return (self._uses if direction == "forward" else self._makings).get(goods, [])

    def walk(self, start: Goods, direction: Direction, depth_max: int | None = None) -> Iterator[Visit]:
        """Everything that was made of some goods (forward), or that they were made of (backward).

        At most `depth_max` steps deep. Each step and each lot is entered where the way to it is shortest.
        """
        steps_from, goods_from, depths = self._shortest(start, direction, depth_max)
        stack = [Visit(0, 0, start)]
        while stack:
            visit = stack.pop()
            below: list[Visit] = []
            level, depth = visit.level + 1, visit.depth
            if visit.step is not None:
                for part in [] if visit.again else _other_side(visit.step, direction):
                    entered = goods_from.get(part.goods) == visit.step.transformation_id
                    below.append(Visit(level, depth, part.goods, part, again=part.goods.traced and not entered))
            elif not visit.again:
                steps = self.steps(visit.goods, direction)
                visit.cut = bool(steps) and depths.get(visit.goods, 0) == depth_max
                for step, part in [] if visit.cut else steps:
                    again = steps_from.get(step.transformation_id) != visit.goods
                    below.append(Visit(level, depth + 1, visit.goods, part, step, again=again))
            for place, each in enumerate(below):
                each.last = place == len(below) - 1
            stack += reversed(below)
            yield visit

    def _shortest(
        self, start: Goods, direction: Direction, depth_max: int | None
    ) -> tuple[dict[str, Goods], dict[Goods, str], dict[Goods, int]]:
        """Breadth first: the goods that each step is entered from, the step that goods are, and how deep they lie."""
        steps_from: dict[str, Goods] = {}
        goods_from: dict[Goods, str] = {}
        depths = {start: 0}
        waiting = deque([start])
        while waiting:
            goods = waiting.popleft()
            if depths[goods] == depth_max:
                continue
            for step, _ in self.steps(goods, direction):
                if step.transformation_id in steps_from:
                    continue
                steps_from[step.transformation_id] = goods
                for part in _other_side(step, direction):
                    if part.goods.traced and part.goods not in depths:
                        goods_from[part.goods] = step.transformation_id
                        depths[part.goods] = depths[goods] + 1
                        waiting.append(part.goods)
        return steps_from, goods_from, depths


def _other_side(step: Step, direction: Direction) -> list[Part]:
    return step.outputs if direction == "forward" else step.inputs


def _parts(side: list[LineageEdge], serials: bool) -> list[Part]:
    """The parts of one side, in the order of their goods. A lot's own edge and those of its serials say the same."""
    lots: dict[Goods, dict[str | None, list[LineageEdge]]] = {}
    for edge in side:
        lot = Goods(edge.item_class, edge.item_code, edge.variant, edge.lot_code, None)
        lots.setdefault(lot, {}).setdefault(edge.serial_code, []).append(edge)
    parts: list[Part] = []
    for lot, by_serial in lots.items():
        single = any(serial is not None for serial in by_serial) and (serials or lot.lot_code is None)
        if single:
            for serial, edges in by_serial.items():
                if serial is not None:
                    goods = Goods(lot.item_class, lot.item_code, lot.variant, lot.lot_code, serial)
                    parts += _net(goods, edges)
        else:
            own = by_serial.get(None)
            parts += _net(lot, own if own is not None else [edge for edges in by_serial.values() for edge in edges])
    return sorted(parts, key=lambda part: _order(part.goods))


def _net(goods: Goods, edges: list[LineageEdge]) -> list[Part]:
    """What remains of the edges; nothing where it was all taken back."""
    quantity = sum(edge.quantity for edge in edges)
    if quantity <= 0:
        return []
    taken_back: dict[int, int] = {}
    for edge in edges:
        if edge.quantity < 0:
            taken_back[-edge.quantity] = taken_back.get(-edge.quantity, 0) + 1
    left = []
    for edge in edges:
        if edge.quantity > 0 and taken_back.get(edge.quantity, 0):
            taken_back[edge.quantity] -= 1
        elif edge.quantity > 0:
            left.append(edge)
    movements = dict.fromkeys(edge.movement_id for edge in left)
    accounts = dict.fromkeys(edge.account for edge in left if edge.account is not None)
    return [Part(goods, quantity, tuple(movements), tuple(accounts), max(edge.occurred_at for edge in left or edges))]


def _order(goods: Goods) -> tuple[str, ...]:
    return (
        goods.item_class,
        goods.item_code,
        goods.variant or "",
        goods.lot_code or "",
        goods.serial_code or "",
    )
