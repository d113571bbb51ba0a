"""`lotstream counts` and `lotstream count` on a real cluster, from opening to differences, as people give them."""

import csv
import io
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from select import select

import pytest

from processors.domain.count_registers import CountLineRow
from tests.cli.counting_on_a_broker import NO_REDIS, CountingOnABroker, counting_shop
from tests.cli.ledger_on_a_broker import LIMIT_S, PARTITIONS, LedgerOnABroker
from tests.cli.shop import a_movement

pytestmark = pytest.mark.real
GS = "\x1d"


def test_without_a_worker_a_command_says_so_and_is_worked_off_later(ledger_on_a_broker: LedgerOnABroker) -> None:
    result = ledger_on_a_broker.run("counts", "open-inventory", "EARLY", "--id", "EARLY-1", "--limit", "0.3")
    assert result.exit_code == 1
    assert "no answer within 0.3 s: does a counting worker run" in result.output

    def seen() -> dict[str, str]:
        told = ledger_on_a_broker.run("doctor", "--output", "json").stdout
        (row,) = (row for row in map(json.loads, told.splitlines()) if row["part"] == "counting")
        return {name: row[name] for name in ("state", "seen", "remedy")}

    nobody = {
        "state": "wrong",
        "seen": "no worker; records that wait: 1 of counts",
        "remedy": "lotstream worker counting starts one",
    }
    # A worker that has ended keeps its place for a while.
    _until(lambda: seen() == nobody, "doctor does not miss the worker")
    with ledger_on_a_broker.worker("counting", NO_REDIS):
        read = ledger_on_a_broker.run("read", "replies", "--key", "EARLY-1", "--follow", "--limit", "1")
    assert json.loads(read.stdout)["value"]["status"] == "done"


def test_a_worker_whose_port_is_taken_says_which_and_what_to_do(ledger_on_a_broker: LedgerOnABroker) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        told = subprocess.run(
            [sys.executable, "-m", "processors", "worker", "counting", "--slot", "7", "--metrics-port", port],
            env={**os.environ, "LOTSTREAM_BOOTSTRAP_SERVERS": ledger_on_a_broker.servers,
                 "LOTSTREAM_STATE_DIR": str(ledger_on_a_broker.state_dir), "LOTSTREAM_PARTITIONS": str(PARTITIONS)},
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT_S,
        )  # fmt: skip
    assert told.returncode == 2, told.stderr
    assert f"lotstream: port {port} of 127.0.0.1 for health and metrics: " in told.stderr
    assert "--metrics-port, 0 for any" in told.stderr


@pytest.fixture(scope="module")
def shop(ledger_on_a_broker: LedgerOnABroker) -> Iterator[CountingOnABroker]:
    with counting_shop(ledger_on_a_broker) as shop:
        yield shop


def test_what_is_missing_is_found_and_what_moved_meanwhile_is_no_difference(shop: CountingOnABroker) -> None:
    shop.moved(a_movement("W-1", "IN", "100"), a_movement("W-2", "IN", "40", "OIL", "L1"))
    shop.opened("I1")
    told = shop.counted("I1", "4006381333962", "=97", "+", "item=CNT|OIL lot=L1 qty=40", "")
    assert told.splitlines()[0] == "List A of inventory I1: warehouse SHOP, open, 0 lines, counted by ann."
    assert "accepted  line 1 says 97 KG of 'NUT'" in told
    assert told.splitlines()[-1] == "2 confirmed, 0 refused."
    shop.moved(a_movement("W-3", "OUT", "10"), a_movement("W-4", "IN", "5", "OIL", "L2"))

    closed = shop.done("counts", "close", "I1", "A", "--wait")
    assert closed.splitlines() == [
        "List A is closing.",
        "List A is closed: 2 lines, 1 as booked, 0 more (value 0), 1 less (value -6).",
    ]
    sheet = shop.done("counts", "differences", "I1", "A", "--output", "csv")
    (row,) = csv.DictReader(io.StringIO(sheet))
    names = ("warehouse", "item_code", "book", "counted", "difference", "template", "cost", "value", "state", "reason")
    assert [row[name] for name in names] == ["SHOP", "NUT", "100", "97", "-3", "LES", "2", "-6", "settled", ""]
    every = shop.json("counts", "differences", "I1", "--all")
    assert [(row["line"], row["difference"]) for row in every] == [("1", "-3"), ("2", "0")]
    table = shop.done("counts", "differences", "I1")
    assert table.splitlines()[-1] == "0 more, value 0; 1 less, value -6"
    (stock,) = shop.json("stock", "show", "--item", "CNT|NUT")
    assert stock["stock"] == "87"
    (inventory,) = (row for row in shop.json("counts", "status") if row["inventory"] == "I1")
    assert (inventory["state"], inventory["lists"], inventory["lists_closed"]) == ("closed", 1, 1)


def test_a_movement_that_comes_late_is_told_as_a_correction(shop: CountingOnABroker) -> None:
    before = a_movement("LATE-0", "IN", "10", "TEA")
    shop.moved(before)
    shop.opened("I2")
    shop.counted("I2", "+ item=CNT|TEA qty=10")
    assert "1 as booked" in shop.done("counts", "close", "I2", "A", "--wait")
    late = a_movement("LATE-1", "OUT", "4", "TEA")
    late["value"]["effective_date"] = "2026-06-15"
    late["value"]["occurred_at"] = "2026-06-15T10:00:00Z"
    early = a_movement("LATE-2", "IN", "6", "TEA")
    early["value"] |= {"effective_date": "2026-06-15", "occurred_at": "2026-06-15T09:00:00Z"}
    shop.moved(early, late)
    (row,) = shop.json("counts", "differences", "I2")
    assert (row["difference"], row["corrected"], row["state"]) == ("0", "-2", "settled")


def test_what_the_rules_refuse_ends_with_code_3_and_every_reason(shop: CountingOnABroker) -> None:
    shop.opened("I3")
    again = shop.run("counts", "open-inventory", "I3")
    assert (again.exit_code, again.stdout) == (3, "")
    assert again.stderr.startswith("field-invalid: inventory 'I3' was opened before")
    wrong = shop.run("counts", "open", "I3", "B", "--type", "NONE", "--warehouse", "NOWHERE", "--location", "X")
    assert wrong.exit_code == 3
    codes = [line.split(":")[0] for line in wrong.stderr.splitlines()]
    assert {"warehouse-unknown", "list-type-unknown"} <= set(codes)
    unknown = shop.run("counts", "close", "NONE", "A")
    assert (unknown.exit_code, unknown.stderr.split(":")[0]) == (3, "inventory-unknown")


def test_a_read_that_is_refused_is_shown_and_a_pipe_ends_with_code_3(shop: CountingOnABroker) -> None:
    shop.opened("I4")
    given = "no such thing\nlot=A colour=red\na\n+ item=CNT|NUT qty=1\n+ item=CNT|NUT qty=2\nr\nq\nnever read\n"
    result = shop.run("count", "I4", "A", "--operator", "ann", given=given)
    assert result.exit_code == 3
    assert "refused   barcode-unknown: " in result.stdout
    assert "not sent: expected item=…" in result.stdout
    assert "not sent: there is no question to answer" in result.stdout
    assert "ask       ask-add-or-replace: line 1 says 1 KG" in result.stdout
    assert "a = add, r = replace" in result.stdout
    assert "accepted  line 1 says 2 KG of 'NUT'" in result.stdout
    assert result.stdout.splitlines()[-1] == "2 confirmed, 1 refused."
    other = shop.run("count", "I4", "A", "--operator", "ben", given="+ item=CNT|NUT qty=9\n")
    assert (other.exit_code, "not-the-operator" in other.stdout) == (3, True)
    shop.done("counts", "assign", "I4", "A", "ben")
    assert shop.run("count", "I4", "A", "--operator", "ben", given="=9\nx\n").exit_code == 0
    none = shop.run("count", "I4", "Z", "--operator", "ben", given="")
    assert (none.exit_code, "inventory I4 has no list Z" in none.output) == (1, True)


def test_a_difference_beyond_the_tolerance_waits_for_its_approval(shop: CountingOnABroker) -> None:
    shop.moved(a_movement("AP-1", "IN", "30", "OIL", "AP"))
    shop.opened("I5", type="ASKING")
    shop.counted("I5", "+ item=CNT|OIL lot=AP qty=20", "+ item=CNT|OIL lot=APX qty=7")
    closed = shop.done("counts", "close", "I5", "--wait")
    assert closed.splitlines() == [
        "Inventory I5 is closing.",
        "List A is to be reviewed, 2 left: 2 lines, 0 as booked, 0 more (value 0), 0 less (value 0).",
    ]
    (status,) = shop.json("counts", "status", "I5")
    assert (status["state"], status["approval"], status["pending"]) == ("reviewing", 2, 2)
    review = shop.done("counts", "status", "I5", "A").split("\n\n")[1]
    assert re.search(r"OIL\s+AP\s+20\s+KG.*approval.*30\s+-10", review)

    stale = shop.run("counts", "approve", "I5", "A", "1", "--difference", "-9")
    assert (stale.exit_code, "line-changed" in stale.stderr) == (3, True)
    approved = shop.run("counts", "approve", "I5", "A", "1", "--reason", "LEAK")
    assert (approved.exit_code, approved.stdout) == (0, "Line 1 is approved.\n")
    assert approved.stderr == "Line 1, revision 1, difference -10 KG\n"
    shop.done("counts", "reject", "I5", "A", "2")
    rows = _until_closed(shop, "I5")
    assert [(row["line"], row["state"], row["difference"]) for row in rows] == [
        ("1", "settled", "-10"), ("2", "rejected", "7"),
    ]  # fmt: skip
    adjustments = [record["value"] for record in shop.json("read", "adjustments")]
    assert next(each["reason_code"] for each in adjustments if each["inventory"] == "I5") == "LEAK"
    missing = shop.run("counts", "approve", "I5", "A", "77")
    assert (missing.exit_code, "has no line 77" in missing.stderr) == (1, True)


def test_a_blind_list_is_counted_again_without_a_look_at_the_books(shop: CountingOnABroker) -> None:
    shop.moved(a_movement("BL-1", "IN", "50", "OIL", "BL"))
    shop.opened("I6", type="AGAIN")
    shop.counted("I6", "+ item=CNT|OIL lot=BL qty=44")
    assert "to be reviewed" in shop.done("counts", "close", "I6", "A", "--wait")
    (line,) = shop.json("counts", "lines", "I6", "--state", "recount")
    assert (line["counted"], line["book"], line["difference"]) == ("44", None, None)
    (shown,) = shop.json("counts", "lines", "I6", "--books")
    assert (list(shown), shown["book"]) == ([*CountLineRow.__dataclass_fields__], "50")
    assert "-6" not in shop.done("counts", "status", "I6", "A")
    told = shop.counted("I6", "+ item=CNT|OIL lot=BL qty=45")
    assert "To be counted again, line 1: CNT|OIL · lot BL" in told
    assert [(row["state"], row["difference"]) for row in _until_closed(shop, "I6")] == [("settled", "-5")]


def test_lists_that_count_what_nobody_read_as_zero_wait_for_each_other_and_a_cancelled_one_has_no_effect(
    shop: CountingOnABroker,
) -> None:
    shop.opened("I7", type="ZERO")
    shop.done("counts", "open", "I7", "B", "--type", "FREELY", "--warehouse", "SHOP", "--operator", "ann")
    shop.counted("I7", "+ item=CNT|TEA qty=1", list_="B")
    waiting = subprocess.Popen(
        [sys.executable, "-m", "processors", "counts", "close", "I7", "A", "--wait"],
        env=_environment(shop), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert waiting.stderr is not None
    assert waiting.stderr.readline() == "List A waits for B: what nobody reads counts as zero.\n"
    assert _list(shop, "I7", "A", "closing")["waits_for"] == "B"
    note = shop.run("counts", "differences", "I7", "A").stderr
    assert note.splitlines()[0] == "List A is closing: what differs is known once it closes."
    shop.done("counts", "cancel", "I7", "B", "--reason", "DOUBLE")
    assert _list(shop, "I7", "B", "cancelled")["lines"] == 1
    told, _ = waiting.communicate(timeout=LIMIT_S)
    assert (waiting.returncode, told.splitlines()[0]) == (0, "List A is closing.")
    assert told.splitlines()[1].startswith("List A is closed: ")
    assert _list(shop, "I7", "A", "closed")["negative"] > 0


def test_a_command_that_is_only_sent_names_its_id_and_sent_again_it_changes_nothing(shop: CountingOnABroker) -> None:
    sent = shop.done("counts", "open-inventory", "I8", "--no-wait", "--id", "I8-1")
    assert sent == "Sent as I8-1.\n"
    again = shop.done("counts", "open-inventory", "I8", "--id", "I8-1")
    assert again == "Inventory I8 is open. (It was taken before.)\n"
    both = shop.run("counts", "close", "I8", "--wait", "--no-wait")
    assert (both.exit_code, "contradict" in both.output) == (2, True)


def test_what_is_not_there_is_said(shop: CountingOnABroker) -> None:
    for arguments, told in (
        (("status", "NONE"), "No inventory NONE"),
        (("status", "I8"), "Inventory I8 has no lists yet"),
        (("status", "I1", "NONE"), "Inventory I1 has no list NONE"),
        (("lines", "NONE"), "No such line"),
        (("differences", "NONE"), "No inventory NONE"),
    ):
        result = shop.run("counts", *arguments, "--output", "csv")
        assert (result.exit_code, result.stdout) == (1, ""), arguments
        assert told in result.stderr


def test_at_a_terminal_each_read_is_answered_before_the_next(shop: CountingOnABroker) -> None:
    """Through a pseudo-terminal, as a scanner types: with FNC1 as it comes, and no echo that would be taken for us."""
    shop.moved(a_movement("TY-1", "IN", "3", "OIL", "TY"))
    shop.opened("I9")
    with _Typing(shop, "I9") as typing:
        typing.until("q ends.")
        typing.until("> ")
        typing.types(f"]C1010400638133397910TY{GS}21PIECE{GS}", "noted     still needed: quantity")
        typing.types("=3", "confirm to count it")
        typing.types("+", "accepted  line 1 says 3 KG of 'OIL', lot 'TY'")
        typing.types("nonsense", "refused   barcode-unknown")
        typing.types("q", "1 confirmed, 1 refused.")
        assert typing.process.wait(LIMIT_S) == 0


def test_a_read_without_feedback_is_sent_again_and_counts_once(shop: CountingOnABroker) -> None:
    shop.opened("I10")
    with _Typing(shop, "I10") as typing:
        typing.until("> ")
        shop.worker.send_signal(signal.SIGSTOP)
        try:
            os.write(typing.terminal, b"+ item=CNT|NUT qty=4\n")
            _until(lambda: len(_scans(shop, "I10")) >= 2, "the read was not sent again")
        finally:
            shop.worker.send_signal(signal.SIGCONT)
        typing.until("accepted  line 1 says 4 KG")
        typing.types("q", "1 confirmed, 0 refused.")
    scans = _scans(shop, "I10")
    assert len({scan["scan_id"] for scan in scans}) == 1
    assert len({scan["sent_at"] for scan in scans}) == len(scans)
    (line,) = shop.json("counts", "lines", "I10")
    assert (line["counted"], line["revision"]) == ("4", 1)


def _scans(shop: CountingOnABroker, inventory: str) -> list[dict[str, str]]:
    return [record["value"] for record in shop.json("read", "scans") if record["value"]["inventory"] == inventory]


def _until_closed(shop: CountingOnABroker, inventory: str) -> list[dict[str, str]]:
    _list(shop, inventory, "A", "closed")
    return shop.json("counts", "lines", inventory, "--books")


def _list(shop: CountingOnABroker, inventory: str, list_: str, state: str) -> dict[str, object]:
    """The list once it is in a state."""
    found: dict[str, object] = {}

    def there() -> bool:
        nonlocal found
        (found,) = shop.json("counts", "status", inventory, list_)
        return found["state"] == state

    _until(there, f"list {list_} of {inventory} is not {state}")
    return found


def _until(happened: object, told: str) -> None:
    assert callable(happened)
    deadline = time.monotonic() + LIMIT_S
    while not happened():
        assert time.monotonic() < deadline, f"{told} after {LIMIT_S:g} s"
        time.sleep(0.05)


def _environment(shop: CountingOnABroker) -> dict[str, str]:
    ours = {name: value for name, value in shop.ledger.environment.items() if value is not None}
    return {**os.environ, **ours}


class _Typing:
    """`lotstream count` at a pseudo-terminal of its own."""

    def __init__(self, shop: CountingOnABroker, inventory: str) -> None:
        self.terminal, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "processors", "count", inventory, "A", "--operator", "ann"],
            env={**_environment(shop), "NO_COLOR": "1", "TERM": "dumb"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self._said = ""

    def __enter__(self) -> "_Typing":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)

    def types(self, line: str, answer: str) -> None:
        """Type a line; its answer comes."""
        os.write(self.terminal, f"{line}\n".encode())
        self.until(answer)

    def until(self, text: str) -> None:
        """Return once it has said that, after all that was waited for before."""
        deadline = time.monotonic() + LIMIT_S
        while text not in self._said:
            assert time.monotonic() < deadline, self._said
            if not select([self.terminal], [], [], 0.1)[0]:
                continue
            with suppress(OSError):  # it has ended: what it said is all there is
                self._said += os.read(self.terminal, 65536).decode().replace("\r", "")
        self._said = self._said.split(text, 1)[1]
