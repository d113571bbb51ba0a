"""Results of the ledger, and what people do about lines that wait: count again, approve, reject, close again."""

import pytest

from processors.domain import quantity
from tests.counting.counting_story import MINUTE, NOON, Count, refused_with, reply_of

ONE = quantity.ONE


def under_review(*states: str) -> Count:
    """A list of one line for each state, closed, with these results: counted 5, book 9."""
    count = Count()
    count.open(warehouse="W2", type="CARE")
    for number in range(len(states)):
        count.cheese("5", lot=f"L{number + 1}", location="A")
    count.command("close_list", list="L1", reason_code="YEAR")
    count.run()
    results = [count.result(str(place), state, "9") for place, state in enumerate(states, 1)]
    count.answer(*results, partition=1)
    count.settled()
    return count


def test_a_list_with_lines_that_wait_is_reviewed() -> None:
    count = under_review("settled", "recount", "approval", "refused", "superseded")
    row = count.list_row()
    assert (row.state, row.pending, row.lines, row.closed_at) == ("reviewing", 3, 5, None)
    assert (row.matched, row.positive, row.negative) == (0, 0, 1)
    assert [line.state for line in count.lines()] == ["settled", "recount", "approval", "refused", "superseded"]
    assert count.inventory().state == "open"


def test_results_that_come_again_or_late_change_nothing() -> None:
    count = under_review("settled", "recount")
    again = [count.result("1", "settled", "9"), count.result("2", "recount", "9")]
    before = {topic: dict(rows) for topic, rows in count.view.rows.items()}
    count.answer(*again, partition=1)
    count.settled()
    assert count.view.rows == before
    count.cheese("6", lot="L2", location="A")
    count.answer(*again, partition=1)
    assert (count.line("2").state, count.line("2").revision, count.list_row().pending) == ("counted", 2, 1)


def test_goods_that_nobody_read_are_lines_that_the_ledger_made() -> None:
    count = Count()
    count.open(type="ALL")
    count.salt("5")
    count.command("close_list", list="L1")
    count.run()
    made = count.result("1", book="8", value=-3 * ONE)
    made.line, made.counted, made.item_code, made.lot_code, made.difference = "z-x", 0, "CHEESE", "L9", -8 * ONE
    for _ in range(2):
        count.answer(made, partition=2)
    count.answer(count.result("1"))
    count.settled()
    row = count.list_row()
    assert (row.state, row.lines, row.matched, row.negative, row.value_negative) == ("closed", 2, 1, 1, -3 * ONE)
    line = count.line("z-x")
    assert (line.item_code, line.lot_code, line.reads, line.device, line.state) == ("CHEESE", "L9", 0, "", "settled")


def test_what_nobody_read_in_one_list_can_be_found_in_another() -> None:
    count = Count()
    count.open()
    count.open("L2")
    count.pump("P1")
    count.command("close_list", list="L1")
    count.run()
    made = count.result("1", book="1")
    made.line, made.counted, made.serial_code, made.difference = "m-x", 0, "P2", -ONE
    count.answer(count.result("1", book="1"), made)
    count.settled()
    assert count.pump("P2", list="L2").status == "accepted"


# counted again


def test_a_line_that_is_counted_again_settles_at_once() -> None:
    count = under_review("recount", "settled")
    count.command("assign_list", list="L1", operator="ben")
    count.time += MINUTE
    told = count.cheese("6", lot="L1", location="A", operator="ben")
    row = count.line("1")
    assert (told.status, row.counted, row.revision, row.reads, row.state) == ("accepted", 6 * ONE, 2, 1, "counted")
    assert (row.book, row.difference, row.operator, row.counted_at) == (None, None, "ben", NOON + MINUTE)
    sent, settle = count.told[-2:]
    assert (sent.kind, sent.revision, sent.recounted, sent.counted) == ("line", 2, True, 6 * ONE)
    assert (settle.kind, settle.revision, settle.settlement, settle.partition) == ("settle_line", 2, 2, None)
    count.answer(count.result("1", book="9"), line="1")
    count.answer(kind="settled", line="1")
    assert (count.list_row().state, count.list_row().pending, count.list_row().negative) == ("closed", 0, 2)
    assert count.inventory().state == "closed"


def test_a_list_under_review_takes_reads_of_lines_to_recount_only() -> None:
    count = under_review("recount", "approval")
    assert count.cheese("6", lot="L2", location="A").code == "list-not-open"
    assert count.cheese("6", lot="L1", location="B").code == "list-not-open"
    assert count.cheese("6", lot="L9", location="A").code == "list-not-open"
    assert count.scan("read", item_class="FOO", item_code="CHEESE").status == "noted"
    assert count.scan(lot="L1", location="A", quantity="6", answer="add").line == count.line("1")
    assert count.line("1").counted == 6 * ONE
    assert count.scan("read", item_class="FOO", item_code="CHEESE").code == "list-not-open"  # none left


def test_who_counts_again_is_not_told_what_the_books_expect() -> None:
    count = under_review("recount")
    count.answer(count.result("1", "recount", "9", reason="4 KG beyond"), partition=1)
    line = count.line("1")
    assert (line.book, line.difference, line.reason) == (9 * ONE, -4 * ONE, "4 KG beyond")
    told = count.cheese("5", lot="L1", location="A", scan_id="s").line
    assert told is not None
    assert (told.book, told.difference, told.value, told.adjustment_id, told.reason) == (None, None, None, None, None)


def test_goods_that_another_list_has_to_recount_are_counted_there_without_telling_the_book() -> None:
    count = under_review("recount")
    count.open("L2", warehouse="W2", operator="ben")
    count.answer(count.result("1", "recount", "9", value=-4 * ONE, moved_during_count=True), partition=1)
    told = count.cheese("6", lot="L1", location="A", list="L2", operator="ben")
    assert told.status == "ask"
    line = told.line
    assert line is not None
    assert (line.list, line.state, line.counted) == ("L1", "recount", 5 * ONE)
    assert (line.book, line.difference, line.value, line.moved_during_count) == (None, None, None, False)
    count.scan("answer", answer="replace", list="L2", operator="ben")
    assert [(each.kind, each.list, each.recounted) for each in count.told[-2:]] == [
        ("line", "L1", True), ("settle_line", "L1", True),
    ]  # fmt: skip
    count.answer(count.result("1", "settled", "9"), line="1")
    assert count.list_row().state == "closed"


@pytest.mark.parametrize("state", ["approval", "refused"])
def test_a_line_that_waits_can_be_counted_again_instead(state: str) -> None:
    count = under_review(state)
    assert reply_of(count.command("recount_line", list="L1", line="1")).status == "done"
    assert (count.line("1").state, count.line("1").reason) == ("recount", "boss asked for it")
    assert count.cheese("9", lot="L1", location="A").status == "accepted"


def test_a_piece_that_is_counted_again_may_be_missing() -> None:
    count = Count()
    count.open(type="CARE")
    count.pump("P1")
    count.command("close_list", list="L1")
    count.run()
    count.answer(count.result("1", "recount", "0"))
    count.settled()
    assert count.pump("P1", quantity="2").code == "serial-count-differs"
    assert count.pump("P1", quantity="0").status == "accepted"
    assert (count.line("1").counted, count.told[-2].counted) == (0, 0)


# approved


def test_an_approval_names_what_it_approves() -> None:
    count = under_review("approval")
    for fields, codes in (
        ({}, ["field-invalid"]),
        ({"revision": 1}, ["field-invalid"]),
        ({"revision": 2, "difference": -4 * ONE}, ["line-changed"]),
        ({"revision": 1, "difference": -3 * ONE}, ["line-changed"]),
        ({"line": "2", "revision": 1, "difference": -4 * ONE}, ["line-unknown"]),
    ):
        assert refused_with(count.command("approve_line", list="L1", **{"line": "1", **fields})) == codes
    count.command("approve_line", list="L1", line="1", revision=1, difference=-4 * ONE, reason_code="THEFT")
    assert (count.line("1").approved_by, count.line("1").state) == ("boss", "approval")
    told = count.told[-1]
    assert (told.kind, told.approved, told.by, told.reason_code, told.settlement) == (
        "settle_line", -4 * ONE, "boss", "THEFT", 2,
    )  # fmt: skip
    count.answer(count.result("1", "settled", "9"), line="1", settlement=2)
    assert (count.list_row().state, count.line("1").approved_by) == ("closed", "boss")


def test_an_approval_tries_a_refused_line_again() -> None:
    count = under_review("refused")
    assert reply_of(count.command("approve_line", list="L1", line="1")).status == "done"
    assert (count.told[-1].kind, count.told[-1].approved) == ("settle_line", None)
    count.answer(count.result("1", "refused", "9", reason="still"), line="1", settlement=2)
    assert (count.list_row().state, count.line("1").reason) == ("reviewing", "still")
    count.command("approve_line", list="L1", line="1", difference=-4 * ONE)
    assert count.told[-1].approved == -4 * ONE


@pytest.mark.parametrize("action", ["approve_line", "recount_line", "reject_line"])
def test_a_settled_line_is_decided(action: str) -> None:
    count = under_review("settled", "refused")
    assert refused_with(count.command(action, list="L1", line="1")) == ["line-changed"]


def test_a_line_to_recount_can_be_approved_as_it_is() -> None:
    count = under_review("recount")
    assert refused_with(count.command("approve_line", list="L1", line="1")) == ["field-invalid"]
    count.command("approve_line", list="L1", line="1", revision=1, difference=-4 * ONE)
    assert (count.told[-1].kind, count.told[-1].approved) == ("settle_line", -4 * ONE)
    count.answer(count.result("1", "settled", "9"), line="1", settlement=2)
    assert count.list_row().state == "closed"


def test_a_line_that_is_counted_anew_is_not_approved_on_its_way() -> None:
    count = under_review("recount")
    count.cheese("6", lot="L1", location="A")
    assert refused_with(count.command("approve_line", list="L1", line="1", revision=2, difference=0)) == [
        "line-changed"
    ]


# rejected


def test_the_last_line_that_waits_is_rejected_and_the_list_closes() -> None:
    count = under_review("refused", "settled")
    assert refused_with(count.command("reject_line", list="L1", line="1", revision=2)) == ["line-changed"]
    count.command("reject_line", list="L1", line="1", revision=1, reason_code="DOUBLE")
    assert (count.line("1").state, count.line("1").reason, count.line("1").approved_by) == (
        "rejected",
        "DOUBLE",
        "boss",
    )
    assert (count.told[-1].kind, count.told[-1].by, count.told[-1].reason_code) == ("drop_line", "boss", "DOUBLE")
    assert (count.list_row().state, count.list_row().pending) == ("closed", 0)


def test_a_line_that_the_ledger_had_settled_before_it_was_rejected_is_settled() -> None:
    count = under_review("approval", "refused")
    count.command("approve_line", list="L1", line="1", revision=1, difference=-4 * ONE)
    count.command("reject_line", list="L1", line="1")
    result = count.result("1", "settled", "9")
    for _ in range(2):
        count.answer(result, line="1", settlement=2)
    row = count.list_row()
    assert (count.line("1").state, row.pending, row.negative, row.state) == ("settled", 1, 1, "reviewing")


# closed again


def test_a_list_under_review_that_is_closed_again_tries_every_line_again() -> None:
    count = under_review("refused", "refused", "settled")
    count.time += MINUTE
    assert reply_of(count.command("close_list", list="L1", reason_code="AGAIN")).status == "done"
    assert not count.waiting
    row = count.list_row()
    assert (row.state, row.settlement) == ("closing", 2)
    settles = [told for told in count.told if told.kind == "settle"]
    assert [(told.settlement, told.counted_at) for told in settles] == [(1, NOON)] * 3 + [(2, NOON)] * 3
    assert settles[-1].reason_code == "AGAIN"
    count.settled(settlement=1)
    assert count.list_row().state == "closing"
    count.answer(count.result("1", "settled", "9"), count.result("2", "refused", "9"), partition=1)
    count.settled()
    assert (count.list_row().state, count.list_row().pending, count.list_row().negative) == ("reviewing", 1, 2)


def test_a_line_is_counted_again_while_the_others_are_settled() -> None:
    count = Count()
    count.open(type="CARE")
    count.salt("5")
    count.cheese("5")
    count.command("close_list", list="L1")
    count.run()
    count.answer(count.result("1", "recount", "9"))
    count.settled(partitions=range(2))
    assert count.salt("6").status == "accepted"
    assert count.list_row().settlement == 2
    count.answer(count.result("2"), settlement=1)
    count.settled(partitions=range(2, 3), settlement=1)
    assert count.list_row().state == "reviewing"
    count.answer(count.result("1", "settled", "9"), line="1")
    assert count.list_row().state == "closed"
