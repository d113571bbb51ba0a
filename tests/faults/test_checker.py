"""The checker finds each kind of violation, by its name and at its place; and in a sound history none."""

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.checker import composition
from tests.faults.checker.history import Expected, Place
from tests.faults.checker.partitions import murmur2
from tests.faults.checker.report import INVARIANTS, check
from tests.faults.story import LOT_ITEM, PIECE, SERIAL_ITEM, Story

Plant = Callable[[Story], Place | None]
"""Breaks one rule; gives the place at which it must be found, None where any place will do."""


def _drop(story: Story, topic: str, number: int) -> None:
    del story.history.records[topic][number]


def an_input_without_an_answer(story: Story) -> Place:
    _drop(story, "replies", 8)
    return story.record("movements", 8).place


def a_refusal_without_its_dead_letter(story: Story) -> Place:
    _drop(story, "movements.dead-letters", 1)
    return story.record("movements", 8).place


def poison_that_vanished(story: Story) -> Place:
    _drop(story, "movements.dead-letters", 2)
    return story.record("movements", 9).place


def a_dead_letter_with_other_bytes(story: Story) -> Place:
    story.record("movements.dead-letters", 2).raw = b"other"
    return story.record("movements", 9).place


def two_answers_to_one_input(story: Story) -> Place:
    story.follow("replies", story.record("movements"), story.value("replies"), 0)
    return story.record("movements").place


def an_effect_of_a_duplicate(story: Story) -> Place:
    value = {**story.value("postings"), "entry_id": "again"}
    story.follow("postings", story.record("movements", 6), value, 1)
    return story.record("movements", 6).place


def an_effect_of_nothing(story: Story) -> Place:
    record = story.append("replies", 0, b"x", story.value("replies"))
    record.headers = {"ce_id": b"movements/0/999/0"}
    return record.place


def a_movement_done_twice(story: Story) -> Place:
    story.value("replies", 6)["status"] = "done"
    posting = {**story.value("postings"), "entry_id": "M1b|1"}
    story.follow("postings", story.record("movements", 6), posting, 1)
    return story.record("movements", 6).place


def other_content_taken_as_a_duplicate(story: Story) -> Place:
    story.value("replies", 7)["status"] = "duplicate"
    _drop(story, "movements.dead-letters", 0)
    return story.record("movements", 7).place


def a_duplicate_that_gets_other_codes(story: Story) -> Place:
    story.value("replies", 6)["lots"] = [{**story.value("replies")["lots"][0], "lot_code": "LOT000009"}]
    return story.record("movements", 6).place


def half_a_movement(story: Story) -> Place:
    story.value("postings", 1)["quantity"] -= PIECE
    return story.record("movements", 1).place


def answers_in_another_order(story: Story) -> Place:
    first, second = story.record("replies", 0), story.record("replies", 1)
    first.headers, second.headers = second.headers, first.headers
    first.value, second.value = second.value, first.value
    return second.place


def another_answer_than_the_sender_knows(story: Story) -> Place:
    place = story.record("movements").place
    story.history.expected[place] = Expected("refused", "stock-insufficient")
    return place


def a_posting_that_miscounts(story: Story) -> Place:
    story.value("postings", 3)["stock_after"] += 1
    return story.record("postings", 3).place


def stock_below_zero(story: Story) -> None:
    story.row("stock-register", *LOT_ITEM, "", "W", "", "LOT000000").update(unloaded=9 * PIECE, stock=-4 * PIECE)
    story.value("postings", 3).update(quantity=-9 * PIECE, stock_after=-4 * PIECE)


def a_stock_row_that_missed_a_posting(story: Story) -> None:
    key = (*LOT_ITEM, "", "W", "", "LOT000000")
    story.row("stock-register", *key).update(unloaded=0, stock=5 * PIECE)


def a_stock_row_of_nothing(story: Story) -> None:
    rows = story.history.rows["stock-register"]
    rows[b"X|y||W||"] = rows.pop(b"SER|pump||W||")


def a_lot_that_missed_an_unload(story: Story) -> None:
    story.row("lot-register", *LOT_ITEM, "", "LOT000000").update(unloaded=0, stock=5 * PIECE)


def a_lot_that_began_otherwise(story: Story) -> None:
    story.row("lot-register", *LOT_ITEM, "", "LOT000000")["initial_quantity"] = 1


def a_serial_loaded_where_it_is(story: Story) -> Place:
    value = {**story.value("register-history", 5), "entry_id": "twice"}
    return story.follow("register-history", story.record("movements", 4), value, 9).place


def a_serial_that_left_twice(story: Story) -> Place:
    value = {**story.value("register-history", 6), "entry_id": "twice"}
    return story.follow("register-history", story.record("movements", 5), value, 9).place


def a_serial_that_leaves_from_elsewhere(story: Story) -> Place:
    story.value("register-history", 6)["warehouse"] = "V"
    return story.record("register-history", 6).place


def a_serial_in_stock_that_has_left(story: Story) -> None:
    story.row("serial-register", *SERIAL_ITEM, "", "", "SER000000").update(state="in_stock", warehouse="W")


def more_stock_than_serials(story: Story) -> None:
    del story.history.rows["serial-register"][b"SER|pump|||SER000001"]
    story.history.records["register-history"].pop(5)


def a_lot_code_of_two_items(story: Story) -> None:
    story.row("master-register", "company", "company")["lot_code_scope"] = "company"
    twin = {**story.row("lot-register", *LOT_ITEM, "", "LOT000001"), "item_code": "sugar", "ordinal": None}
    story._row("lot-register", ("LOT", "sugar", "", "LOT000001"), twin)


def a_generated_serial_that_stands_in_another_lot(story: Story) -> None:
    twin = {**story.row("serial-register", *SERIAL_ITEM, "", "", "SER000001"), "lot_code": "L", "ordinal": None}
    story._row("serial-register", (*SERIAL_ITEM, "", "L", "SER000001"), twin)


def a_code_outside_its_rule(story: Story) -> None:
    story.row("lot-register", *LOT_ITEM, "", "LOT000002")["ordinal"] = 1


def a_code_given_to_two_movements(story: Story) -> Place:
    story.value("replies", 2)["lots"][0].update(lot_code="LOT000000")
    return story.record("replies", 2).place


def a_serial_given_to_two_movements(story: Story) -> Place:
    story.load(SERIAL_ITEM, "M9", 1, [], ("SER000000",))
    return story.record("replies", -1).place


def an_ordinal_behind_two_codes(story: Story) -> None:
    story.row("lot-register", *LOT_ITEM, "", "LOT000001")["ordinal"] = 2


def a_counter_below_its_codes(story: Story) -> None:
    story.row("counter-register", "lot", "LT", *LOT_ITEM)["next_ordinal"] = 2


def a_counter_that_miscounts(story: Story) -> None:
    story.row("counter-register", "lot", "LT", *LOT_ITEM)["assigned"] = 7


def a_code_without_a_counter(story: Story) -> None:
    del story.history.rows["counter-register"][b"serial|ST|SER|pump"]


def a_gap_without_a_reason(story: Story) -> None:
    story.row("counter-register", "serial", "ST", *SERIAL_ITEM).update(next_ordinal=4, skipped=2)


def a_gap_that_nobody_counted(story: Story) -> None:
    story.row("counter-register", "lot", "LT", *LOT_ITEM)["skipped"] = 0


def a_row_in_a_foreign_partition(story: Story) -> None:
    record = next(iter(story.history.rows["lot-register"].values()))
    record.partition = 1 - record.partition


def a_record_seen_and_gone(story: Story) -> Place:
    story.history.seen["replies", 0, 999] = 1
    return ("replies", 0, 999)


def a_record_seen_otherwise(story: Story) -> Place:
    place = next(iter(story.history.seen))
    story.history.seen[place] += 1
    return place


def a_store_that_is_behind(story: Story) -> None:
    assert story.history.store is not None
    story.history.store["lot-register"][b"LOT|flour||LOT000001"] = b"older"


def a_store_that_lacks_a_row(story: Story) -> None:
    assert story.history.store is not None
    del story.history.store["stock-register"][b"SER|pump||W||"]


def a_store_that_knows_more(story: Story) -> None:
    assert story.history.store is not None
    story.history.store["serial-register"][b"SER|pump|||ghost"] = b"row"


def an_input_behind_the_offsets(story: Story) -> Place:
    assert story.history.committed is not None
    last = story.record("movements", -1)
    story.history.committed["movements", last.partition] = last.offset
    return last.place


def _reverse(story: Story, id: str, original: str, pieces: int, lot: str) -> Place:
    """A reversal of a load, with its posting."""
    source = story.movement(LOT_ITEM, id, 0, action="reverse", reverses=original)
    story.reply(source, "done", [{"lot_code": lot, "quantity": pieces * PIECE, "generated": True, "serials": []}], ())
    value = {**story.value("postings"), "entry_id": f"{id}|1", "lot_code": lot, "reverses": original}
    story.follow("postings", source, {**value, "quantity": -pieces * PIECE, "stock_after": 0}, 1)
    return source.place


def a_reversal_of_nothing(story: Story) -> Place:
    return _reverse(story, "R1", "M99", 2, "LOT000002")


def a_movement_undone_twice(story: Story) -> Place:
    _reverse(story, "R1", "M3", 2, "LOT000002")
    return _reverse(story, "R2", "M3", 2, "LOT000002")


def a_movement_undone_in_part(story: Story) -> Place:
    return _reverse(story, "R1", "M3", 1, "LOT000002")


PLANTED: list[tuple[str, Plant]] = [
    ("one-outcome-per-input", an_input_without_an_answer),
    ("one-outcome-per-input", a_refusal_without_its_dead_letter),
    ("one-outcome-per-input", poison_that_vanished),
    ("one-outcome-per-input", a_dead_letter_with_other_bytes),
    ("one-outcome-per-input", two_answers_to_one_input),
    ("one-outcome-per-input", an_effect_of_a_duplicate),
    ("one-outcome-per-input", an_effect_of_nothing),
    ("one-effect-per-movement", a_movement_done_twice),
    ("one-effect-per-movement", other_content_taken_as_a_duplicate),
    ("one-effect-per-movement", a_duplicate_that_gets_other_codes),
    ("one-effect-per-movement", half_a_movement),
    ("one-effect-per-movement", a_reversal_of_nothing),
    ("one-effect-per-movement", a_movement_undone_twice),
    ("one-effect-per-movement", a_movement_undone_in_part),
    ("order-kept", answers_in_another_order),
    ("as-the-sender-knows", another_answer_than_the_sender_knows),
    ("stock-is-its-postings", a_posting_that_miscounts),
    ("stock-is-its-postings", stock_below_zero),
    ("stock-is-its-postings", a_stock_row_that_missed_a_posting),
    ("stock-is-its-postings", a_stock_row_of_nothing),
    ("lots-are-their-postings", a_lot_that_missed_an_unload),
    ("lots-are-their-postings", a_lot_that_began_otherwise),
    ("serials-in-one-place", a_serial_loaded_where_it_is),
    ("serials-in-one-place", a_serial_that_left_twice),
    ("serials-in-one-place", a_serial_that_leaves_from_elsewhere),
    ("serials-in-one-place", a_serial_in_stock_that_has_left),
    ("serials-are-the-stock", more_stock_than_serials),
    ("codes-unique", a_lot_code_of_two_items),
    ("codes-unique", a_generated_serial_that_stands_in_another_lot),
    ("codes-fit-their-rule", a_code_outside_its_rule),
    ("codes-given-once", a_code_given_to_two_movements),
    ("codes-given-once", a_serial_given_to_two_movements),
    ("codes-given-once", an_ordinal_behind_two_codes),
    ("counters-cover-their-codes", a_counter_below_its_codes),
    ("counters-cover-their-codes", a_counter_that_miscounts),
    ("counters-cover-their-codes", a_code_without_a_counter),
    ("no-gap-unexplained", a_gap_without_a_reason),
    ("no-gap-unexplained", a_gap_that_nobody_counted),
    ("rows-in-their-partition", a_row_in_a_foreign_partition),
    ("nothing-uncommitted-seen", a_record_seen_and_gone),
    ("nothing-uncommitted-seen", a_record_seen_otherwise),
    ("store-is-the-register", a_store_that_is_behind),
    ("store-is-the-register", a_store_that_lacks_a_row),
    ("store-is-the-register", a_store_that_knows_more),
    ("lag-is-zero", an_input_behind_the_offsets),
]


def test_in_a_sound_history_nothing_is_found() -> None:
    report = check(Story().history)
    assert not report.violations, str(report)
    assert report.counts == {"inputs": 10, "done": 6, "duplicate": 1, "refused": 2}


def test_a_whole_reversal_is_no_violation_of_its_own() -> None:
    story = Story()
    _reverse(story, "R1", "M3", 2, "LOT000002")
    found = {violation.invariant for violation in check(story.history).violations}
    assert "one-effect-per-movement" not in found
    assert "one-outcome-per-input" not in found


@pytest.mark.parametrize(("invariant", "plant"), PLANTED, ids=[plant.__name__ for _, plant in PLANTED])
def test_a_planted_violation_is_found_by_its_name_and_at_its_place(invariant: str, plant: Plant) -> None:
    story = Story()
    place = plant(story)
    found = [violation for violation in check(story.history).violations if violation.invariant == invariant]
    assert found, f"{plant.__name__} is not found"
    assert place is None or place in [violation.place for violation in found]


def test_every_invariant_has_a_planted_violation() -> None:
    names = {invariant.__name__.replace("_", "-") for invariant in INVARIANTS}
    names = (names - {"as-expected"}) | {"as-the-sender-knows"}
    assert {name for name, _ in PLANTED} == names


def test_the_checker_takes_nothing_from_the_product() -> None:
    for path in (Path(__file__).parent / "checker").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert not node.level, f"{path.name} imports relatively"
                names = [node.module or ""]
            for name in names:
                assert not name.startswith("processors"), f"{path.name} imports {name}"
                ours = name.startswith("tests.") and not name.startswith("tests.faults.checker")
                assert not ours, f"{path.name} imports {name}, which may import the product"


@pytest.mark.parametrize(
    ("key", "hashed"),
    [(b"21", -973932308), (b"foobar", -790332482), (b"a-little-bit-long-string", -985981536), (b"abc", 479470107)],
)
def test_murmur2_is_that_of_the_java_client(key: bytes, hashed: int) -> None:
    assert murmur2(key) == hashed & 0xFFFFFFFF


@pytest.mark.parametrize(
    ("parts", "start", "letters", "ordinal", "code"),
    [
        ([("number", 5, "0")], 0, "A", 2, "00002"),
        ([("number", 1, "0"), ("letters", None, None)], 0, "A", 25, "5C"),
        ([("letters", 2, None)], 0, "B", 1, "AC"),
        ([("letters", None, None)], 0, "A", 26, "AA"),
        ([("number", 2, "0"), ("letters", 1, None)], 1, "A", 99, "01B"),
        ([("insert_year", 2, None), ("item_class", 5, "-"), ("number", None, None)], 7, "A", 3, "26--FIN10"),
    ],
)
def test_codes_are_composed_as_the_manual_says(
    parts: list[tuple[str, int | None, str | None]], start: int, letters: str, ordinal: int, code: str
) -> None:
    rule = {
        "start_number": start,
        "start_letters": letters,
        "parts": [{"field": field, "length": length, "fill": fill} for field, length, fill in parts],
    }
    assert composition.compose(rule, {"insert_year": "2026", "item_class": "FIN"}, ordinal) == code
