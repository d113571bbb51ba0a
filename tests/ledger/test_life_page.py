"""The two stories of docs/lot-and-serial-life.md, told to the ledger again."""

from pathlib import Path
from typing import Any

from processors.domain import quantity
from processors.domain.calendar import day_text, parse_day
from processors.domain.registers import LotRow, SerialRow
from tests.ledger.ledger_story import CHEESE, PUMP, Ledger, a_lot, a_movement, reply_of

PAGE = Path(__file__).parents[2] / "docs" / "lot-and-serial-life.md"


def table(*rows: tuple[object, ...]) -> str:
    return "\n".join("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)


def day(value: int | None) -> str:
    return "" if value is None else day_text(value)


def lot_of(ledger: Ledger, what: str) -> tuple[object, ...]:
    (row,) = ledger.rows("lot-register").values()
    assert isinstance(row, LotRow)
    days = (row.start_date, row.expiry_date, row.warn_from, row.block_from)
    return (what, row.lot_code, *map(day, days), *map(quantity.text, (row.loaded, row.unloaded, row.stock)))


def serial_of(ledger: Ledger, what: str) -> tuple[object, ...]:
    (row,) = ledger.rows("serial-register").values()
    assert isinstance(row, SerialRow)
    first = f"{row.first_document_type} {row.first_document_number}" if row.first_document_type else ""
    return (what, row.serial_code, row.state, row.warehouse or "", row.location or "", day(row.expiry_date), first)


def sent(ledger: Ledger, *movement: Any, **fields: Any) -> None:
    assert reply_of(ledger.send(a_movement(*movement, **fields))).status == "done"


def test_the_story_of_a_lot_is_what_the_ledger_does() -> None:
    ledger, rows = Ledger(), []
    sent(ledger, CHEESE, "IN", "10", "m1", account="S1", document_type="purchase_delivery_note", document_number="77",
         document_date=parse_day("2026-03-09"))  # fmt: skip
    rows.append(lot_of(ledger, "10 KG come with a delivery note of the 9th"))
    code = str(rows[0][1])
    sent(ledger, CHEESE, "OUT", "4", "m2", lots=(a_lot(code, "4"),))
    rows.append(lot_of(ledger, "4 KG go to a customer"))
    sent(ledger, CHEESE, "ADD", "2", "m3", lots=(a_lot(code, "2"),), unit="BOX")
    rows.append(lot_of(ledger, "2 boxes of 2.5 KG are added"))
    sent(ledger, CHEESE, "OUT", "11", "m4", lots=(a_lot(code, "11"),))
    rows.append(lot_of(ledger, "the rest is sold"))
    assert table(*rows) in PAGE.read_text(encoding="utf-8")


def test_the_story_of_a_serial_is_what_the_ledger_does() -> None:
    ledger, rows = Ledger(), []
    sent(ledger, PUMP, "IN", "1", "m1")
    rows.append(serial_of(ledger, "a pump is made, its number is generated"))
    code = str(rows[0][1])
    order = {"document_type": "customer_order", "document_number": "4711"}
    sent(ledger, PUMP, "OUT", "1", "m2", serials=(code,), **order)
    rows.append(serial_of(ledger, "it is delivered"))
    sent(ledger, PUMP, "IN", "1", "m3", serials=(code,), document_type="return", document_number="9", warehouse="W2",
         location="A")  # fmt: skip
    rows.append(serial_of(ledger, "the customer returns it"))
    sent(ledger, PUMP, "OUT", "1", "m4", serials=(code,), document_type="customer_order", document_number="5822",
         warehouse="W2", location="A")  # fmt: skip
    rows.append(serial_of(ledger, "it is sold again"))
    assert table(*rows) in PAGE.read_text(encoding="utf-8")
