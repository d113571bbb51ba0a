"""The stories of docs/lot-and-serial-life.md, told to the ledger again."""

from dataclasses import replace
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
from processors.domain.master import Template
from processors.domain.registers import LotRow, SerialRow
from tests.ledger.ledger_story import (
    CHEESE,
    PUMP,
    Ledger,
    a_lot,
    a_movement,
    edit_of_lot,
    published,
    reply_of,
    reversal,
)

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


def test_the_story_of_first_to_expire_is_what_the_ledger_does() -> None:
    expiries = {"A": "2026-03-16", "B": "2026-03-20", "C": "2026-03-25"}
    lots = tuple(a_lot(code, "10", expiry_date=parse_day(text)) for code, text in expiries.items())
    ledger, rows = Ledger(), []
    sent(ledger, CHEESE, "IN", "30", "m1", lots=lots)
    rows += [("", *lot_days(ledger, code), "") for code in expiries]
    for movement_id, amount, at in (("m2", "12", "2026-03-10"), ("m3", "12", "2026-03-11"), ("m4", "12", "2026-03-11")):
        reply = reply_of(ledger.send(a_movement(CHEESE, "OUT", amount, movement_id, effective_date=parse_day(at))))
        taken = ", ".join(f"{quantity.text(lot.quantity)} of {lot.lot_code}" for lot in reply.lots)
        why = f"refused: `{reply.reasons[0].code}`" if reply.reasons else taken
        rows.append((f"{amount} KG go out on {at}", "", "", "", why))
    assert table(*rows) in PAGE.read_text(encoding="utf-8")


def lot_days(ledger: Ledger, code: str) -> tuple[str, ...]:
    row = ledger.rows("lot-register")[f"FOO|CHEESE||{code}"]
    return code, day(row.expiry_date), day(row.block_from)


def test_the_story_of_a_reservation_is_what_the_ledger_does() -> None:
    ledger, rows, lots = Ledger(), [], (a_lot("L1", "4"),)
    order: dict[str, Any] = {"document_type": "customer_order", "document_number": "4711"}
    other = order | {"document_number": "4712"}
    part = (a_lot("L1", "3"),)
    release = replace(a_movement(CHEESE, "OUT", "1", "m6", **order), action="release", quantity=None)
    reservation = replace(a_movement(CHEESE, "OUT", "4", "m2", lots=lots, **order), action="reserve")
    for what, movement in (
        ("10 KG are loaded", a_movement(CHEESE, "IN", "10", "m1", lots=(a_lot("L1", "10"),))),
        ("order 4711 reserves 4 KG", reservation),
        ("order 4712 asks for 7 KG", a_movement(CHEESE, "OUT", "7", "m3", lots=(a_lot("L1", "7"),), **other)),
        ("order 4712 takes 6 KG", a_movement(CHEESE, "OUT", "6", "m4", lots=(a_lot("L1", "6"),), **other)),
        ("order 4711 takes 3 KG", a_movement(CHEESE, "OUT", "3", "m5", lots=part, **order)),
        ("order 4711 lets the rest go", release),
    ):
        reply = reply_of(ledger.send(movement))
        said = f"refused: `{reply.reasons[0].code}`" if reply.reasons else "done"
        (lot,) = ledger.rows("lot-register").values()
        kept = [f"{quantity.text(row.committed)}, {quantity.text(row.consumed)} taken"
                for row in ledger.rows("reservation-register").values()]  # fmt: skip
        amounts = map(quantity.text, (lot.stock, lot.committed, lot.stock - lot.committed))
        rows.append((what, said, *amounts, ", ".join(kept)))
    assert table(*rows) in PAGE.read_text(encoding="utf-8")


def test_the_story_of_a_reversal_is_what_the_ledger_tells() -> None:
    ledger, rows = Ledger(), []
    invoice: dict[str, Any] = {"document_type": "sales_invoice", "document_number": "12"}
    load = a_movement(CHEESE, "IN", "10", "m1", lots=(a_lot("L1", "10"),))
    sale = a_movement(CHEESE, "OUT", "4", "m2", lots=(a_lot("L1", "4"),), **invoice)
    undone = [reversal(load, "r1"), reversal(sale, "r2"), reversal(sale, "r3"), reversal(load, "r4")]
    for movement in (load, sale, *undone):
        decision = ledger.send(movement)
        reply = reply_of(decision)
        told = reply.reasons[0].code if reply.reasons else ""
        posted = [quantity.text(it.quantity) for it in published(decision, "postings")]
        line = [f"{it.direction} {quantity.text(it.quantity)} of {it.movement_id}{', reversed' if it.reversed else ''}"
                for it in published(decision, "register-history")]  # fmt: skip
        stock = [quantity.text(row.stock) for row in ledger.rows("lot-register").values()]
        name = f"{movement.movement_id}: {WHAT[movement.movement_id]}"
        rows.append(
            (name, f"refused: `{told}`" if told else "done", *(posted or [""]), *(line or [""]), *(stock or [""]))
        )
    assert table(*rows) in PAGE.read_text(encoding="utf-8")


WHAT = {
    "m1": "a load", "m2": "a sale", "r1": "reverses m1", "r2": "reverses m2", "r3": "reverses m2", "r4": "reverses m1",
}  # fmt: skip


def test_the_story_of_a_lot_made_from_lots_is_what_the_ledger_tells() -> None:
    ledger, rows = Ledger(Template("W1", "LFL", "Relabel", "unload", lot_management=True, lot_from_lot=True)), []
    sent(ledger, CHEESE, "IN", "10", "m1", lots=(a_lot("A", "6"), a_lot("B", "4")))
    decision = ledger.send(a_movement(CHEESE, "LFL", "7", "m2", into_lot="AB", lots=(a_lot("A", "3"), a_lot("B", "4"))))
    for edge in published(decision, "lineage"):
        rows.append((f"`{edge.transformation_id}`", edge.role, edge.lot_code, quantity.text(edge.quantity)))
    assert table(*rows).replace("|CHEESE|", r"\|CHEESE\|") in PAGE.read_text(encoding="utf-8")


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
