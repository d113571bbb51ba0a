"""The walk through the lineage of the store: each step and each lot once, whatever circles there are.

The store finds all edges on the way by one recursive query, and the walk goes through them in memory, in time linear in
the edges (docs/trace-and-recall.md has what was measured against it).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from processors.domain.lineage_graph import Direction, Goods
from processors.edge.store import queries_trace
from processors.edge.store.queries_trace import Connection, Edge, Role, goods_order

Key = tuple[str, ...]
"""Item class, item code, variant, lot, serial; empty where absent."""


class Link(NamedTuple):
    """Goods that went into a step (`input`) or came out of it (`output`). `quantity` in millionths, above 0.

    `occurred_at`: of the latest movement, milliseconds UTC.
    """

    transformation_id: str
    role: Role
    goods: Goods
    quantity: int
    occurred_at: int


@dataclass(slots=True)
class Network:
    """Everything that was reached in one direction.

    `depths`: the goods in the order in which they were reached, the start first, with how many steps lie between.
    `steps`: the transformations that were entered, in that order too; `links` gives their two sides. `cut`: goods at
    the depth where the walk ended, behind which more lies.
    """

    direction: Direction
    depths: dict[Goods, int] = field(default_factory=dict)
    steps: dict[str, list[Edge]] = field(default_factory=dict)
    cut: set[Goods] = field(default_factory=set)

    def goods_of(self, step: str) -> set[Goods]:
        """The goods on both sides of a step."""
        return {_goods(edge[2:7]) for edge in self.steps[step]}

    def links(self, step: str) -> list[Link]:
        """Both sides of a step, inputs first, in the order of their goods."""
        return [Link(step, edge[1], _goods(edge[2:7]), edge[7], edge[8]) for edge in sorted(self.steps[step])]


def walk(connection: Connection, start: Goods, direction: Direction, depth_max: int | None = None) -> Network:
    """What was made of some goods (`forward`), or what they were made of (`backward`), at most `depth_max` steps far.

    A start that is a serial follows single serials where edges name them; a lot follows lots.
    """
    ahead = None if depth_max is None else depth_max + 1
    steps = _net(queries_trace.reachable(connection, start, direction, ahead), start.serial_code is not None)
    near: Role = "input" if direction == "forward" else "output"
    takers: dict[Key, list[str]] = {}
    for step, edges in steps.items():
        for edge in edges:
            if edge[1] == near:
                takers.setdefault(edge[2:7], []).append(step)
    network = Network(direction)
    first = goods_order(start)
    depths: dict[Key, int] = {first: 0}
    level, depth = [first], 0
    while level:
        entered = {step for key in level for step in takers.get(key, ()) if step not in network.steps}
        if depth == depth_max:
            network.cut = {_goods(key) for key in level if not entered.isdisjoint(takers.get(key, ()))}
            break
        depth += 1
        reached: set[Key] = set()
        for step in sorted(entered):
            edges = network.steps[step] = steps[step]
            reached.update([edge[2:7] for edge in edges if edge[1] != near])
        level = sorted(key for key in reached if key not in depths and (key[3] or key[4]))
        depths.update(dict.fromkeys(level, depth))
    network.depths = {_goods(key): depth for key, depth in depths.items()}
    return network


def _net(edges: Sequence[Edge], serials: bool) -> dict[str, list[Edge]]:
    """The steps with what remains on either side: what was all taken back is no part.

    A lot's own edge and those of its serials say the same: `serials` tells which of the two count.
    """
    steps: dict[str, list[Edge]] = {}
    for edge in edges:
        if serials or not edge[6] or not edge[5]:
            steps.setdefault(edge[0], []).append(edge)
    for step, some in steps.items():
        if serials:
            in_pieces = {edge[1:6] for edge in some if edge[6]}
            some = [edge for edge in some if edge[6] or edge[1:6] not in in_pieces]
        steps[step] = _summed(some)
    return steps


def _summed(edges: list[Edge]) -> list[Edge]:
    """One edge for each role and goods, without those of which nothing remains."""
    if len({edge[1:7] for edge in edges}) == len(edges):
        return [edge for edge in edges if edge[7] > 0]
    sums: dict[Sequence[str], tuple[int, int]] = {}
    for edge in edges:
        quantity, moment = sums.get(edge[:7], (0, 0))
        sums[edge[:7]] = quantity + edge[7], max(moment, edge[8])
    return [(*key, *rest) for key, rest in sums.items() if rest[0] > 0]  # type: ignore[misc]  # put together again


def _goods(key: Sequence[str]) -> Goods:
    return Goods(key[0], key[1], key[2] or None, key[3] or None, key[4] or None)
