"""A recall as rows: what it touches, where it stands, who has it; and as CSV for spreadsheets."""

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from processors.domain import quantity
from processors.domain.calendar import day_text, time_text
from processors.domain.lineage_graph import Goods
from processors.edge.api.formulas import harmless
from processors.edge.store.queries_trace import Paper
from processors.edge.trace.recall import Recall

Row = dict[str, Any]
CHUNK: Final = 1000
"""Rows that are written out at a time: each chunk costs the server a turn."""
COLUMNS: Final = (
    "kind", "depth", "item_class", "item_code", "variant", "description", "lot_code", "serial_code", "quantity",
    "unit", "warehouse", "location", "state", "account", "account_name", "document_type", "document_number",
    "document_date", "occurred_at", "movement_id", "supplier", "supplier_lot", "expiry_date",
)  # fmt: skip
"""`kind`: `goods` (a lot or serial that is touched; quantity: received), `stock` (some of it stands here), `piece` (a
serial that stands here), `shipped` (some of it, or a serial, left by this document)."""


def rows_of(found: Recall) -> Iterator[Row]:
    """The rows: goods by goods in the order in which the walk reached them, each followed by what is to be fetched."""
    standing: dict[Goods, list[Row]] = {}
    for place in found.known.standing:
        more = {"quantity": quantity.text(place.stock), "unit": place.unit, "location": place.location}
        row = _row(found, "stock", place.goods, warehouse=place.warehouse, **more)
        standing.setdefault(place.goods, []).append(row)
    by_lot: dict[Goods, list[Row]] = {}
    pieces = found.pieces | found.known.serials
    for piece, facts in pieces.items():
        if facts.state != "out":
            row = _row(
                found, "piece", piece, warehouse=facts.warehouse, location=facts.location, quantity="1",
                state=facts.state, supplier=facts.supplier, expiry_date=_day(facts.expiry_date),
            )  # fmt: skip
            by_lot.setdefault(_of_walk(found, piece), []).append(row)
    for paper in found.pieces_out:
        by_lot.setdefault(_of_walk(found, paper.goods), []).append(_shipped(found, paper))
    for goods in found.network.depths:
        yield _goods_row(found, goods)
        yield from standing.get(goods, ())
        yield from by_lot.get(goods, ())
        yield from (_shipped(found, paper) for paper in found.known.balances[goods].shipments)


def write_csv(found: Recall) -> Iterator[str]:
    """The rows as CSV (RFC 4180), in chunks; a text that a spreadsheet takes for a formula gets an apostrophe first."""
    yield _lines([COLUMNS])
    rows = rows_of(found)
    while some := list(islice(rows, CHUNK)):
        yield _lines([_harmless(row[name]) for name in COLUMNS] for row in some)


def _lines(cells: Iterable[Iterable[Any]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(cells)
    return out.getvalue()


def _harmless(value: Any) -> Any:
    return harmless(value) if isinstance(value, str) and not _is_number(value) else value


def _is_number(text: str) -> bool:
    try:
        quantity.parse(text)
    except ValueError:
        return False
    return text.startswith("-")


def _of_walk(found: Recall, piece: Goods) -> Goods:
    """The goods of the walk that a piece is or lies in."""
    return piece if piece in found.network.depths else piece._replace(serial_code=None)


def _row(found: Recall, kind: str, goods: Goods, **more: Any) -> Row:
    item = found.items.get((goods.item_class, goods.item_code), {})
    row: Row = dict.fromkeys(COLUMNS)
    return row | {
        "kind": kind,
        "depth": found.network.depths.get(_of_walk(found, goods)),
        **goods._asdict(),
        "description": item.get("description"),
        **more,
    }


def _goods_row(found: Recall, goods: Goods) -> Row:
    balance = found.known.balances[goods]
    row = _row(found, "goods", goods, quantity=quantity.text(balance.total.received), unit=balance.unit)
    lot, serial = found.known.lots.get(goods), found.known.serials.get(goods)
    if lot is not None:
        state = "closed" if lot.closed else lot.status
        row |= {"supplier": lot.supplier, "supplier_lot": lot.supplier_lot, "state": state}
        row["expiry_date"] = _day(lot.expiry_date)
    elif serial is not None:
        row |= {"supplier": serial.supplier, "state": serial.state, "expiry_date": _day(serial.expiry_date)}
    return row


def _shipped(found: Recall, paper: Paper) -> Row:
    account = found.accounts.get(paper.account or "", {})
    return _row(
        found,
        "shipped",
        paper.goods,
        quantity=quantity.text(paper.quantity),
        unit=paper.unit,
        warehouse=paper.warehouse,
        account=paper.account,
        account_name=account.get("description"),
        document_type=paper.document_type,
        document_number=paper.document_number,
        document_date=_day(paper.document_date),
        occurred_at=time_text(paper.occurred_at),
        movement_id=paper.movement_id,
    )


def _day(day: int | None) -> str | None:
    return None if day is None else day_text(day)
