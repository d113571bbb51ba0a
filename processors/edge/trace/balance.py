"""Quantities that add up: what came in is what is here, went out, was used, or was counted away (`domain.md` §11).

received = on hand + shipped + consumed + adjusted, for every lot and serial, and per warehouse with what was moved:

- received: brought in from outside, or made here (`made` is that part of it); goods that came back count again
- shipped: taken out by a document or without one, and into nothing else
- consumed: taken out as input of a transformation
- adjusted: what counts found less than the books had; below 0 where they found more
- moved: taken to other warehouses, less what came from them; 0 over all

A movement that was reversed is none of these. `unexplained` is 0 unless the lot is older than the history that is kept.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from processors.domain import keys, quantity
from processors.domain.lineage_graph import Goods
from processors.edge.store import queries_trace
from processors.edge.store.queries_trace import Connection, LotFacts, Paper, SerialFacts, Standing

OFFSET = "/offset"
"""Ends the movement id of a transfer's other side."""


@dataclass(slots=True)
class Sums:
    """Sums in millionths, in the management unit."""

    received: int = 0
    made: int = 0
    on_hand: int = 0
    shipped: int = 0
    consumed: int = 0
    adjusted: int = 0
    moved: int = 0

    @property
    def unexplained(self) -> int:
        """What the history that is kept does not explain."""
        return self.received - self.on_hand - self.shipped - self.consumed - self.adjusted - self.moved


@dataclass(slots=True)
class Balance:
    """The sums of some goods, over all and per warehouse; `unit` is None where nothing is known of them."""

    unit: str | None = None
    total: Sums = field(default_factory=Sums)
    warehouses: dict[str, Sums] = field(default_factory=dict)
    shipments: list[Paper] = field(default_factory=list)
    """The document lines that are `shipped`, in the order of time."""
    receipts: list[Paper] = field(default_factory=list)
    """Those that brought it in from outside."""


@dataclass(slots=True)
class Known:
    """What the store knows of some goods, read at once."""

    balances: dict[Goods, Balance]
    lots: dict[Goods, LotFacts]
    serials: dict[Goods, SerialFacts]
    standing: list[Standing]


def known_of(connection: Connection, goods: Collection[Goods]) -> Known:
    """Balances, register rows and places of lots and serials; a handful of queries however many they are."""
    balances = {each: Balance() for each in goods}
    lots = queries_trace.lots_facts(connection, goods)
    serials = queries_trace.serials_facts(connection, goods)
    places = queries_trace.standing(connection, goods)
    for each in places:
        balances[each.goods].unit = each.unit
        for sums in _sums(balances[each.goods], each.warehouse):
            sums.on_hand += each.stock
    for piece, facts in serials.items():
        if facts.state != "out":
            for sums in _sums(balances[piece], facts.warehouse or ""):
                sums.on_hand += quantity.ONE
    uses, makings = _in_steps(connection, goods)
    _add_papers(
        balances,
        queries_trace.papers_of(connection, goods),
        uses,
        makings,
        queries_trace.adjustment_ids(connection, goods),
    )
    return Known(balances, lots, serials, places)


def _sums(balance: Balance, warehouse: str) -> tuple[Sums, Sums]:
    return balance.total, balance.warehouses.setdefault(warehouse, Sums())


def _in_steps(
    connection: Connection, goods: Collection[Goods]
) -> tuple[set[tuple[Goods, str]], set[tuple[Goods, str]]]:
    """(goods, movement) that used goods up, and that made them.

    A movement without a transformation of its own is one by itself. Only where it takes one lot and makes another does
    it use and make: a sale by a template that is traced has an edge too.
    """
    sides: dict[str, set[str]] = {}
    found = queries_trace.movements_in_steps(connection, goods)
    own = {
        step
        for each, movement, step, _ in found
        if step == f"{keys.join(each.item_class, each.item_code)}|{keys.part(movement)}"
    }
    for step, role in queries_trace.sides_of(connection, own):
        sides.setdefault(step, set()).add(role)
    uses: set[tuple[Goods, str]] = set()
    makings: set[tuple[Goods, str]] = set()
    for each, movement, step, role in found:
        if step not in own or len(sides[step]) == 2:
            (uses if role == "input" else makings).add((each, movement))
    return uses, makings


def _add_papers(
    balances: dict[Goods, Balance],
    papers: Iterable[Paper],
    uses: set[tuple[Goods, str]],
    makings: set[tuple[Goods, str]],
    adjustments: set[str],
) -> None:
    by_movement: dict[tuple[Goods, str], set[str]] = {}
    papers = sorted(papers, key=lambda paper: paper.occurred_at)
    for paper in papers:
        by_movement.setdefault((paper.goods, paper.movement_id.removesuffix(OFFSET)), set()).add(paper.direction)
    for paper in papers:
        balance, movement = balances[paper.goods], (paper.goods, paper.movement_id)
        balance.unit = paper.unit
        load = paper.direction == "load"
        transfer = len(by_movement[paper.goods, paper.movement_id.removesuffix(OFFSET)]) == 2
        if not transfer and paper.movement_id not in adjustments and movement not in (makings if load else uses):
            (balance.receipts if load else balance.shipments).append(paper)
        for sums in _sums(balance, paper.warehouse):
            if transfer:
                sums.moved += -paper.quantity if load else paper.quantity
            elif paper.movement_id in adjustments:
                sums.adjusted += -paper.quantity if load else paper.quantity
            elif load:
                sums.received += paper.quantity
                sums.made += paper.quantity if movement in makings else 0
            elif movement in uses:
                sums.consumed += paper.quantity
            else:
                sums.shipped += paper.quantity
