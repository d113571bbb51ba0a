"""The stories of docs/lot-and-serial-life.md, told to the ledger again."""

from pathlib import Path
from typing import Any

from processors.domain import quantity
from processors.domain.calendar import day_text, parse_day
from processors.domain.edits_values import (
    LOT_FIELDS,
    SERIAL_FIELDS,
    Read,
    read_code,
    read_day,
    read_document,
    read_flag,
    read_note,
)
from processors.domain.registers import LotRow, SerialRow
from tests.ledger.ledger_story import CHEESE, PUMP, Ledger, a_lot, a_movement, edit_of_lot, reply_of

PAGE = Path(__file__).parents[2] / "docs" / "lot-and-serial-life.md"
FORMS: dict[Read, str] = {
    read_code: "text, at most 50 characters",
    read_note: "text",
    read_day: "day",
    read_flag: "flag",
    read_document: "document",
}


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


def test_the_fields_that_may_be_edited_are_listed() -> None:
    rows = [
        (f"`{name}`", register, FORMS[read])
        for register, fields in (("lot", LOT_FIELDS), ("serial", SERIAL_FIELDS))
        for name, read in fields.items()
    ]
    assert table(*rows) in PAGE.read_text(encoding="utf-8")


def test_the_story_of_edits_is_what_the_ledger_does() -> None:
    ledger, rows = Ledger(), []
    sent(ledger, CHEESE, "IN", "10", "m1", lots=(a_lot("L1", "10"),))
    rows.append(edited_lot_of(ledger, "10 KG are loaded"))
    steps: tuple[tuple[str, dict[str, str | None]], ...] = (
        ("it was made on the 8th", {"start_date": "2026-03-08"}),
        ("the laboratory gives it until the end of April", {"expiry_date": "2026-04-30", "evaluation": "A"}),
        ("it was made on the 7th, after all", {"start_date": "2026-03-07"}),
        ("it is held, then closed", {"status": "HOLD", "closed": "true"}),
    )
    for number, (what, changes) in enumerate(steps):
        assert reply_of(ledger.edit(edit_of_lot(changes, f"e{number}"))).status == "done"
        rows.append(edited_lot_of(ledger, what))
    assert table(*rows) in PAGE.read_text(encoding="utf-8")


def edited_lot_of(ledger: Ledger, what: str) -> tuple[object, ...]:
    (row,) = ledger.rows("lot-register").values()
    assert isinstance(row, LotRow)
    days = (row.start_date, row.expiry_date, row.warn_from, row.block_from)
    closed = "closed" if row.closed else ""
    return (what, *map(day, days), row.evaluation or "", row.status or "", closed, quantity.text(row.stock))
