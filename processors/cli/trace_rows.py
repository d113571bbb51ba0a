"""What `lotstream trace` shows: the walk through the lineage, with documents and stock from the topics."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from processors.cli.cluster_options import Cluster
from processors.contract.reading import read_records
from processors.domain import keys, quantity
from processors.domain.calendar import day_text, time_text
from processors.domain.events import HistoryEntry, LineageEdge
from processors.domain.lineage_graph import Direction, Goods, LineageGraph, Part, Visit
from processors.domain.registers import LotRow, SerialRow

Row = dict[str, Any]
COLUMNS: Final = (
    "direction", "line", "parent", "level", "kind", "item_class", "item_code", "variant", "lot_code", "serial_code",
    "transformation_id", "quantity", "unit", "stock", "state", "accounts", "document_type", "document_number",
    "document_date", "warehouse", "movement_ids", "occurred_at", "again", "cut",
)  # fmt: skip
"""`line` numbers the lines of a direction from 0, `parent` is the line that one hangs under, `level` how deep it hangs.

`kind`: `goods`, `step` (a transformation that the goods of the line above went into or came out of) or `document`.
"""


@dataclass(slots=True)
class Papers:
    """What the topics say of some goods beside their lineage."""

    documents: dict[str, HistoryEntry] = field(default_factory=dict)
    """Entry id → document line; the newest of each, without those that were reversed."""
    row: LotRow | SerialRow | None = None


@dataclass(slots=True)
class Line:
    """One line of the answer: `row` for programs, `last` for drawing."""

    row: Row
    last: bool


def read_edges(cluster: Cluster) -> list[LineageEdge]:
    """All edges of the topic `lineage`."""
    edges = []
    for record in read_records(cluster.connection, "lineage"):
        edge = None if record.value is None else cluster.codec.decode("lineage", record.value)
        if isinstance(edge, LineageEdge):
            edges.append(edge)
    return edges


def read_papers(cluster: Cluster, wanted: Iterable[Goods]) -> dict[Goods, Papers]:
    """Documents and register rows of the goods; records of other items are not decoded."""
    papers = {goods: Papers() for goods in wanted}
    items = {keys.join(goods.item_class, goods.item_code).encode() for goods in papers}
    for record in read_records(cluster.connection, "register-history"):
        if record.key not in items or record.value is None:
            continue
        entry = cluster.codec.decode("register-history", record.value)
        if isinstance(entry, HistoryEntry):
            take_entry(papers, entry)
    rows: dict[bytes, tuple[Goods, str]] = {}
    for goods in papers:
        topic, key = _place(goods)
        rows[key.encode()] = (goods, topic)
    for topic in ("lot-register", "serial-register"):
        for record in read_records(cluster.connection, topic):
            goods_of = rows.get(record.key or b"")
            if goods_of is not None and goods_of[1] == topic:
                row = None if record.value is None else cluster.codec.decode(topic, record.value)
                assert row is None or isinstance(row, LotRow | SerialRow), "a register holds its rows"
                papers[goods_of[0]].row = row
    return papers


def take_entry(papers: dict[Goods, Papers], entry: HistoryEntry) -> None:
    """Add a document line to its goods; the same one again replaces it, one that was reversed goes."""
    goods = Goods(entry.item_class, entry.item_code, entry.variant, entry.lot_code, entry.serial_code)
    found = papers.get(goods)
    if found is None:
        return
    if entry.reversed:
        found.documents.pop(entry.entry_id, None)
    else:
        found.documents[entry.entry_id] = entry


def candidates(cluster: Cluster, wanted: Callable[[Goods], bool]) -> set[Goods]:
    """Lots and serials of the registers that are wanted."""
    found: set[Goods] = set()
    for topic in ("lot-register", "serial-register"):
        there: dict[bytes, bool] = {}
        for record in read_records(cluster.connection, topic):
            there[record.key or b""] = record.value is not None
        for key in (key for key, present in there.items() if present):
            item_class, item_code, variant, lot_code, *serial = keys.split(key.decode())
            goods = Goods(item_class, item_code, variant or None, lot_code or None, serial[0] if serial else None)
            if wanted(goods):
                found.add(goods)
    return found


def lines_of(
    graph: LineageGraph, start: Goods, direction: Direction, depth_max: int | None, papers: dict[Goods, Papers]
) -> Iterator[Line]:
    """The lines of one direction: the walk, and under each of its goods the documents that are no step of it."""
    number = 0
    open_lines: list[int] = []
    for visit in graph.walk(start, direction, depth_max):
        parent = open_lines[visit.level - 1] if visit.level else None
        open_lines[visit.level :] = [number]
        documents = [] if visit.step is not None or visit.again else _documents(graph, visit, direction, papers)
        has_more = bool(graph.steps(visit.goods, direction)) and not visit.cut
        yield Line(_row(visit, direction, number, parent, papers), visit.last)
        here = number
        number += 1
        for place, entry in enumerate(documents):
            last = place == len(documents) - 1 and not has_more
            yield Line(_document_row(entry, direction, number, here, visit.level + 1), last)
            number += 1


def _documents(
    graph: LineageGraph, visit: Visit, direction: Direction, papers: dict[Goods, Papers]
) -> list[HistoryEntry]:
    """What took the goods out (forward) or brought them in (backward) and is neither a step nor a transfer."""
    found = papers.get(visit.goods)
    if found is None:
        return []
    in_steps = {movement for _, part in graph.steps(visit.goods, direction) for movement in part.movement_ids}
    wanted = "unload" if direction == "forward" else "load"
    both: dict[str, set[str]] = {}
    for entry in found.documents.values():
        both.setdefault(entry.movement_id.removesuffix("/offset"), set()).add(entry.direction)
    entries = [
        entry
        for entry in found.documents.values()
        if entry.direction == wanted
        and entry.movement_id not in in_steps
        and len(both[entry.movement_id.removesuffix("/offset")]) == 1
    ]
    return sorted(entries, key=lambda entry: (entry.occurred_at, entry.entry_id))


def _row(visit: Visit, direction: Direction, number: int, parent: int | None, papers: dict[Goods, Papers]) -> Row:
    goods, part = visit.goods, visit.part
    row = _empty(direction, number, parent, visit.level)
    row |= {
        "kind": "goods" if visit.step is None else "step",
        "item_class": goods.item_class,
        "item_code": goods.item_code,
        "variant": goods.variant,
        "lot_code": goods.lot_code,
        "serial_code": goods.serial_code,
        "transformation_id": None if visit.step is None else visit.step.transformation_id,
        "again": visit.again,
        "cut": visit.cut,
    }
    if part is not None:
        row |= {
            "quantity": quantity.text(part.quantity),
            "accounts": ", ".join(part.accounts) or None,
            "movement_ids": ", ".join(part.movement_ids),
            "occurred_at": time_text(part.occurred_at),
        }
    found = papers.get(goods)
    if visit.step is None and found is not None:
        row["unit"] = None if part is None else _paper_of(part, found).get("unit")
        if isinstance(found.row, LotRow):
            row |= {
                "stock": quantity.text(found.row.stock),
                "state": "closed" if found.row.closed else found.row.status,
            }
        elif found.row is not None:
            row |= {"state": found.row.state, "warehouse": found.row.warehouse}
    elif visit.step is not None and part is not None and found is not None:
        row |= _paper_of(part, found)
    return row


def _paper_of(part: Part, found: Papers) -> Row:
    """The document of a step's movements, where they have one."""
    entries = [entry for entry in found.documents.values() if entry.movement_id in part.movement_ids]
    for entry in sorted(entries, key=lambda entry: entry.occurred_at, reverse=True):
        return _paper(entry)
    return {}


def _document_row(entry: HistoryEntry, direction: Direction, number: int, parent: int, level: int) -> Row:
    return _empty(direction, number, parent, level) | {
        "kind": "document",
        "item_class": entry.item_class,
        "item_code": entry.item_code,
        "variant": entry.variant,
        "lot_code": entry.lot_code,
        "serial_code": entry.serial_code,
        "quantity": quantity.text(entry.quantity),
        "accounts": entry.account,
        "movement_ids": entry.movement_id,
        "occurred_at": time_text(entry.occurred_at),
        **_paper(entry),
    }


def _paper(entry: HistoryEntry) -> Row:
    return {
        "unit": entry.unit,
        "document_type": entry.document_type,
        "document_number": entry.document_number,
        "document_date": None if entry.document_date is None else day_text(entry.document_date),
        "warehouse": entry.warehouse,
    }


def _empty(direction: Direction, number: int, parent: int | None, level: int) -> Row:
    row: Row = dict.fromkeys(COLUMNS)
    return row | {
        "direction": direction,
        "line": number,
        "parent": parent,
        "level": level,
        "again": False,
        "cut": False,
    }


def _place(goods: Goods) -> tuple[str, str]:
    """Register and key of the goods' row."""
    parts: Sequence[str] = (goods.item_class, goods.item_code, goods.variant or "", goods.lot_code or "")
    if goods.serial_code is None:
        return "lot-register", keys.join(*parts)
    return "serial-register", keys.join(*parts, goods.serial_code)
