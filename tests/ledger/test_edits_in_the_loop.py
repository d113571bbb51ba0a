"""Edits through the loop: with movements on another topic beside them, refused ones kept, crashes in between."""

import pytest

from processors.domain.calendar import parse_day
from processors.domain.registers import LotRow
from tests.ledger.ledger_story import CHEESE, a_lot, a_movement, edit_of_lot
from tests.ledger.test_dropping import POINTS, Books
from tests.runtime.world import Crash, Worker, statuses

DAY = parse_day("2026-03-01")
LOAD = a_movement(CHEESE, "IN", "1", "m0", effective_date=DAY, lots=(a_lot("L1", "1"),))


def notes(books: Books) -> str | None:
    row = books.world.values("lot-register")[-1]
    assert isinstance(row, LotRow)
    return row.notes


def test_an_edit_is_taken_that_is_read_before_the_movement_that_brings_its_lot() -> None:
    books = Books()
    books.world.send(edit_of_lot({"notes": "n"}), "register-edits")
    books.world.send(LOAD)
    books.worker.work()
    assert statuses(books.world.replies()) == {"m0": "done", "e1": "done"}
    assert notes(books) == "n"


def test_a_refused_edit_is_kept_as_a_dead_letter_and_its_reply_says_why() -> None:
    books = Books()
    reply = books.send(edit_of_lot({"colour": "red"}), "register-edits")
    assert (reply.request_topic, reply.status) == ("register-edits", "refused")
    (letter,) = books.world.dead_letters("register-edits")
    assert dict(letter.headers or [])["error-code"] == b"lot-unknown"


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("disk", ["kept", "lost"])
def test_a_crash_loses_no_edit_and_takes_none_twice(point: str, disk: str) -> None:
    books = Books()
    books.send(LOAD)
    books.world.crash_at = (point, 1)
    books.world.send(edit_of_lot({"notes": "one"}), "register-edits")
    with pytest.raises(Crash):
        books.worker.work()
    if disk == "lost":
        books.world.disks["ledger-0"].lost()
    books.worker = Worker(books.world, "ledger-0").work()
    assert statuses(books.world.replies()) == {"m0": "done", "e1": "done"}
    assert notes(books) == "one"
    assert books.send(edit_of_lot({"notes": "one"}), "register-edits").status == "duplicate"
