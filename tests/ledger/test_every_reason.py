"""Reasons that are easily lost or made up: each stands in the answer exactly when it applies."""

from dataclasses import replace

from processors.domain.calendar import parse_day
from processors.domain.claims import claim_text
from processors.domain.master import Company, Template
from tests.ledger.ledger_story import CHEESE, FILTER, PUMP, SALT, Ledger, a_lot, a_movement, refused_with

YESTERDAY = parse_day("2026-03-09")


def test_a_lot_whose_code_is_not_generated_for_another_reason_is_told_its_wrong_dates_too() -> None:
    born_dead = a_lot(None, "1", expiry_date=YESTERDAY)
    load = a_movement(CHEESE, "DOC", "1", account="S1", lots=(born_dead,))
    assert refused_with(Ledger().send(load)) == ["field-invalid", "document-missing"]


def test_a_location_that_does_not_exist_says_nothing_about_the_stock_of_its_warehouse() -> None:
    ledger = Ledger()
    ledger.send(a_movement(SALT, "IN", "5"))
    assert refused_with(ledger.send(a_movement(SALT, "OUT", "5", "m2", location="Q"))) == ["location-unknown"]
    assert refused_with(ledger.send(a_movement(SALT, "OUT", "6", "m2", location="Q"))) == [
        "location-unknown",
        "stock-insufficient",
    ]


def test_what_other_messages_of_the_batch_claim_is_no_reason_against_a_movement_that_is_refused_anyway() -> None:
    ledger = Ledger(Company(lot_code_scope="company"))
    taken = {claim_text("lot", "L1"): "FOO|OTHER|"}
    load = a_movement(CHEESE, "DOC", "1", account="S1", lots=(a_lot("L1", "1"),))
    assert refused_with(ledger.send(load, claimed=taken)) == ["document-missing"]
    papers = replace(load, document_type="other", document_number="7")
    assert refused_with(ledger.send(papers, claimed=taken)) == ["lot-exists"]


def test_two_pieces_of_one_serial_do_not_become_one_in_the_lot_that_is_made_of_theirs() -> None:
    ledger = Ledger(Template("W1", "LFL", "Mix", "unload", lot_management=True, lot_from_lot=True))
    both = (a_lot("A", "1", serials=("S1",)), a_lot("B", "1", serials=("S1",)))
    ledger.send(a_movement(FILTER, "TYP", "2", lots=both))
    mix = a_movement(FILTER, "LFL", "2", "m2", lots=both, into_lot="C")
    assert refused_with(ledger.send(mix)) == ["serial-repeated"]


def test_a_serial_that_is_elsewhere_and_reserved_is_told_to_be_both() -> None:
    ledger = Ledger()
    order = {"warehouse": "W2", "document_type": "customer_order", "serials": ("P1",), "action": "reserve"}
    ledger.send(a_movement(PUMP, "IN", "1", warehouse="W2", location="A", serials=("P1",)))
    assert ledger.send(a_movement(PUMP, "OUT", "1", "m2", location="A", document_number="1", **order)).refusal is None
    again = a_movement(PUMP, "OUT", "1", "m3", location="B", document_number="2", **order)
    assert refused_with(ledger.send(again)) == ["stock-insufficient", "serial-not-in-stock", "serial-reserved"]
