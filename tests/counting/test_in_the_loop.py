"""Counting in the worker's loop over memory: what waits for what, and a crash at each point of a turn."""

from typing import Any

import pytest

from processors.contract.manifest import key_of
from processors.counters.none import NoCounters
from processors.counting.processor import CountingProcessor
from processors.counting.registers import LINES, LISTS
from processors.domain import quantity
from processors.domain.count_lines import CountLine, CountResult, LineResult
from processors.domain.count_registers import CountLineRow, CountListRow, ScanFeedback
from processors.domain.scans import CountCommand, Scan
from processors.runtime.loop import Loop
from processors.runtime.memory_log import MemoryLog
from processors.runtime.memory_store import MemoryStores
from tests.counting.counting_story import MASTER
from tests.runtime.world import CODEC, PARTITIONS, Crash, World, statuses

POINTS = (
    "after-consume",
    "after-decide",
    "after-produce",
    "after-flush",
    "after-confirm",
    "after-commit",
    "after-apply",
)


class Inventory:
    """A world with one counting worker, and the inventory I1 in it. `keeps_disk`: a new worker finds its stores."""

    def __init__(self, keeps_disk: bool = True) -> None:
        self.world = World()
        for record in MASTER:
            key = key_of("master-register", record).encode()
            self.world.send_raw("master-register", 0, key, CODEC.encode("master-register", record))
        self.keeps_disk, self.disk = keeps_disk, MemoryStores()
        self.loop: Loop | None = None

    def command(self, action: str, id: str, **fields: Any) -> None:
        self.world.send(CountCommand(id, action, "I1", fields.pop("list", None), None, "eve", **fields), "counts")  # type: ignore[arg-type]

    def scan(self, id: str, amount: str, action: str = "confirm", **fields: Any) -> None:
        values: dict[str, Any] = {"item_class": "FOO", "item_code": "SALT"} | fields
        if action == "answer":
            values = fields
        at = self.world.now_ms
        scan = Scan(id, "I1", "L1", "anna", "d1", at, at, action, quantity=quantity.parse(amount), **values)  # type: ignore[arg-type]
        self.world.send(scan, "scans")

    def open(self) -> None:
        self.command("open_inventory", "c1")
        self.command("open_list", "c2", list="L1", list_type="FREE", warehouse="W1", operator="anna")

    def work(self) -> None:
        """Work everything off; a worker that crashes is started again, on the same disk or a new one."""
        while True:
            try:
                self.loop = self.loop or self._start()
                for _ in range(200):
                    if not self.loop.turn(0):
                        return
                raise AssertionError("still busy")
            except Crash:
                self.loop = None

    def settle(self) -> None:
        """The ledger's part: every line as it was told, and every partition done."""
        told = [value for value in self.world.values("count-lines") if isinstance(value, CountLine)]
        newest = {value.line: value for value in told if value.kind == "line"}
        lines = tuple(_as_booked(value) for value in newest.values())
        for partition in range(PARTITIONS):
            result = CountResult("lines", "I1", "L1", partition, 1, 0, None, lines if partition == 1 else (), 0)
            self.world.send(result, "count-results")
            self.world.send(CountResult("settled", "I1", "L1", partition, 1, 1, None, (), 0), "count-results")

    def feedback(self) -> dict[str, tuple[str, str | None]]:
        answers = [value for value in self.world.values("scan-feedback") if isinstance(value, ScanFeedback)]
        assert len({answer.scan_id for answer in answers}) == len(answers), "one answer to each read"
        return {answer.scan_id: (answer.status, answer.code) for answer in answers}

    def rows(self) -> tuple[CountListRow, list[CountLineRow]]:
        """The newest rows of the list and its lines."""
        lists: dict[bytes | None, Any] = {}
        lines: dict[bytes | None, Any] = {}
        for register, rows in ((LISTS, lists), (LINES, lines)):
            for record in self.world.broker.records(register.topic):
                rows[record.key] = CODEC.decode(register.topic, record.value)
        (row,) = lists.values()
        return row, list(lines.values())

    def _start(self) -> Loop:
        if not self.keeps_disk:
            self.disk = MemoryStores()
        processor = CountingProcessor(
            lambda value: CODEC.encode("scan-feedback", value),
            lambda data: CODEC.decode("scan-feedback", data),  # type: ignore[arg-type,return-value]
            lambda value: CODEC.encode("replies", value),
            lambda data: CODEC.decode("replies", data),  # type: ignore[arg-type,return-value]
            PARTITIONS,
        )
        log = MemoryLog(self.world.broker, "lotstream-counting", "counting-0")
        loop = Loop(
            processor, log, self.disk, NoCounters(), CODEC, self.world.counts, crash=self.world.pass_point,
            wall_ms=lambda: self.world.now_ms,
        )  # fmt: skip
        loop.start()
        return loop


def _as_booked(line: CountLine) -> LineResult:
    counted = line.counted or 0
    return LineResult(
        line.line or "", line.revision or 0, "settled", None, line.item_class or "", line.item_code or "",
        line.variant, line.warehouse or "", line.location, line.lot_code, line.serial_code, counted, line.unit or "",
        line.counted_from or 0, line.counted_at or 0, "anna", counted, 0, None, None, False,
    )  # fmt: skip


def test_a_read_that_is_consumed_before_the_command_that_opens_its_list_waits_for_it() -> None:
    count = Inventory()
    count.scan("s1", "5")
    count.open()
    count.work()
    assert count.feedback() == {"s1": ("accepted", None)}
    assert count.world.dead_letters("scans") == []


def test_a_read_of_a_list_that_nobody_opens_is_refused_and_kept() -> None:
    count = Inventory()
    count.scan("s1", "5")
    count.work()
    assert count.feedback() == {"s1": ("refused", "inventory-unknown")}
    (letter,) = count.world.dead_letters("scans")
    assert dict(letter.headers or ())["error-code"] == b"inventory-unknown"


def test_reads_that_were_sent_before_the_closing_are_counted_and_later_ones_refused() -> None:
    count = Inventory()
    count.open()
    count.work()
    for number in range(30):
        count.scan(f"s{number}", "1", answer="add")
    count.command("close_list", "c3", list="L1")
    count.work()
    count.scan("late", "1", answer="add")
    count.work()
    count.settle()
    count.work()
    assert count.feedback() == {f"s{number}": ("accepted", None) for number in range(30)} | {
        "late": ("refused", "list-not-open")
    }
    row, (line,) = count.rows()
    assert (row.state, row.matched, line.counted, line.revision, line.state) == (
        "closed", 1, 30 * quantity.ONE, 30, "settled",
    )  # fmt: skip


def whole(crash_at: tuple[str, int] | None = None, keeps_disk: bool = True) -> Inventory:
    """An inventory from opening to closing, everything sent before it is worked off, with a crash in it."""
    count = Inventory(keeps_disk)
    count.world.crash_at = crash_at
    count.open()
    count.scan("s1", "5")
    count.scan("s2", "2")
    count.work()
    count.scan("a1", "0", "answer", answer="add", answers="s2")
    count.scan("s1", "5")
    count.scan("s3", "1", item_code="CHEESE", lot="L7")
    count.work()
    count.command("close_list", "c3", list="L1")
    count.command("close_list", "c4", list="L1")
    count.work()
    count.settle()
    count.settle()
    count.work()
    assert count.world.crash_at is None, "the point was reached"
    return count


@pytest.mark.parametrize("keeps_disk", [True, False])
@pytest.mark.parametrize("passes", range(1, 6))
@pytest.mark.parametrize("point", POINTS)
def test_a_crash_at_any_point_counts_nothing_twice_and_loses_nothing(point: str, passes: int, keeps_disk: bool) -> None:
    crashed, smooth = whole((point, passes), keeps_disk), whole()
    for topic in ("scan-feedback", "count-lines", "replies"):
        assert crashed.world.values(topic) == smooth.world.values(topic), topic
    assert crashed.rows() == smooth.rows()
    assert statuses(crashed.world.replies()) == dict.fromkeys(("c1", "c2", "c3", "c4"), "done")


def test_the_story_that_crashes_is_the_one_that_is_meant() -> None:
    row, lines = whole().rows()
    assert (row.state, row.lines, row.matched, row.pending) == ("closed", 2, 2, 0)
    assert [(line.item_code, quantity.text(line.counted), line.revision) for line in lines] == [
        ("SALT", "7", 2), ("CHEESE", "1", 1),
    ]  # fmt: skip
