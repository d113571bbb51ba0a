"""A list from its opening to its totals."""

from dataclasses import replace

from processors.domain import quantity
from processors.domain.calendar import DAY_MS
from tests.counting.counting_story import MINUTE, NOON, TODAY, Count, refused_with, reply_of


def test_a_list_is_opened_counted_closed_and_has_its_totals() -> None:
    count = Count()
    count.open(description="The shop")
    assert count.inventory().date == TODAY
    assert [(told.kind, told.partition, told.counted_at) for told in count.told] == [
        ("opened", 0, NOON),
        ("opened", 1, NOON),
        ("opened", 2, NOON),
    ]
    assert count.salt("5").status == "accepted"
    assert count.cheese("4").status == "accepted"
    assert count.pump("P1").status == "accepted"
    assert (count.list_row().state, count.list_row().lines, count.list_row().pending) == ("counting", 3, 3)

    count.time = NOON + MINUTE
    assert reply_of(count.command("close_list", list="L1")).status == "done"
    assert (count.list_row().state, count.list_row().closed_by) == ("counting", "boss")
    count.time = NOON + 2 * MINUTE
    count.run()
    assert count.list_row().state == "closing"
    settles = [told for told in count.told if told.kind == "settle"]
    assert [(told.partition, told.settlement, told.counted_at, told.by) for told in settles] == [
        (partition, 1, NOON + MINUTE, "boss") for partition in range(3)
    ]

    count.answer(count.result("1", book="5", value=0), partition=2)
    count.settled(partitions=range(2))
    assert count.list_row().state == "closing"
    count.answer(count.result("2", book="5", value=-3 * quantity.ONE), partition=2)
    count.answer(count.result("3", book="0", value=9 * quantity.ONE), partition=2)
    count.settled(partitions=range(2, 3))

    row = count.list_row()
    assert (row.state, row.closed_at, row.pending) == ("closed", NOON + 2 * MINUTE, 0)
    assert (row.matched, row.positive, row.negative) == (1, 1, 1)
    assert (row.value_positive, row.value_negative) == (9 * quantity.ONE, -3 * quantity.ONE)
    assert count.line("2") == replace(
        count.line("2"), state="settled", book=5 * quantity.ONE, difference=-quantity.ONE, adjustment_id="I1/L1/2/1"
    )
    assert (count.inventory().state, count.inventory().lists_closed) == ("closed", 1)
    assert count.inventory().closed_at == NOON + 2 * MINUTE


def test_closing_again_asks_for_nothing_new() -> None:
    count = Count()
    count.open()
    count.salt()
    first, again = (count.command("close_list", list="L1") for _ in range(2))
    assert (reply_of(first).status, reply_of(again).status) == ("done", "done")
    assert (len(first.barriers), len(again.barriers)) == (1, 0)
    count.run()
    assert reply_of(count.command("close_list", list="L1")).status == "done"
    assert not count.waiting
    assert count.kinds().count("settle") == 3
    count.answer(count.result("1"))
    count.settled()
    assert refused_with(count.command("close_list", list="L1")) == ["inventory-closed", "list-not-open"]


def test_ids_of_an_inventory_are_forgotten_when_its_inputs_are_gone() -> None:
    count = Count(slice_rows=2)
    count.open()
    for amount in ("1", "2", "3"):
        count.salt(amount, answer="add")
    count.scan("read", item_class="FOO", item_code="SALT")
    count.command("close_inventory")
    count.run()
    count.answer(count.result("1"))
    count.settled()
    assert count.inventory().state == "closed"
    kept = set(count.rows("counting-state"))
    count.time = NOON + 30 * DAY_MS
    count.command("open_inventory", "I2", "first")
    assert not count.waiting
    count.time += 1
    count.command("open_inventory", "I3", "second")
    count.run()
    assert set(count.rows("counting-state")) - kept == {"command|I2\\|first", "command|I3\\|second"}
    assert set(count.rows("counting-state")) & kept == set()
