"""What people in a warehouse run into: told through `lotstream simulate`, with the outcome that they would expect."""

from typing import Any

import pytest

from tests.ledger.user_company import (
    DAY_ROOT,
    Line,
    Told,
    code_type,
    company,
    edit,
    item,
    movement,
    release,
    reversal,
)

DAY = code_type("lot", "DAY", ("insert_year", 2), "insert_month", "insert_day", ("number", 3), root=DAY_ROOT)
FLOUR = item(
    "FLOUR", lot_managed=True, withdrawal_policy="fefo", lot_code_type="DAY", lot_validity_days=30, warn_days=10,
    block_days=5,
)  # fmt: skip
NOTE: Line = {
    "document_type": "purchase_delivery_note", "document_number": "77", "document_date": "2026-03-09", "account": "S1",
}  # fmt: skip
ORDER: Line = {"document_type": "customer_order", "document_number": "4711"}
PURCHASE = NOTE | {"template": "PUR", "quantity": "10", "day": "2026-03-10"}
INVOICE: Line = {"document_type": "sales_invoice", "document_number": "1"}


def twelve_lines(**wrong: Any) -> list[Line]:
    """A delivery note of twelve items, of which the seventh says something else."""
    return [movement(f"dn77/{n}", f"FLOUR{n}", **PURCHASE | (wrong if n == 7 else {})) for n in range(1, 13)]


def mill() -> list[Line]:
    return company(DAY, FLOUR, *({**FLOUR, "value": FLOUR["value"] | {"item_code": f"FLOUR{n}"}} for n in range(1, 13)))


def test_of_a_delivery_note_with_one_wrong_line_the_others_are_taken_and_that_one_can_be_sent_again() -> None:
    told = Told(*mill(), *twelve_lines(account="S9"), twelve_lines()[6])

    assert told.answers() == ["done"] * 6 + ["account-unknown"] + ["done"] * 6
    assert told.why("dn77/7")[0] == "account 'S9' is not in the master data; send it first"
    assert told.dead_letters() == ["account-unknown"]
    assert [row["stock"] for row in told.register("stock-register").values()] == ["10"] * 12


def test_a_file_published_twice_has_one_effect_and_tells_the_same_codes() -> None:
    note = twelve_lines(quantity="-1")
    once, twice = Told(*mill(), *note), Told(*mill(), *note, *note)

    assert twice.answers() == once.answers() + [
        "duplicate" if answer == "done" else answer for answer in once.answers()
    ]
    assert [reply["lots"] for reply in twice.replies()] == [reply["lots"] for reply in once.replies()] * 2
    assert twice.register("stock-register") == once.register("stock-register")
    assert twice.values("postings") == once.values("postings")


def test_a_load_back_dated_before_the_open_period_is_refused_with_the_period() -> None:
    late = movement("m1", "FLOUR", "PUR", "5", "2026-02-28", time="2026-03-10T09:00:00Z", **NOTE)
    told = Told(*company(DAY, FLOUR), late)

    assert told.answers() == ["date-outside-period"]
    assert told.why("m1") == [
        "expected an effective date in the open period (2026-03-01 to 2026-12-31), got 2026-02-28; open the period or "
        "post on another date"
    ]
    assert told.values("postings") == []
    assert told.register("stock-register") == {}


def lot(code: str, expiry: str) -> Line:
    return {"lot_code": code, "quantity": "10", "expiry_date": expiry}


THREE_LOTS = movement(
    "load", "FLOUR", "PRD", "30", "2026-03-10",
    lots=[lot("A", "2026-03-16"), lot("B", "2026-03-20"), lot("C", "2026-03-25")],
)  # fmt: skip


@pytest.mark.parametrize(
    ("day", "expected"),
    [("2026-03-10", [("A", "10"), ("B", "10"), ("C", "5")]), ("2026-03-11", "stock-insufficient")],
)
def test_fefo_splits_over_three_lots_and_leaves_the_one_that_is_blocked_since_today(day: str, expected: Any) -> None:
    told = Told(*company(DAY, FLOUR), THREE_LOTS, movement("sale", "FLOUR", "SAL", "25", day, **INVOICE))

    if isinstance(expected, str):
        assert told.answers() == ["done", expected]
        assert told.why("sale") == [
            "25 KG asked of item 'FLOUR' in warehouse '01', 20 there in lots that may be used on that date, and 10 in "
            "lots that are closed or may not be used then; unload less, or load what is missing first"
        ]
    else:
        assert [(it["lot_code"], it["quantity"]) for it in told.replies()[-1]["lots"]] == expected


def test_what_was_sold_yesterday_may_be_booked_today_from_the_lot_that_is_blocked_since_today() -> None:
    sale = movement("sale", "FLOUR", "SAL", "12", "2026-03-10", time="2026-03-11T09:00:00Z", **INVOICE)
    told = Told(*company(DAY, FLOUR), THREE_LOTS, sale)

    assert [(it["lot_code"], it["quantity"]) for it in told.replies()[-1]["lots"]] == [("A", "10"), ("B", "2")]
    assert {it["occurred_at"] for it in told.values("postings")[3:]} == {"2026-03-10T22:59:59.999Z"}


PLATE = code_type("serial", "PLATE", "item_code", ("number", 4))
PUMP = item("PUMP", unit="PC", serial_managed=True, serial_generation="auto", serial_code_type="PLATE")
SOLD: list[Line] = [
    {"serials": ["PUMP0000"], "account": "C1", "document_type": kind, "document_number": number}
    for kind, number in (("sales_delivery_note", "1"), ("return", "R1"), ("sales_delivery_note", "2"))
]


def test_a_serial_that_a_customer_returned_is_sold_again_as_the_same_piece() -> None:
    told = Told(
        *company(PLATE, PUMP),
        movement("made", "PUMP", "PRD", "1", "2026-03-10"),
        movement("sold", "PUMP", "SAL", "1", "2026-03-11", **SOLD[0]),
        movement("twice", "PUMP", "SAL", "1", "2026-03-11", **SOLD[2]),
        movement("back", "PUMP", "RET", "1", "2026-03-12", **SOLD[1]),
        movement("again", "PUMP", "SAL", "1", "2026-03-13", **SOLD[2]),
    )

    assert told.answers() == ["done", "done", "stock-insufficient serial-not-in-stock", "done", "done"]
    assert told.why("twice")[1] == "not in stock in warehouse '01': PUMP0000; name a serial that is in stock there"
    (piece,) = told.register("serial-register").values()
    assert (piece["state"], piece["generation"], piece["first_document_number"]) == ("out", 1, "1")
    assert [(it["direction"], it["document_number"]) for it in told.values("register-history")] == [
        ("load", None), ("unload", "1"), ("load", "R1"), ("unload", "2"),
    ]  # fmt: skip


def test_a_lot_closed_by_hand_while_reserved_keeps_its_reservation_and_lets_nothing_go_until_it_is_opened() -> None:
    lots = [{"lot_code": "A", "quantity": "4"}]
    told = Told(
        *company(DAY, FLOUR),
        movement("load", "FLOUR", "PRD", "10", "2026-03-10", lots=[{"lot_code": "A", "quantity": "10"}]),
        movement("keep", "FLOUR", "SAL", "4", "2026-03-10", action="reserve", lots=lots, **ORDER),
        edit("close", "lot", "FLOUR", "2026-03-10", {"closed": "true"}, lot_code="A"),
        movement("by name", "FLOUR", "SAL", "4", "2026-03-11", lots=lots, **ORDER),
        movement("by policy", "FLOUR", "SAL", "4", "2026-03-11", **ORDER),
        edit("open", "lot", "FLOUR", "2026-03-11", {"closed": "false"}, lot_code="A"),
        movement("goes", "FLOUR", "SAL", "3", "2026-03-12", **ORDER),
        edit("shut", "lot", "FLOUR", "2026-03-12", {"closed": "true"}, lot_code="A"),
        release("let go", "FLOUR", "2026-03-13", **ORDER),
    )

    assert told.answers() == [
        "done",
        "done",
        "done",
        "lot-closed",
        "stock-insufficient",
        "done",
        "done",
        "done",
        "done",
    ]
    assert told.why("by name") == ["lot 'A' is closed; open it again to move it"]
    assert "and 10 in lots that are closed or may not be used then" in told.why("by policy")[0]
    (row,) = told.register("reservation-register").values()
    assert (row["committed"], row["consumed"]) == ("3", "3")
    (stock,) = told.register("lot-register").values()
    assert (stock["stock"], stock["committed"], stock["closed"]) == ("7", "0", True)


def test_a_sale_undone_puts_all_back_and_a_purchase_is_undone_only_before_its_goods_are_sold() -> None:
    told = Told(
        *company(DAY, FLOUR),
        movement("buy", "FLOUR", "PUR", "10", "2026-03-10", **NOTE),
        movement("sell", "FLOUR", "SAL", "4", "2026-03-10", **INVOICE),
        reversal("undo buy", "FLOUR", "buy", "2026-03-11"),
        reversal("undo sell", "FLOUR", "sell", "2026-03-11"),
        reversal("undo buy again", "FLOUR", "buy", "2026-03-11"),
    )

    assert told.answers() == ["done", "done", "reversal-impossible", "done", "done"]
    assert told.why("undo buy") == [
        "10 of lot '260310000' were loaded into warehouse '01' and only 6 are free there now; reverse the later "
        "movements first"
    ]
    assert told.register("lot-register") == {}
    assert [it["quantity"] for it in told.values("postings")] == ["10", "-4", "4", "-10"]
