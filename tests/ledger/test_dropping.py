"""Ids are kept while their day is in the open period, then dropped in slices; what is older is refused for good."""

from dataclasses import replace
from typing import Any

import pytest

from processors.contract.codec import Codec
from processors.contract.schema_ids import LockedIds
from processors.domain.calendar import DAY_MS, day_text, parse_day
from processors.domain.events import Reply
from processors.domain.master import Company, MasterRecord
from processors.domain.movement import Movement
from processors.domain.registers import StateRow
from processors.ledger.processor import LedgerProcessor
from tests.ledger.ledger_story import CHEESE, MASTER, SALT, a_lot, a_movement, edit_of_lot
from tests.runtime.world import Crash, Worker, World

JANUARY, FEBRUARY, MARCH = (parse_day(f"2026-0{month}-01") for month in (1, 2, 3))
POINTS = ("after-decide", "after-produce", "after-flush", "after-commit", "after-apply")


def a_ledger(slice_rows: int) -> LedgerProcessor:
    codec = Codec(LockedIds())
    return LedgerProcessor(
        lambda reply: codec.encode("replies", reply),
        lambda data: codec.decode("replies", data),  # type: ignore[arg-type,return-value]
        lambda data: codec.decode("movements", data),  # type: ignore[arg-type,return-value]
        slice_rows=slice_rows,
    )


class Books:
    """One worker of a company whose period opens on a day."""

    def __init__(self, open_from: int | None = JANUARY, slice_rows: int = 3) -> None:
        self.world = World(lambda: a_ledger(slice_rows))
        self.world.now_ms = parse_day("2026-03-10") * DAY_MS
        for record in (*MASTER, Company(open_from=open_from)):
            self.master(record)
        self.worker = self.world.worker().work()

    def master(self, record: MasterRecord) -> None:
        self.world.send(record, "master-data")

    def opens(self, day: int | None) -> None:
        self.master(Company(open_from=day))
        self.worker.work()

    def post(self, movement_id: str, day: int, **fields: Any) -> Reply:
        return self.send(salt(movement_id, day, **fields))

    def send(self, value: object, topic: str = "movements") -> Reply:
        self.world.send(value, topic)
        self.worker.work()
        return self.world.replies()[-1]

    def ids(self) -> set[str]:
        """Ids of movements and edits that the task still knows."""
        state: dict[bytes, StateRow | None] = {}
        for record in self.world.broker.records("ledger-state"):
            row = None if record.value is None else Codec(LockedIds()).decode("ledger-state", record.value)
            assert row is None or isinstance(row, StateRow)
            state[record.key or b""] = row
        return {row.id for row in state.values() if row is not None and row.kind in ("movement", "edit")}


def salt(movement_id: str, day: int, amount: str = "1") -> Movement:
    return a_movement(SALT, "IN", amount, movement_id, effective_date=day)


def codes(reply: Reply) -> list[str]:
    return [reason.code for reason in reply.reasons]


@pytest.mark.parametrize("slice_rows", [1, 3, 100])
def test_ids_of_days_before_the_open_period_are_dropped_and_the_others_kept(slice_rows: int) -> None:
    books = Books(slice_rows=slice_rows)
    for number in range(10):
        books.post(f"m{number}", JANUARY + 10 * number)
    books.opens(FEBRUARY)
    books.post("new", FEBRUARY + 1)
    assert books.ids() == {f"m{number}" for number in range(4, 10)} | {"new"}


def test_nothing_is_dropped_before_something_is_taken_under_the_new_period() -> None:
    books = Books()
    books.post("m0", JANUARY)
    books.opens(FEBRUARY)
    assert codes(books.post("m1", JANUARY)) == ["date-outside-period"]
    assert books.ids() == {"m0"}


def test_a_movement_whose_id_was_dropped_is_not_taken_again_even_when_the_period_is_opened_again() -> None:
    books = Books()
    books.post("m0", JANUARY + 5)
    books.opens(FEBRUARY)
    books.post("m1", FEBRUARY)
    books.opens(JANUARY)
    again = books.post("m0", JANUARY + 5)
    assert codes(again) == ["date-outside-period"]
    assert day_text(JANUARY + 5) in again.reasons[0].message
    assert books.post("m2", JANUARY + 6).status == "done"


def test_a_period_moved_by_mistake_and_moved_back_before_anything_was_taken_costs_nothing() -> None:
    books = Books()
    books.post("m0", JANUARY + 5)
    books.opens(MARCH)
    books.opens(JANUARY)
    assert books.post("m0", JANUARY + 5).status == "duplicate"
    assert books.post("m1", JANUARY).status == "done"


def test_what_is_taken_in_a_period_opened_again_is_dropped_when_it_closes_again() -> None:
    books = Books()
    books.post("m0", JANUARY)
    books.opens(FEBRUARY)
    books.post("m1", FEBRUARY)
    books.opens(JANUARY)
    books.post("m2", JANUARY + 20)
    books.opens(FEBRUARY)
    books.post("m3", FEBRUARY)
    assert books.ids() == {"m1", "m3"}


def test_a_company_without_a_first_day_keeps_every_id() -> None:
    books = Books(open_from=None)
    books.post("m0", JANUARY)
    books.opens(FEBRUARY)
    books.opens(None)
    books.post("m1", FEBRUARY)
    assert books.ids() == {"m0", "m1"}


def test_edits_are_of_the_day_they_were_made_and_their_ids_are_dropped_with_it() -> None:
    books = Books()
    books.send(a_movement(CHEESE, "IN", "1", "m0", effective_date=FEBRUARY, lots=(a_lot("L1", "1"),)))
    early = replace(edit_of_lot({"notes": "a"}, "e0"), edited_at=JANUARY * DAY_MS)
    late = replace(edit_of_lot({"notes": "b"}, "e1"), edited_at=MARCH * DAY_MS)
    assert [books.send(each, "register-edits").status for each in (early, late)] == ["done", "done"]
    books.opens(FEBRUARY)
    books.send(edit_of_lot({"notes": "c"}, "e2"), "register-edits")
    assert books.ids() == {"m0", "e1", "e2"}
    books.opens(JANUARY)
    assert codes(books.send(early, "register-edits")) == ["date-outside-period"]
    assert books.send(late, "register-edits").status == "duplicate"


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("passes", [1, 2, 4])
@pytest.mark.parametrize("disk", ["kept", "lost"])
def test_a_crash_in_any_slice_drops_what_is_to_be_dropped_and_nothing_else(point: str, passes: int, disk: str) -> None:
    books = Books()
    for number in range(12):
        books.post(f"m{number}", JANUARY + 5 * number)
    books.opens(FEBRUARY)
    books.world.crash_at = (point, passes)
    books.world.send(salt("new", FEBRUARY))
    with pytest.raises(Crash):
        books.worker.work()
    if disk == "lost":
        books.world.disks["ledger-0"].lost()
    books.worker = Worker(books.world, "ledger-0").work()
    assert books.ids() == {f"m{number}" for number in range(7, 12)} | {"new"}
    books.opens(JANUARY)
    assert codes(books.post("m6", JANUARY + 30)) == ["date-outside-period"]
    assert books.post("m7", JANUARY + 35).status == "duplicate"


def test_movements_go_on_between_the_slices() -> None:
    books = Books(slice_rows=1)
    for number in range(5):
        books.post(f"m{number}", JANUARY + number)
    books.opens(FEBRUARY)
    books.world.send(salt("n0", FEBRUARY))
    turns = 0
    while books.worker.loop.turn(0):
        turns += 1
        books.world.send(salt(f"n{turns}", FEBRUARY)) if turns < 4 else None
    assert books.ids() == {f"n{number}" for number in range(4)}
    assert [reply.status for reply in books.world.replies()] == ["done"] * 9


def test_the_period_moving_on_in_the_middle_of_dropping_drops_up_to_the_newer_day() -> None:
    books = Books(slice_rows=1)
    for number in range(6):
        books.post(f"m{number}", JANUARY + 10 * number)
    books.opens(FEBRUARY)
    books.world.send(salt("new", MARCH))
    for _ in range(3):
        books.worker.loop.turn(0)
    books.opens(MARCH)
    assert books.post("newer", MARCH).status == "done"
    assert books.ids() == {"new", "newer"}
