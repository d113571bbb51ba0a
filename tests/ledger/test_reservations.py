"""A document reserves: available goes down, stock stays; its own unload takes what it reserved, a release lets go."""

from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from processors.domain import quantity
from processors.domain.decision import Decision
from processors.domain.master import Company, Item
from processors.domain.movement import Movement
from processors.domain.registers import ReservationRow
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
    reversal,
)

ORDER: dict[str, Any] = {"document_type": "customer_order", "document_number": "7"}
OTHER: dict[str, Any] = {"document_type": "customer_order", "document_number": "8"}


def a_reservation(item: Any, amount: str, movement_id: str = "v1", **fields: Any) -> Movement:
    return replace(
        a_movement(item, fields.pop("template", "OUT"), amount, movement_id, **(ORDER | fields)), action="reserve"
    )


def a_release(item: Any, movement_id: str = "e1", **fields: Any) -> Movement:
    values: dict[str, Any] = {
        "template": None, "warehouse": None, "quantity": None, "location": None, "variant": None, "unit": None,
        "effective_date": TODAY, "reverses": None,
    } | ORDER | fields  # fmt: skip
    return Movement(
        movement_id=movement_id, action="release", item_class=item.item_class, item_code=item.item_code, **values
    )


def stocked() -> Ledger:
    ledger = Ledger()
    done(
        ledger,
        a_movement(CHEESE, "IN", "10", "s1", lots=(a_lot("A", "6", start_date=TODAY - 1), a_lot("B", "4"))),
        a_movement(SALT, "IN", "5", "s2"),
        a_movement(PUMP, "IN", "2", "s3", serials=("P1", "P2")),
        a_movement(FILTER, "IN", "2", "s4", lots=(a_lot("F", "2", serials=("S1", "S2")),)),
    )
    return ledger


def done(ledger: Ledger, *movements: Movement) -> Decision:
    decision = Decision()
    for movement in movements:
        decision = ledger.send(movement)
        assert decision.refusal is None, decision.refusal
    return decision


def held(ledger: Ledger, key: str) -> tuple[str, str]:
    """Stock and committed of a stock row."""
    row = ledger.rows("stock-register")[key]
    return quantity.text(row.stock), quantity.text(row.committed)


def reserved(ledger: Ledger) -> dict[str, tuple[str, str]]:
    """Committed and consumed by key."""
    rows = ledger.rows("reservation-register")
    return {key: (quantity.text(row.committed), quantity.text(row.consumed)) for key, row in rows.items()}


def test_a_reservation_commits_and_moves_nothing() -> None:
    ledger = stocked()
    decision = done(ledger, a_reservation(CHEESE, "3", lots=(a_lot("A", "3"),)))

    assert held(ledger, "FOO|CHEESE||W1||A") == ("6", "3")
    assert quantity.text(ledger.rows("lot-register")["FOO|CHEESE||A"].committed) == "3"
    amount = quantity.parse("3")
    assert ledger.rows("reservation-register") == {
        "FOO|CHEESE||W1||A||customer_order|7": ReservationRow(
            "FOO", "CHEESE", None, "W1", None, "A", None, "customer_order", "7", amount, 0, NOON, NOON
        )
    }
    assert published(decision, "postings") == []
    (entry,) = published(decision, "register-history")
    assert (entry.direction, entry.lot_code, entry.quantity) == ("reserve", "A", amount)
    assert [lot.lot_code for lot in reply_of(decision).lots] == ["A"]


def test_reserved_goods_are_there_for_their_document_only() -> None:
    ledger = stocked()
    done(ledger, a_reservation(CHEESE, "4", lots=(a_lot("A", "4"),)))
    take = a_movement(CHEESE, "OUT", "5", "m1", lots=(a_lot("A", "5"),))

    assert refused_with(ledger.send(take)) == ["stock-insufficient"]
    assert refused_with(ledger.send(replace(take, **OTHER))) == ["stock-insufficient"]
    done(ledger, replace(take, **ORDER))
    assert held(ledger, "FOO|CHEESE||W1||A") == ("1", "0")
    assert reserved(ledger) == {"FOO|CHEESE||W1||A||customer_order|7": ("4", "4")}


def test_an_unload_consumes_what_it_takes_and_the_rest_stays_reserved() -> None:
    ledger = stocked()
    done(ledger, a_reservation(SALT, "4"), a_movement(SALT, "OUT", "1", "m1", **ORDER))

    assert held(ledger, "FOO|SALT||W1||") == ("4", "3")
    assert refused_with(ledger.send(a_movement(SALT, "OUT", "2", "m2"))) == ["stock-insufficient"]
    done(ledger, a_movement(SALT, "OUT", "1", "m2"))


def test_the_same_document_may_reserve_more_and_nobody_more_than_is_free() -> None:
    ledger = stocked()
    done(ledger, a_reservation(SALT, "2"), a_reservation(SALT, "1", "v2"))

    assert reserved(ledger) == {"FOO|SALT||W1||||customer_order|7": ("3", "0")}
    assert refused_with(ledger.send(a_reservation(SALT, "3", "v3", **OTHER))) == ["stock-insufficient"]
    done(ledger, a_reservation(SALT, "2", "v3", **OTHER))


def test_lots_that_are_not_named_are_reserved_by_policy_and_go_to_their_document_first() -> None:
    ledger = stocked()
    ledger.master.put(replace(CHEESE, withdrawal_policy="fifo"))
    done(ledger, a_reservation(CHEESE, "1", "v1", lots=(a_lot("B", "1"),)))

    decision = done(ledger, a_movement(CHEESE, "OUT", "3", "m1", **ORDER))
    assert [(lot.lot_code, quantity.text(lot.quantity)) for lot in reply_of(decision).lots] == [("B", "1"), ("A", "2")]
    decision = done(ledger, a_reservation(CHEESE, "5", "v2", **OTHER))
    assert [(lot.lot_code, quantity.text(lot.quantity)) for lot in reply_of(decision).lots] == [("A", "4"), ("B", "1")]


def test_an_item_withdrawn_by_hand_goes_without_lots_where_its_document_has_reserved_them() -> None:
    ledger = stocked()
    ledger.master.put(replace(CHEESE, withdrawal_policy="manual"))
    done(ledger, a_reservation(CHEESE, "2", lots=(a_lot("B", "2"),)))

    assert refused_with(ledger.send(a_movement(CHEESE, "OUT", "3", "m1", **ORDER))) == ["withdrawal-manual"]
    decision = done(ledger, a_movement(CHEESE, "OUT", "2", "m1", **ORDER))
    assert [lot.lot_code for lot in reply_of(decision).lots] == ["B"]


def test_a_reserved_piece_names_its_document_and_goes_with_it() -> None:
    ledger = stocked()
    decision = done(ledger, a_reservation(PUMP, "1", serials=("P1",), document_date=TODAY))
    row = ledger.rows("serial-register")["MAC|PUMP|||P1"]

    assert (row.reserved, row.reserved_for, row.first_document_number) == (True, "customer_order|7", "7")
    assert reply_of(decision).serials == ("P1",)
    take = a_movement(PUMP, "OUT", "1", "m1", serials=("P1",))
    assert refused_with(ledger.send(take)) == ["serial-reserved"]
    done(ledger, a_movement(PUMP, "OUT", "1", "m2", serials=("P2",)), replace(take, **ORDER))
    row = ledger.rows("serial-register")["MAC|PUMP|||P1"]
    assert (row.state, row.reserved, row.reserved_for) == ("out", False, None)
    assert reserved(ledger) == {"MAC|PUMP||W1|||P1|customer_order|7": ("1", "1")}
    assert held(ledger, "MAC|PUMP||W1||") == ("0", "0")


def test_a_template_that_allows_it_takes_a_reserved_piece_and_its_reservation_ends() -> None:
    ledger = stocked()
    done(ledger, a_reservation(FILTER, "1", serials=("S1",)), a_movement(FILTER, "ANY", "1", "m1", serials=("S1",)))

    assert reserved(ledger) == {}
    assert held(ledger, "MAC|FILTER||W1||F") == ("1", "0")
    assert ledger.rows("lot-register")["MAC|FILTER||F"].committed == 0


@pytest.mark.parametrize("item", [PUMP, FILTER], ids=lambda item: item.item_code)
def test_a_piece_taken_from_another_document_is_reserved_for_it_again_once_that_is_undone(item: Item) -> None:
    ledger, serial = stocked(), "P1" if item is PUMP else "S1"
    done(ledger, a_reservation(item, "1", serials=(serial,)))
    kept = {topic: dict(ledger.rows(topic)) for topic in ("reservation-register", "serial-register")}
    taken = a_movement(item, "ANY", "1", "m1", serials=(serial,), **OTHER)
    done(ledger, taken)
    assert reserved(ledger) == {}

    done(ledger, reversal(taken))

    assert {topic: dict(ledger.rows(topic)) for topic in kept} == kept
    assert refused_with(ledger.send(a_movement(item, "OUT", "1", "m2", serials=(serial,)))) == ["serial-reserved"]
    done(ledger, a_release(item))


@pytest.mark.parametrize(
    ("movement", "expected"),
    [
        (a_reservation(SALT, "1", document_number=None), ["document-missing"]),
        (a_reservation(SALT, "1", template="IN"), ["field-invalid"]),
        (a_reservation(SALT, "1", into_lot="X"), ["field-invalid"]),
        (replace(a_reservation(SALT, "1"), quantity=None), ["field-invalid"]),
        (a_reservation(CHEESE, "1", lots=(a_lot("Z", "1"),)), ["lot-unknown"]),
        (a_reservation(CHEESE, "7", lots=(a_lot("A", "7"),)), ["stock-insufficient"]),
        (a_reservation(PUMP, "1", serials=("P9",)), ["serial-not-in-stock"]),
        (a_reservation(PUMP, "2", serials=("P1",)), ["serial-count-differs"]),
        (a_reservation(SALT, "6"), ["stock-insufficient"]),
        (a_release(SALT), ["reservation-unknown"]),
        (a_release(SALT, document_type=None), ["document-missing"]),
        (a_release(replace(SALT, item_code="X")), ["item-unknown"]),
    ],
)
def test_what_cannot_be_reserved_or_let_go_is_refused(movement: Movement, expected: list[str]) -> None:
    assert refused_with(stocked().send(movement)) == expected


def test_flags_and_other_reservations_stop_a_reservation_too() -> None:
    ledger = stocked()
    done(ledger, a_reservation(PUMP, "1", serials=("P1",)))
    ledger.change_lot("FOO|CHEESE||A", closed=True)
    ledger.change_lot("FOO|CHEESE||B", available=False)
    ledger.change_serial("MAC|PUMP|||P2", cancelled=True, force_closed=True)

    assert refused_with(ledger.send(a_reservation(PUMP, "1", "v2", serials=("P1",)))) == ["serial-reserved"]
    assert refused_with(ledger.send(a_reservation(PUMP, "1", "v2", serials=("P2",)))) == [
        "serial-cancelled",
        "serial-force-closed",
    ]
    lots = (a_lot("A", "1"), a_lot("B", "1"))
    assert refused_with(ledger.send(a_reservation(CHEESE, "2", "v2", lots=lots))) == ["lot-closed", "lot-unavailable"]


def test_plain_stock_is_reserved_beyond_what_is_there_only_where_stock_may_be_negative() -> None:
    ledger = Ledger(Company(allow_negative_stock=True))
    done(ledger, a_reservation(SALT, "3", warehouse="W2"))

    assert held(ledger, "FOO|SALT||W2||") == ("0", "3")
    assert refused_with(ledger.send(a_reservation(SALT, "3", "v2"))) == ["stock-insufficient"]


def test_a_release_lets_go_of_all_that_its_document_reserved() -> None:
    ledger = stocked()
    done(
        ledger,
        a_reservation(FILTER, "2", "v1", serials=("S1", "S2")),
        a_reservation(SALT, "1", "v2"),
    )
    decision = done(ledger, a_release(FILTER))

    assert reserved(ledger) == {"FOO|SALT||W1||||customer_order|7": ("1", "0")}
    assert held(ledger, "MAC|FILTER||W1||F") == ("2", "0")
    assert not any(row.reserved for row in ledger.rows("serial-register").values())
    assert [(entry.direction, entry.serial_code) for entry in published(decision, "register-history")] == [
        ("release", "S1"),
        ("release", "S2"),
    ]
    (lot,) = reply_of(decision).lots
    assert (lot.lot_code, lot.quantity, lot.serials) == ("F", quantity.parse("2"), ("S1", "S2"))
    assert refused_with(ledger.send(a_release(FILTER, "e2"))) == ["reservation-unknown"]


def test_a_release_may_name_lots_serials_a_quantity_or_a_warehouse() -> None:
    ledger = stocked()
    done(
        ledger,
        a_reservation(CHEESE, "5", "v1", lots=(a_lot("A", "3"), a_lot("B", "2"))),
        a_reservation(PUMP, "2", "v2", serials=("P1", "P2")),
        a_reservation(SALT, "4", "v3"),
    )
    done(
        ledger,
        a_release(CHEESE, "e1", unit="BOX", lots=(a_lot("A", "1"),)),
        a_release(PUMP, "e2", serials=("P2",)),
        a_release(SALT, "e3", quantity=quantity.parse("1"), warehouse="W1"),
    )

    assert reserved(ledger) == {
        "FOO|CHEESE||W1||A||customer_order|7": ("0.5", "0"),
        "FOO|CHEESE||W1||B||customer_order|7": ("2", "0"),
        "MAC|PUMP||W1|||P1|customer_order|7": ("1", "0"),
        "FOO|SALT||W1||||customer_order|7": ("3", "0"),
    }
    for wrong, codes in (
        (a_release(SALT, "e4", quantity=quantity.parse("4")), ["reservation-unknown"]),
        (a_release(SALT, "e4", quantity=0), ["quantity-not-positive"]),
        (a_release(SALT, "e4", quantity=1, unit="BOX"), ["unit-unknown"]),
        (a_release(PUMP, "e4", quantity=1), ["quantity-not-whole"]),
        (a_release(PUMP, "e4", serials=("P2",)), ["reservation-unknown"]),
        (a_release(CHEESE, "e4", lots=(a_lot("B", "3"),)), ["reservation-unknown"]),
        (a_release(SALT, "e4", warehouse="W2"), ["reservation-unknown"]),
    ):
        assert refused_with(ledger.send(wrong)) == codes


def test_what_was_consumed_stays_on_record_when_the_rest_is_let_go() -> None:
    ledger = stocked()
    done(ledger, a_reservation(SALT, "4"), a_movement(SALT, "OUT", "1", "m1", **ORDER), a_release(SALT))

    assert reserved(ledger) == {"FOO|SALT||W1||||customer_order|7": ("1", "1")}
    assert held(ledger, "FOO|SALT||W1||") == ("4", "0")


@pytest.mark.parametrize(
    ("reservation", "unload"),
    [
        (a_reservation(CHEESE, "3", lots=(a_lot("A", "3"),)), a_movement(CHEESE, "OUT", "5", "m1", **ORDER)),
        (a_reservation(SALT, "3"), a_movement(SALT, "OUT", "5", "m1", **ORDER)),
        (a_reservation(PUMP, "1", serials=("P1",)), a_movement(PUMP, "OUT", "2", "m1", serials=("P1", "P2"), **ORDER)),
        (
            a_reservation(FILTER, "1", serials=("S2",)),
            a_movement(FILTER, "OUT", "2", "m1", serials=("S1", "S2"), **ORDER),
        ),
        (a_reservation(CHEESE, "2"), a_movement(CHEESE, "TO2", "2", "m1", **ORDER)),
    ],
)
def test_an_unload_undone_gives_its_document_back_what_it_had_reserved(reservation: Movement, unload: Movement) -> None:
    ledger = stocked()
    done(ledger, reservation)
    rows = ("stock-register", "reservation-register", "serial-register", "lot-register")
    before = {topic: dict(ledger.rows(topic)) for topic in rows}
    done(ledger, unload, reversal(unload))

    after = {topic: dict(ledger.rows(topic)) for topic in rows}
    for topic in rows:
        for key, row in after[topic].items():
            if topic == "stock-register" and not row.loaded:
                continue
            same = {"updated_at": NOON} | ({"last_movement_id": ""} if topic == "stock-register" else {})
            assert replace(row, **same) == replace(before[topic][key], **same)


def test_a_piece_whose_reservation_was_let_go_has_no_document_that_took_it() -> None:
    ledger = stocked()
    done(ledger, a_reservation(PUMP, "1", serials=("P1",)), a_release(PUMP))

    assert ledger.rows("serial-register")["MAC|PUMP|||P1"].first_document_type is None
    done(ledger, reversal(a_movement(PUMP, "IN", "2", "s3", serials=("P1", "P2"))))
    assert set(ledger.rows("serial-register")) == {"MAC|FILTER||F|S1", "MAC|FILTER||F|S2"}


def test_a_reservation_is_let_go_and_not_reversed() -> None:
    ledger = stocked()
    done(ledger, a_reservation(SALT, "1"))

    assert refused_with(ledger.send(reversal(a_reservation(SALT, "1")))) == ["reversal-impossible"]


def test_a_load_is_not_undone_while_it_is_reserved() -> None:
    ledger = stocked()
    done(ledger, a_reservation(SALT, "1"))

    assert refused_with(ledger.send(reversal(a_movement(SALT, "IN", "5", "s2")))) == ["reversal-impossible"]


def test_a_reservation_in_a_warehouse_that_checks_no_locations_serves_an_unload_at_any() -> None:
    ledger = Ledger()
    done(
        ledger,
        a_movement(SALT, "IN", "5", "s1", warehouse="W3", location="A"),
        a_reservation(SALT, "4", warehouse="W3"),
    )
    assert refused_with(ledger.send(a_movement(SALT, "OUT", "2", "m0", warehouse="W3", location="A"))) == [
        "stock-insufficient"
    ]
    done(ledger, a_movement(SALT, "OUT", "4", "m1", warehouse="W3", location="A", **ORDER))

    assert [held(ledger, f"FOO|SALT||W3|{place}|") for place in ("A", "")] == [("1", "0"), ("0", "0")]


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "release", "OUT", "ANY", "ADD", "reverse"]),
        st.sampled_from([CHEESE, SALT, PUMP]),
        st.sampled_from([ORDER, OTHER, {}]),
        st.sampled_from(["1", "2", "3"]),
        st.sampled_from([("P1",), ("P2",), ("P1", "P2")]),
        st.sampled_from([None, "A", "B"]),
        st.integers(0, 30),
    ),
    max_size=30,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ACTIONS)
def test_what_is_committed_is_what_is_reserved_and_not_yet_taken(actions: list[tuple[Any, ...]]) -> None:
    ledger, sent = stocked(), list[Movement]()
    for number, (action, item, document, amount, serials, lot, earlier) in enumerate(actions):
        fields = dict(document)
        if item is PUMP:
            fields["serials"], amount = serials, str(len(serials))
        if item is CHEESE and lot and action != "release":
            fields["lots"] = (a_lot(lot, amount),)
        if action == "release":
            movement = a_release(item, f"x{number}", **(document or ORDER))
        elif action == "reverse":
            if not sent:
                continue
            movement = reversal(sent[earlier % len(sent)], f"x{number}")
        else:
            movement = a_movement(item, "OUT" if action == "reserve" else action, amount, f"x{number}", **fields)
            if action == "reserve":
                movement = replace(movement, action="reserve")
        sent.append(movement)
        ledger.send(movement, NOON + number)

    by_place: dict[tuple[Any, ...], int] = defaultdict(int)
    pieces = set()
    for row in ledger.rows("reservation-register").values():
        assert 0 <= row.consumed <= row.committed
        assert row.committed > 0
        by_place[row.item_code, row.warehouse, row.location, row.lot_code] += row.committed - row.consumed
        if row.serial_code and row.committed > row.consumed:
            pieces.add(row.serial_code)
    for row in ledger.rows("stock-register").values():
        assert row.committed == by_place[row.item_code, row.warehouse, row.location, row.lot_code]
        assert 0 <= row.committed <= row.stock
    for lot in ledger.rows("lot-register").values():
        assert lot.committed == sum(
            open_ for place, open_ in by_place.items() if place[0::3] == (lot.item_code, lot.lot_code)
        )
    for row in ledger.rows("serial-register").values():
        assert row.reserved == (row.serial_code in pieces)
