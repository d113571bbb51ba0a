"""A recall: from one lot or serial everything downstream, with where it stands and who has it (`domain.md` §11)."""

from dataclasses import dataclass
from typing import Any

from processors.domain.lineage_graph import Goods
from processors.edge.store import queries_trace
from processors.edge.store.queries_trace import Connection, Paper, SerialFacts
from processors.edge.trace.balance import Known, known_of
from processors.edge.trace.network import Network, walk


@dataclass(slots=True)
class Recall:
    """Everything that is or may be of the goods that are recalled.

    `network`: the walk forward, which gives the goods and their depths. `pieces`: the serials of its lots.
    `pieces_out`: of those, the document lines by which they left. `items`, `accounts`: master records, as JSON.
    """

    start: Goods
    at: int
    network: Network
    known: Known
    pieces: dict[Goods, SerialFacts]
    pieces_out: list[Paper]
    items: dict[tuple[str, str], dict[str, Any]]
    accounts: dict[str, dict[str, Any]]

    @property
    def shipments(self) -> list[Paper]:
        """The document lines by which goods left, in the order of time."""
        found = [paper for balance in self.known.balances.values() for paper in balance.shipments]
        return sorted(found, key=lambda paper: (paper.occurred_at, paper.movement_id))

    @property
    def customers(self) -> list[str]:
        """The accounts that got some of it; goods that left without an account have none."""
        return sorted({paper.account for paper in self.shipments if paper.account is not None})


def recall(connection: Connection, start: Goods, at: int) -> Recall:
    """What must be found and fetched. `at`: the time of the recall, milliseconds UTC."""
    network = walk(connection, start, "forward")
    goods = list(network.depths)
    known = known_of(connection, goods)
    lots = [each for each in goods if each.serial_code is None]
    pieces = queries_trace.serials_in(connection, lots)
    gone = {(paper.goods[:4], paper.movement_id) for balance in known.balances.values() for paper in balance.shipments}
    pieces_out = [
        paper
        for paper in queries_trace.papers_of(connection, lots, pieces=True)
        if paper.direction == "unload" and (paper.goods[:4], paper.movement_id) in gone
    ]
    papers = [paper for balance in known.balances.values() for paper in (*balance.shipments, *balance.receipts)]
    # What else went into the steps is named too.
    around = {*goods, *(link.goods for step in network.steps for link in network.links(step))}
    accounts = {paper.account for paper in papers if paper.account is not None}
    return Recall(
        start,
        at,
        network,
        known,
        pieces,
        pieces_out,
        queries_trace.items_of(connection, around),
        queries_trace.accounts_of(connection, sorted(accounts)),
    )
