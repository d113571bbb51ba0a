"""Whatever is sent, in whatever order: the registers agree with what was published, and a replay changes nothing."""

from collections import Counter, defaultdict
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from processors.domain import quantity
from processors.domain.master import CodePart, CodeType, Company
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
    reply_of,
    reversal,
)

SMALL = CodeType("lot", "DAY", "Small", parts=(CodePart("letters", 1), CodePart("number", 1)))
PLATES = CodeType("serial", "PLATE", "Plate", fill_gaps=True, parts=(CodePart("number", 2, "0"),))
LOT_CODES = st.sampled_from([None, None, "A0", "A1", "A3", "L1"])
SERIALS = st.lists(st.sampled_from(["00", "01", "05", "S1", "S2"]), max_size=3, unique=True).map(tuple)
AMOUNTS = st.sampled_from(["1", "2", "3", "0.5"])


@st.composite
def movements(draw: st.DrawFn, before: list[Movement]) -> Movement:
    number = len(before)
    if before and draw(st.integers(0, 4)) == 0:
        return reversal(draw(st.sampled_from(before)), f"m{number}")
    item = draw(st.sampled_from([CHEESE, PUMP, FILTER, SALT]))
    fields: dict[str, Any] = {
        "warehouse": draw(st.sampled_from(["W1", "W2", "W3"])),
        "location": draw(st.sampled_from([None, "A", "B"])),
        "variant": draw(st.sampled_from([None, None, "OLD"])) if item is CHEESE else None,
        "effective_date": TODAY - draw(st.integers(0, 3)),
    }
    if fields["warehouse"] == "W1":
        fields["location"] = None
    templates = ["IN", "ADD", "OUT", "OUT", "ANY", "TYP", "BLK"]
    template = draw(st.sampled_from([*templates, "TO2"] if fields["warehouse"] == "W1" else templates))
    if item.lot_managed and draw(st.booleans()):
        lots = tuple(
            replace(a_lot(draw(LOT_CODES), draw(AMOUNTS)), serials=draw(SERIALS) if item.serial_managed else ())
            for _ in range(draw(st.integers(1, 3)))
        )
        amount = quantity.text(sum(lot.quantity for lot in lots))
        return a_movement(item, template, amount, f"m{number}", lots=lots, **fields)
    serials = draw(SERIALS) if item.serial_managed else ()
    amount = str(len(serials)) if serials and draw(st.booleans()) else draw(AMOUNTS)
    return a_movement(item, template, amount, f"m{number}", serials=serials, **fields)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Movement, ...]:
    history: list[Movement] = []
    for _ in range(draw(st.integers(5, 40))):
        history.append(draw(movements(history)))
    return tuple(history)


HISTORIES = histories()


def a_ledger() -> Ledger:
    return Ledger(SMALL, PLATES, Company(allow_negative_stock=True))


def tell(ledger: Ledger, history: tuple[Movement, ...]) -> list[Any]:
    return [ledger.send(movement, NOON + place) for place, movement in enumerate(history)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example])
@given(HISTORIES)
def test_registers_are_the_sum_of_what_was_published(history: tuple[Movement, ...]) -> None:
    ledger = a_ledger()
    decisions = tell(ledger, history)
    published = [record for decision in decisions for record in decision.records]

    stock: dict[tuple[Any, ...], int] = defaultdict(int)
    for record in published:
        if record.topic == "postings":
            it = record.value
            place = (it.item_code, it.variant, it.warehouse, it.location, it.lot_code)
            stock[place] += it.quantity
            assert it.stock_after == stock[place]
    rows = ledger.rows("stock-register").values()
    assert {(r.item_code, r.variant, r.warehouse, r.location, r.lot_code): r.stock for r in rows} == stock
    assert all(row.stock == row.loaded - row.unloaded for row in rows)

    by_lot: dict[tuple[Any, ...], int] = defaultdict(int)
    pieces: dict[tuple[Any, ...], int] = defaultdict(int)
    for row in rows:
        if row.lot_code is not None:
            by_lot[row.item_code, row.variant or "", row.lot_code] += row.stock
        if row.item_code in ("PUMP", "FILTER"):
            pieces[row.item_code, row.lot_code, row.warehouse] += row.stock
    lots = ledger.rows("lot-register").values()
    there_are = {(lot.item_code, lot.variant, lot.lot_code): lot.stock for lot in lots}
    assert {**dict.fromkeys(by_lot, 0), **there_are} == by_lot, "a lot that is gone has no stock left"
    assert all(lot.loaded > 0 for lot in lots)
    assert all(held >= 0 for held in by_lot.values())
    serials = ledger.rows("serial-register").values()
    there = Counter((it.item_code, it.lot_code, it.warehouse) for it in serials if it.state == "in_stock")
    assert {place: held for place, held in pieces.items() if held} == {
        place: count * quantity.ONE for place, count in there.items()
    }


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example])
@given(HISTORIES)
def test_a_history_told_again_gives_the_same_decisions_and_a_second_time_only_duplicates(
    history: tuple[Movement, ...],
) -> None:
    ledger, twin = a_ledger(), a_ledger()
    first = tell(ledger, history)

    assert tell(twin, history) == first
    before = {topic: dict(rows) for topic, rows in ledger.view.rows.items()}
    for decision, movement in zip(first, history, strict=True):
        if decision.refusal is None:
            again = ledger.decide(ledger.message(movement))
            assert reply_of(again).status == "duplicate"
            assert reply_of(again).lots == reply_of(decision).lots
            assert not again.rows
    assert ledger.view.rows == before


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example])
@given(HISTORIES)
def test_no_code_is_generated_twice_and_none_that_is_in_use(history: tuple[Movement, ...]) -> None:
    ledger = a_ledger()
    lots: set[tuple[Any, ...]] = set()
    serials: dict[tuple[Any, ...], set[str | None]] = defaultdict(set)
    for place, movement in enumerate(history):
        reply = reply_of(ledger.send(movement, NOON + place))
        if reply.status != "done":
            continue
        if movement.action == "reverse":
            lots &= {(it.item_code, it.variant or None, it.lot_code) for it in ledger.rows("lot-register").values()}
            held = {
                (it.item_code, it.variant or None, it.serial_code) for it in ledger.rows("serial-register").values()
            }
            serials = defaultdict(set, {place: codes for place, codes in serials.items() if place in held})
            continue
        item = (movement.item_code, movement.variant)
        named = {serial for lot in movement.lots for serial in lot.serials} | set(movement.serials)
        for lot in reply.lots:
            if lot.generated:
                assert (*item, lot.lot_code) not in lots
            lots.add((*item, lot.lot_code))
        for lot_code, codes in [(lot.lot_code, lot.serials) for lot in reply.lots] + [(None, reply.serials)]:
            for serial in codes:
                if serial not in named:
                    assert not serials[*item, serial]
                serials[*item, serial].add(lot_code)
    for row in ledger.rows("counter-register").values():
        assert row.next_ordinal <= row.assigned + row.skipped, "every ordinal was taken or skipped, freed ones again"
