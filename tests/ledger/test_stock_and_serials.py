"""What loads, unloads and transfers leave in the registers."""

from dataclasses import replace

import pytest

from processors.domain import quantity
from processors.domain.calendar import parse_time
from processors.domain.events import Posting
from processors.domain.master import Company, Template
from processors.domain.movement import Movement
from tests.ledger.ledger_story import (
    CHEESE,
    FILTER,
    NOON,
    PUMP,
    SALT,
    TODAY,
    Ledger,
    a_lot,
    a_movement,
    published,
    refused_with,
    reply_of,
)


def done(ledger: Ledger, *movements: Movement) -> None:
    for movement in movements:
        reply = reply_of(ledger.send(movement))
        assert reply.status == "done", reply.reasons


def postings(ledger: Ledger, movement: Movement) -> list[tuple[str, str | None, str | None, str, str, bool]]:
    decision = ledger.send(movement)
    assert decision.refusal is None, decision.refusal
    return [
        (it.warehouse, it.location, it.lot_code, quantity.text(it.quantity), quantity.text(it.stock_after), it.offset)
        for it in published(decision, "postings")
    ]


def test_quantities_in_other_units_become_the_management_unit() -> None:
    ledger = Ledger()

    box = a_movement(CHEESE, "IN", "3", "m1", unit="BOX", lots=(a_lot("A", "1"), a_lot("B", "2")))
    gram = a_movement(CHEESE, "OUT", "1500", "m2", unit="G", lots=(a_lot("A", "1500"),))
    assert postings(ledger, box) == [("W1", None, "A", "2.5", "2.5", False), ("W1", None, "B", "5", "5", False)]
    assert postings(ledger, gram) == [("W1", None, "A", "-1.5", "1", False)]
    assert quantity.text(ledger.rows("lot-register")["FOO|CHEESE||B"].initial_quantity) == "5"


def test_the_reply_tells_the_stock_after_where_one_row_was_touched() -> None:
    ledger = Ledger()

    one = reply_of(ledger.send(a_movement(SALT, "IN", "3", "m1")))
    two = reply_of(ledger.send(a_movement(CHEESE, "IN", "3", "m2", lots=(a_lot("A", "1"), a_lot("B", "2")))))
    assert (one.stock_after, two.stock_after) == (quantity.parse("3"), None)


@pytest.mark.parametrize(
    ("company", "warehouse", "taken"), [(True, "W2", True), (False, "W2", False), (True, "W1", False)]
)
def test_stock_without_lots_goes_below_zero_only_where_company_and_warehouse_both_say_so(
    company: bool, warehouse: str, taken: bool
) -> None:
    ledger = Ledger(Company(allow_negative_stock=company))
    decision = ledger.send(a_movement(SALT, "OUT", "1", warehouse=warehouse))

    assert (decision.refusal is None) == taken
    assert ledger.stock(f"FOO|SALT||{warehouse}||") == ("-1" if taken else None)


def test_stock_of_lots_and_serials_never_goes_below_zero() -> None:
    ledger = Ledger(Company(allow_negative_stock=True))
    done(ledger, a_movement(CHEESE, "IN", "1", "m1", warehouse="W2", lots=(a_lot("A", "1"),)))
    lot = a_movement(CHEESE, "OUT", "2", "m2", warehouse="W2", lots=(a_lot("A", "2"),))

    assert refused_with(ledger.send(lot)) == ["stock-insufficient"]
    assert refused_with(ledger.send(a_movement(PUMP, "OUT", "1", "m3", warehouse="W2", serials=("P",)))) == [
        "stock-insufficient",
        "serial-not-in-stock",
    ]


def test_a_warehouse_that_checks_locations_asks_the_location_itself() -> None:
    ledger = Ledger()
    done(ledger, a_movement(SALT, "IN", "5", "m1", warehouse="W2", location="A"))

    assert refused_with(ledger.send(a_movement(SALT, "OUT", "1", "m2", warehouse="W2", location="B"))) == [
        "stock-insufficient"
    ]
    assert refused_with(ledger.send(a_movement(SALT, "OUT", "1", "m2", warehouse="W2"))) == ["stock-insufficient"]
    done(ledger, a_movement(SALT, "OUT", "5", "m2", warehouse="W2", location="A"))


def test_a_warehouse_that_does_not_check_locations_asks_all_of_them_together() -> None:
    ledger = Ledger()
    done(
        ledger,
        a_movement(CHEESE, "IN", "5", "m1", warehouse="W3", location="A", lots=(a_lot("L", "5"),)),
        a_movement(CHEESE, "ADD", "5", "m2", warehouse="W3", lots=(a_lot("L", "5"),)),
        a_movement(CHEESE, "OUT", "8", "m3", warehouse="W3", location="B", lots=(a_lot("L", "8"),)),
    )

    assert [ledger.stock(f"FOO|CHEESE||W3|{place}|L") for place in ("A", "", "B")] == ["5", "5", "-8"]
    over = a_movement(CHEESE, "OUT", "3", "m4", warehouse="W3", location="A", lots=(a_lot("L", "3"),))
    assert refused_with(ledger.send(over)) == ["stock-insufficient"]


def test_pieces_in_a_warehouse_that_does_not_check_locations_go_from_the_location_that_is_named() -> None:
    ledger = Ledger()
    done(
        ledger,
        a_movement(PUMP, "IN", "2", "m1", warehouse="W3", location="A", serials=("P1", "P2")),
        a_movement(PUMP, "OUT", "1", "m2", warehouse="W3", location="B", serials=("P1",)),
    )

    assert [ledger.stock(f"MAC|PUMP||W3|{place}|") for place in "AB"] == ["2", "-1"]
    rows = ledger.rows("serial-register").values()
    assert [(row.state, row.location) for row in rows] == [("out", None), ("in_stock", "A")]


def test_the_templates_default_location_is_where_goods_go_that_name_none() -> None:
    ledger = Ledger(Template("W3", "INB", "Into row B", "load", default_location="B"))
    done(
        ledger,
        a_movement(SALT, "INB", "5", "m1", warehouse="W3"),
        a_movement(SALT, "INB", "2", "m2", warehouse="W3", location="A"),
    )

    assert [ledger.stock(f"FOO|SALT||W3|{place}|") for place in ("A", "B")] == ["2", "5"]


def test_a_lot_managed_item_moves_without_lots_by_a_template_that_does_not_manage_them() -> None:
    ledger = Ledger()
    done(ledger, a_movement(CHEESE, "BLK", "5"))

    assert ledger.stock("FOO|CHEESE||W1||") == "5"
    assert not ledger.rows("lot-register")


def test_a_lot_keeps_what_it_was_born_with_and_takes_over_what_stood_empty() -> None:
    ledger = Ledger()
    done(
        ledger,
        a_movement(CHEESE, "IN", "5", "m1", notes="first", packages=1, lots=(a_lot("L", "5", start_date=TODAY - 9),)),
        a_movement(CHEESE, "ADD", "2", "m2", notes="second", packages=7, account="S1", lots=(a_lot("L", "2"),)),
        a_movement(CHEESE, "OUT", "4", "m3", account="C1", lots=(a_lot("L", "4"),)),
    )

    lot = ledger.rows("lot-register")["FOO|CHEESE||L"]
    assert (lot.notes, lot.packages, lot.supplier, lot.start_date) == ("first", 1, "S1", TODAY - 9)
    amounts = (lot.initial_quantity, lot.loaded, lot.unloaded, lot.stock)
    assert [quantity.text(amount) for amount in amounts] == ["5", "7", "4", "3"]


def test_only_a_supplier_is_a_lots_supplier() -> None:
    ledger = Ledger()
    done(ledger, a_movement(CHEESE, "IN", "5", account="C1", lots=(a_lot("L", "5"),)))

    assert ledger.rows("lot-register")["FOO|CHEESE||L"].supplier is None


def test_a_lot_is_born_with_its_items_status_type_and_days() -> None:
    ledger = Ledger()
    item = replace(CHEESE, initial_lot_status="HOLD", lot_type="STD", expiry_rule="month_end", block_days=None)
    ledger.master.put(item)
    done(ledger, a_movement(CHEESE, "IN", "2", lots=(a_lot("A", "1"), a_lot("B", "1", lot_type="BIO"))))

    a, b = (ledger.rows("lot-register")[f"FOO|CHEESE||{code}"] for code in "AB")
    assert (a.status, a.lot_type, b.lot_type, a.block_from) == ("HOLD", "STD", "BIO", None)
    assert (a.expiry_date - TODAY, a.warn_from - TODAY) == (51, 41)  # 30 April 2026 from 10 March


def test_a_serial_goes_out_and_comes_back_as_itself() -> None:
    ledger = Ledger()
    done(ledger, a_movement(PUMP, "IN", "2", "m1", serials=("P1", "P2"), account="S1"))
    born = ledger.rows("serial-register")["MAC|PUMP|||P1"]
    assert (born.state, born.warehouse, born.supplier, born.start_date, born.expiry_date) == (
        "in_stock", "W1", "S1", TODAY, TODAY + 365,
    )  # fmt: skip

    sale = a_movement(
        PUMP, "OUT", "1", "m2", serials=("P1",), document_type="sales_delivery_note", document_number="D1", account="C1"
    )
    done(ledger, sale)
    sold = ledger.rows("serial-register")["MAC|PUMP|||P1"]
    assert (sold.state, sold.warehouse, sold.first_document_type, sold.first_document_number) == (
        "out", None, "sales_delivery_note", "D1",
    )  # fmt: skip

    done(
        ledger,
        a_movement(PUMP, "IN", "1", "m3", warehouse="W3", location="A", serials=("P1",), account="C1"),
        replace(sale, movement_id="m4", warehouse="W3", location="A", document_number="D2"),
    )
    again = ledger.rows("serial-register")["MAC|PUMP|||P1"]
    assert (again.state, again.first_document_number, again.supplier, again.created_at) == (
        "out", "D1", "S1", born.created_at,
    )  # fmt: skip
    assert [ledger.stock(f"MAC|PUMP||{place}|") for place in ("W1|", "W3|A")] == ["1", "0"]


def test_a_serial_is_told_its_history_one_entry_a_document() -> None:
    ledger = Ledger()
    decision = ledger.send(a_movement(FILTER, "IN", "2", lots=(a_lot("L", "2", serials=("A", "B")),)))

    entries = [
        (entry.entry_id, entry.register, entry.lot_code, entry.serial_code, quantity.text(entry.quantity))
        for entry in published(decision, "register-history")
    ]
    assert entries == [
        ("MAC|FILTER|m1|1", "lot", "L", None, "2"),
        ("MAC|FILTER|m1|2", "serial", "L", "A", "1"),
        ("MAC|FILTER|m1|3", "serial", "L", "B", "1"),
    ]


def test_the_same_serial_may_stand_in_two_lots_of_an_item() -> None:
    ledger = Ledger()
    both = (a_lot("L1", "1", serials=("A",)), a_lot("L2", "1", serials=("A",)))
    done(ledger, a_movement(FILTER, "TYP", "2", "m1", lots=both))
    done(ledger, a_movement(FILTER, "OUT", "1", "m2", lots=(a_lot("L1", "1"),), serials=("A",)))

    states = {key: row.state for key, row in ledger.rows("serial-register").items()}
    assert states == {"MAC|FILTER||L1|A": "out", "MAC|FILTER||L2|A": "in_stock"}


def test_serials_of_one_lot_may_stand_beside_it() -> None:
    ledger = Ledger()
    movement = a_movement(FILTER, "IN", "3", lots=(a_lot("L1", "3", serials=("A",)),), serials=("B",))

    assert reply_of(ledger.send(movement)).lots[0].serials == ("A", "B", "FI00000")
    twice = replace(movement, movement_id="m2", serials=("A",), lots=(a_lot("L2", "3", serials=("A",)),))
    assert refused_with(ledger.send(twice)) == ["serial-repeated"]


def test_keys_of_codes_with_bars_and_backslashes_stay_apart() -> None:
    ledger = Ledger()
    done(
        ledger,
        a_movement(CHEESE, "IN", "1", "m|1", lots=(a_lot("A|B", "1"),)),
        a_movement(CHEESE, "IN", "2", "m\\1", lots=(a_lot("A\\", "2"),)),
        a_movement(PUMP, "IN", "1", "m1", serials=("P|{0}",)),
    )

    assert set(ledger.rows("lot-register")) == {"FOO|CHEESE||A\\|B", "FOO|CHEESE||A\\\\"}
    again = refused_with(ledger.send(a_movement(PUMP, "IN", "1", "m2", serials=("P|{0}",))))
    assert again == ["serial-in-stock"]


def test_a_movement_of_yesterday_happened_at_the_end_of_yesterday() -> None:
    ledger = Ledger()
    decision = ledger.send(a_movement(SALT, "IN", "1", effective_date=TODAY - 1))

    posting = published(decision, "postings")[0]
    assert isinstance(posting, Posting)
    assert (posting.occurred_at, posting.posted_at) == (parse_time("2026-03-09T23:59:59.999Z"), NOON)
    late = ledger.send(a_movement(SALT, "IN", "1", "m2", occurred_at=NOON + 300_000))
    assert published(late, "postings")[0].occurred_at == NOON + 300_000
    assert ledger.rows("stock-register")["FOO|SALT||W1||"].last_moved_at == NOON + 300_000


def test_a_transfer_moves_lots_and_stock_in_one_step() -> None:
    ledger = Ledger()
    done(ledger, a_movement(CHEESE, "IN", "10", "m1", lots=(a_lot("A", "6"), a_lot("B", "4"))))
    transfer = a_movement(CHEESE, "TO2", "7", "m2", lots=(a_lot("A", "3"), a_lot("B", "4")))

    decision = ledger.send(transfer)

    assert [(it.movement_id, it.entry_id, it.template, it.warehouse, it.lot_code, quantity.text(it.quantity), it.offset)
            for it in published(decision, "postings")] == [
        ("m2", "FOO|CHEESE|m2|1", "TO2", "W1", "A", "-3", False),
        ("m2", "FOO|CHEESE|m2|2", "TO2", "W1", "B", "-4", False),
        ("m2/offset", "FOO|CHEESE|m2|offset|1", "IN", "W2", "A", "3", True),
        ("m2/offset", "FOO|CHEESE|m2|offset|2", "IN", "W2", "B", "4", True),
    ]  # fmt: skip
    assert reply_of(decision).movement_ids == ("m2", "m2/offset")
    assert [ledger.stock(f"FOO|CHEESE||{place}") for place in ("W1||A", "W1||B", "W2||A", "W2||B")] == [
        "3", "0", "3", "4",
    ]  # fmt: skip
    lot = ledger.rows("lot-register")["FOO|CHEESE||A"]
    assert [quantity.text(it) for it in (lot.stock, lot.loaded, lot.unloaded, lot.initial_quantity)] == [
        "6", "9", "3", "6",
    ]  # fmt: skip


def test_a_transfer_keeps_the_serials_identity() -> None:
    ledger = Ledger()
    done(
        ledger, a_movement(PUMP, "IN", "1", "m1", serials=("P1",)), a_movement(PUMP, "TO2", "1", "m2", serials=("P1",))
    )

    (row,) = ledger.rows("serial-register").values()
    assert (row.state, row.warehouse, row.created_at) == ("in_stock", "W2", NOON)
    assert refused_with(ledger.send(a_movement(PUMP, "TO2", "1", "m3", serials=("P1",)))) == [
        "stock-insufficient",
        "serial-not-in-stock",
    ]


def test_a_template_whose_offset_is_wrong_moves_nothing() -> None:
    for offset in (
        Template("W1", "BAD", "To itself", "unload", offset_warehouse="W2", offset_template="OUT"),
        Template("W1", "BAD", "To nowhere", "unload", offset_warehouse="W2", offset_template="ZZ"),
        Template("W1", "BAD", "To half", "unload", offset_warehouse="W2"),
    ):
        ledger = Ledger(offset)
        done(ledger, a_movement(SALT, "IN", "1", "m1"))
        assert refused_with(ledger.send(a_movement(SALT, "BAD", "1", "m2"))) == ["template-offset-invalid"]


def test_a_load_that_takes_from_another_warehouse_makes_no_new_lots_or_serials() -> None:
    fetch = Template("W1", "GET", "From the shelves", "load", lot_management=True, create_serials=True,
                     offset_warehouse="W2", offset_template="OUT")  # fmt: skip
    ledger = Ledger(fetch)
    done(
        ledger,
        a_movement(CHEESE, "IN", "4", "m1", warehouse="W2", lots=(a_lot("A", "4"),)),
        a_movement(CHEESE, "GET", "3", "m2", lots=(a_lot("A", "3"),)),
    )

    assert [ledger.stock(f"FOO|CHEESE||{place}||A") for place in ("W1", "W2")] == ["3", "1"]
    assert refused_with(ledger.send(a_movement(CHEESE, "GET", "1", "m3", lots=(a_lot("Z", "1"),)))) == ["lot-unknown"]
    assert refused_with(ledger.send(a_movement(PUMP, "GET", "1", "m4"))) == [
        "serial-count-differs",
        "stock-insufficient",
    ]
