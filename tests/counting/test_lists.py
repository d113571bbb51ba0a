"""Inventories and lists: opened, given to an operator, closed with those they wait for, cancelled."""

from typing import Any

import pytest

from processors.domain import quantity
from processors.domain.calendar import parse_time
from processors.domain.count_registers import CountListRow
from processors.domain.master import Company, Template
from tests.counting.counting_story import MINUTE, NOON, TODAY, Count, refused_with, reply_of

TYPE_AND_PLACE = {"list_type": "FREE", "warehouse": "W1"}


def test_an_inventory_is_of_the_day_in_the_company_s_time_zone() -> None:
    count = Count(Company(time_zone="Pacific/Auckland"))
    assert reply_of(count.command("open_inventory", description="Spring", notes="n", operator="eve")).status == "done"
    row = count.inventory()
    assert (row.date, row.description, row.notes, row.operator) == (TODAY + 1, "Spring", "n", "eve")
    assert (row.state, row.lists, row.lists_closed, row.opened_at, row.closed_at) == ("open", 0, 0, NOON, None)


def test_a_list_has_what_it_was_opened_with_and_the_ledger_knows_its_rules() -> None:
    count = Count()
    count.open(type="CARE", warehouse="W2", locations=("A", "B"), as_of=TODAY - 1, description="Shelves")
    assert count.list_row() == CountListRow(
        "I1", "L1", "CARE", "anna", "W2", "A|B", "open", TODAY - 1, 0, 0, 0, 0, 0, 0, 0, NOON, None, "Shelves"
    )
    assert count.inventory().lists == 1
    for partition, told in enumerate(count.told):
        assert (told.kind, told.partition, told.warehouse, told.locations) == ("opened", partition, "W2", ("A", "B"))
        assert (told.as_of, told.counted_at, told.operator) == (TODAY - 1, NOON, "anna")
        assert (told.uncounted, told.beyond_tolerance, told.compensate_late) == ("ignore", "recount", True)
        assert (told.tolerance_quantity, told.tolerance_percent, told.tolerance_value) == (quantity.ONE, None, None)
    assert len(count.told) == 3


@pytest.mark.parametrize(
    ("action", "fields", "codes"),
    [
        ("open_inventory", {}, ["field-invalid"]),
        ("open_inventory", {"inventory": ""}, ["field-invalid"]),
        ("open_inventory", {"inventory": "I2", "by": "x" * 101, "date": 10**7}, ["field-invalid", "field-invalid"]),
        ("open_inventory", {"inventory": "I2", "at": NOON + 5 * MINUTE + 1}, ["time-in-future"]),
        ("open_inventory", {"inventory": "DONE"}, ["inventory-closed"]),
        ("open_list", {"inventory": "I9", "list": "L1", **TYPE_AND_PLACE}, ["inventory-unknown"]),
        ("open_list", {"inventory": "DONE", "list": "L1", **TYPE_AND_PLACE}, ["inventory-closed"]),
        ("open_list", {"list": "L1", **TYPE_AND_PLACE}, ["field-invalid"]),
        ("open_list", {}, ["field-invalid", "field-invalid", "field-invalid"]),
        ("open_list", {"list": "L2", "list_type": "X", "warehouse": "X"}, ["warehouse-unknown", "list-type-unknown"]),
        ("open_list", {"list": "L2", "list_type": "FREE", "warehouse": "W2", "locations": ("A", "Z")},
         ["location-unknown"]),
        ("open_list", {"list": "L2", "list_type": "FREE", "warehouse": "W2", "locations": ("A", "A")},
         ["field-invalid"]),
        ("open_list", {"list": "L2", "list_type": "FREE", "warehouse": "W3"}, ["template-missing", "template-missing"]),
        ("open_list", {"list": "L2", "list_type": "FREE", "warehouse": "W4"},
         ["template-not-for-inventory", "template-not-for-inventory"]),
        ("assign_list", {"list": "L1"}, ["field-invalid"]),
        ("assign_list", {"list": "L9", "operator": "ben"}, ["list-unknown"]),
        ("close_list", {"list": "L9"}, ["list-unknown"]),
        ("close_list", {"list": "L1", "as_of": TODAY}, ["field-invalid"]),
        ("close_list", {"list": "OFF"}, ["list-not-open"]),
        ("assign_list", {"list": "OFF", "operator": "ben"}, ["list-not-open"]),
        ("cancel_list", {"list": "OFF"}, ["list-not-open"]),
        ("cancel_list", {"inventory": "I9", "list": "OFF"}, ["inventory-unknown"]),
        ("close_inventory", {"inventory": "I9"}, ["inventory-unknown"]),
        ("recount_line", {"list": "L1", "line": "1"}, ["list-not-open", "line-unknown"]),
        ("reject_line", {"list": "L1", "line": "1"}, ["line-unknown"]),
        ("reject_line", {"list": "OFF", "line": "1"}, ["list-not-open", "line-changed"]),
    ],
)  # fmt: skip
def test_a_command_is_refused_with_every_reason(action: str, fields: dict[str, Any], codes: list[str]) -> None:
    count = Count()
    count.command("open_inventory", "DONE")
    count.command("close_inventory", "DONE")
    count.open()
    count.open("OFF")
    count.salt("1", list="OFF")
    count.command("cancel_list", list="OFF")
    count.run()
    assert refused_with(count.command(action, **fields)) == codes


def test_a_template_of_the_wrong_direction_cannot_post_differences() -> None:
    count = Count(Template("W1", "INV", "", "unload", physical_inventory=True))
    count.command("open_inventory")
    assert refused_with(count.command("open_list", list="L1", **TYPE_AND_PLACE)) == ["template-not-for-inventory"]


def test_the_same_command_again_gets_the_first_answer_and_changes_nothing() -> None:
    count = Count()
    first = reply_of(count.command("open_inventory", command_id="c"))
    count.time += MINUTE
    decision = count.command("open_inventory", command_id="c")
    assert not decision.rows
    assert (first.status, reply_of(decision).status, reply_of(decision).decided_at) == ("done", "duplicate", count.time)
    assert refused_with(count.command("open_inventory", command_id="c", notes="other")) == [
        "field-invalid", "field-invalid",
    ]  # fmt: skip


def test_a_list_is_given_to_another_operator() -> None:
    count = Count()
    count.open()
    count.scan("read", item_class="FOO", item_code="SALT")
    count.command("assign_list", list="L1", operator="ben")
    count.time += 1
    assert count.scan(quantity="1").code == "not-the-operator"
    assert count.scan(quantity="1", operator="ben").code == "item-needed"
    assert count.salt("1", operator="ben").status == "accepted"


def test_reads_that_were_underway_when_a_list_was_handed_over_are_taken() -> None:
    count = Count()
    count.open()
    count.time += MINUTE
    count.command("assign_list", list="L1", operator="ben")
    count.time += MINUTE
    count.command("assign_list", list="L1", operator="eve")
    count.time -= MINUTE
    assert count.salt("1").status == "accepted"
    assert count.salt("2", operator="ben", answer="add").status == "accepted"
    count.time += 1
    assert count.salt("1", answer="add").code == "not-the-operator"


def test_reads_that_were_sent_before_the_closing_are_counted() -> None:
    count = Count()
    count.open()
    count.command("close_list", list="L1")
    assert count.salt("1").status == "accepted"
    count.run()
    assert count.salt("1").code == "list-not-open"
    assert count.kinds()[3:] == ["line", "settle", "settle", "settle"]


# goods that nobody read


def test_a_list_that_counts_unread_goods_as_zero_waits_for_the_others_of_its_warehouse() -> None:
    count = Count()
    count.open("L1", "ALL")
    count.open("L2", "FREE")
    count.open("L3", "ALL")
    count.open("ELSE", "ALL", "W2")
    count.command("close_list", list="L1")
    count.time += MINUTE
    count.run()
    assert (count.list_row("L1").state, count.list_row("L1").waits_for) == ("closing", "L2|L3")
    count.command("close_list", list="L2")
    count.run()
    assert (count.list_row("L1").waits_for, count.list_row("L1").settlement) == ("L3", 0)
    assert count.list_row("L2").settlement == 1
    count.time += MINUTE
    count.command("cancel_list", list="L3")
    row = count.list_row("L1")
    assert (row.waits_for, row.settlement) == (None, 1)
    settles = [(told.list, told.counted_at) for told in count.told if told.kind == "settle"]
    assert settles == [("L2", NOON + MINUTE)] * 3 + [("L1", NOON)] * 3


def test_a_list_that_is_opened_meanwhile_is_waited_for_too() -> None:
    count = Count()
    count.open("L1", "ALL")
    count.open("L2", "ALL")
    count.command("close_list", list="L1")
    count.run()
    count.open("L3", "ALL")
    assert count.list_row("L1").waits_for == "L2|L3"
    count.command("close_inventory")
    count.run()
    assert [count.list_row(name).settlement for name in ("L1", "L2", "L3")] == [1, 1, 1]
    assert all(count.list_row(name).waits_for is None for name in ("L1", "L2", "L3"))


# whole inventories


def test_an_inventory_closes_with_its_lists() -> None:
    count = Count()
    count.open("L1")
    count.open("L2")
    count.command("close_inventory", reason_code="YEAR")
    count.run()
    assert {told.reason_code for told in count.told if told.kind == "settle"} == {"YEAR"}
    count.settled("L1")
    assert (count.list_row("L1").state, count.inventory().state) == ("closed", "open")
    count.settled("L2")
    assert (count.inventory().state, count.inventory().lists_closed) == ("closed", 2)


def test_an_inventory_of_cancelled_lists_only_stays_open_until_it_is_closed() -> None:
    count = Count()
    count.open("L1")
    count.command("cancel_list", list="L1")
    assert (count.inventory().state, count.inventory().lists_closed) == ("open", 1)
    count.open("L2")
    count.command("close_list", list="L2")
    count.run()
    count.settled("L2")
    assert count.inventory().state == "closed"


def test_an_inventory_without_an_open_list_closes_at_once() -> None:
    count = Count()
    count.command("open_inventory")
    count.time += MINUTE
    count.command("close_inventory")
    assert (count.inventory().state, count.inventory().closed_at) == ("closed", NOON + MINUTE)


# cancelling


def test_a_cancelled_list_takes_nothing_any_more_and_its_lines_follow_in_slices() -> None:
    count = Count(slice_rows=2)
    count.open()
    count.open("L2")
    for number in range(5):
        count.pump(f"P{number}")
    count.command("cancel_list", list="L1", reason_code="WRONG")
    assert (count.list_row().state, count.list_row().pending) == ("cancelled", 0)
    drops = [(told.kind, told.partition, told.by, told.reason_code) for told in count.told[-3:]]
    assert drops == [("drop", partition, "boss", "WRONG") for partition in range(3)]
    assert count.salt().code == "list-not-open"
    assert count.pump("P3", list="L2").status == "accepted"  # before its line of the cancelled list is told
    assert len(count.run()) == 3
    assert {row.state for row in count.lines("L1")} == {"cancelled"}
    assert [row.state for row in count.lines("L2")] == ["counted"]
    assert count.pump("P3", list="L2").code == "serial-already-counted"
    assert count.pump("P4", list="L2").status == "accepted"


def test_a_list_that_is_cancelled_while_it_closes_is_not_settled() -> None:
    count = Count()
    count.open()
    count.salt()
    count.command("close_list", list="L1")
    count.command("cancel_list", list="L1")
    count.run()
    assert (count.list_row().state, "settle" in count.kinds()) == ("cancelled", False)


def test_what_the_ledger_had_settled_before_it_heard_of_the_cancelling_is_told() -> None:
    count = Count()
    count.open()
    count.open("L2")
    count.salt("4")
    count.cheese("4")
    count.command("close_list", list="L1")
    count.run()
    count.command("cancel_list", list="L1")
    count.run()
    count.answer(count.result("1"), count.result("2", "recount"))
    count.settled()
    assert [row.state for row in count.lines()] == ["settled", "cancelled"]
    row = count.list_row()
    assert (row.state, row.pending, row.negative, row.lines) == ("cancelled", 0, 1, 2)


def test_what_is_settled_stays_so_where_a_list_under_review_is_cancelled() -> None:
    count = Count()
    count.open()
    count.salt("4")
    count.cheese("4")
    count.command("close_list", list="L1")
    count.run()
    count.answer(count.result("1"), count.result("2", "recount"))
    count.settled()
    count.command("cancel_list", list="L1")
    count.run()
    assert [row.state for row in count.lines()] == ["settled", "cancelled"]
    assert (count.list_row().state, count.list_row().negative) == ("cancelled", 1)


def test_a_partition_that_answers_again_is_not_another_one() -> None:
    count = Count()
    count.open()
    count.command("close_list", list="L1")
    count.run()
    for partition in (0, 0, 0, 1):
        count.settled(partitions=range(partition, partition + 1))
    assert count.list_row().state == "closing"
    count.settled(partitions=range(2, 3))
    assert count.list_row().state == "closed"


def test_the_time_of_a_command_may_lie_in_the_past() -> None:
    count = Count()
    assert count.command("open_inventory", at=parse_time("2020-01-01T00:00:00Z")).refusal is None
    assert count.inventory().opened_at == NOON
