"""A story of counts through the product: both processors' real loops over one memory log, with crashes if wanted."""

import random
import zlib
from collections import defaultdict
from typing import Any

from processors.cli.wiring import counting, ledger
from processors.contract.json_form import from_json
from processors.contract.manifest import MANIFEST, MASTER_RECORDS, key_of
from processors.contract.partitions import partition_of
from processors.counters.allocator import Allocator
from processors.counters.memory import MemoryServer, MemoryState
from processors.counters.memory_log import MemoryEpochLog, SteppedClock
from processors.counters.none import NoCounters
from processors.counters.port import Counters
from processors.domain.count_lines import Adjustment
from processors.domain.count_registers import CountLineRow, CountListRow, ScanFeedback
from processors.domain.events import Posting, Reply
from processors.domain.master import Warehouse
from processors.domain.movement import Movement
from processors.domain.registers import SerialRow, StockRow
from processors.domain.scans import CountCommand, Scan
from processors.runtime.loop import Limits, Loop
from processors.runtime.memory_log import MemoryBroker, MemoryLog
from processors.runtime.memory_store import MemoryStores
from tests.model.count_deeds import HOUR, MINUTE, list_of
from tests.model.count_lines import (
    START_MS,
    as_of_end,
    document_of,
    master_data,
    read_of,
    reversal_of,
    sent,
    time,
)
from tests.model.naive_codes import Form
from tests.model.product import amount
from tests.model.shelves import Row, Shelves
from tests.model.stories import decimal
from tests.runtime.world import CODEC, Crash

POINTS = (
    "after-consume", "after-decide", "after-produce", "after-flush", "after-confirm", "after-commit", "after-apply",
)  # fmt: skip
INPUTS: dict[str, type] = {"master-data": Warehouse, "movements": Movement, "scans": Scan, "counts": CountCommand}
KINDS = ("ledger", "counting")
ROUNDS = 12
"""So often is looked after lists and refused documents at the end."""
TURNS_MAX = 10_000


class CountWorld:
    """A broker, the disks, and one worker of each kind. A crash takes the worker that passes the point."""

    def __init__(self, partitions: int) -> None:
        self.counts = {topic.name: topic.partitions(partitions) for topic in MANIFEST.values()}
        self.broker = MemoryBroker(self.counts)
        self.partitions = partitions
        self.redis, self.epochs = MemoryServer(), MemoryEpochLog()
        self.disks = {kind: MemoryStores() for kind in KINDS}
        self.crash_at: tuple[str, str, int] | None = None
        """Kind of the worker, point, and how often it is passed before the crash."""
        self.loops: dict[str, Loop] = {}
        for kind in KINDS:
            self.start(kind)

    def start(self, kind: str) -> None:
        """A worker, also in the place of one that is gone."""
        counters: Counters = NoCounters()
        if kind == "ledger":
            counters = Allocator(MemoryState(self.redis), self.epochs, SteppedClock(), "ledger-0")
        processor = ledger(CODEC, 50_000) if kind == "ledger" else counting(CODEC, self.partitions)
        log = MemoryLog(self.broker, f"lotstream-{kind}", f"{kind}-0")
        self.loops[kind] = Loop(
            processor, log, self.disks[kind], counters, CODEC, self.counts, Limits(batch_max=7),
            crash=lambda point: self._pass(kind, point), wall_ms=lambda: START_MS,
        )  # fmt: skip
        self.loops[kind].start()

    def _pass(self, kind: str, point: str) -> None:
        if self.crash_at is not None and self.crash_at[:2] == (kind, point):
            left = self.crash_at[2] - 1
            self.crash_at = (kind, point, left) if left else None
            if not left:
                raise Crash(kind)

    def send(self, topic: str, value: object, at: int) -> None:
        key = key_of(topic, value)
        place = partition_of(key, self.counts[topic])
        self.broker.append(topic, place, key.encode(), CODEC.encode(topic, value), START_MS + at)

    def work(self, fate: random.Random) -> None:
        """Turn both loops until none has anything to do. Who crashes comes back, sometimes without its disk."""
        for _ in range(TURNS_MAX):
            busy = False
            for kind in KINDS:
                try:
                    busy |= self.loops[kind].turn(0)
                except Crash:
                    if fate.random() < 0.4:
                        self.disks[kind] = MemoryStores()
                    self.start(kind)
                    busy = True
            if not busy:
                self.crash_at = None
                return
        raise AssertionError(f"still busy after {TURNS_MAX} turns")

    def values(self, topic: str) -> list[Any]:
        return [CODEC.decode(topic, record.value) for record in self.broker.records(topic)]

    def rows(self, topic: str) -> list[Any]:
        latest = {record.key: record.value for record in self.broker.records(topic)}
        return [CODEC.decode(topic, value) for value in latest.values() if value is not None]


class Ending:
    """What a story came to."""

    def __init__(self, world: CountWorld, problems: list[str]) -> None:
        self.problems = problems
        self.bytes = {
            topic.name: {record.key: record.value for record in world.broker.records(topic.name)}
            for topic in MANIFEST.values()
            if topic.kind in ("register", "internal") and topic.name != "counter-epochs"
        }
        """Topic → key → the last value: rows as they lie there."""
        self.letters: dict[str, list[str]] = defaultdict(list)
        for name in INPUTS:
            for letter in world.broker.records(f"{name}.dead-letters"):
                headers = {name: value or b"" for name, value in letter.headers or []}
                self.letters[name].append(headers["error-code"].decode())
        self.replies: list[Reply] = world.values("replies")
        self.feedback: list[ScanFeedback] = world.values("scan-feedback")
        self.postings: list[Posting] = world.values("postings")
        self.adjustments: list[Adjustment] = world.values("adjustments")
        self.stock: list[StockRow] = world.rows("stock-register")
        self.serials: list[SerialRow] = world.rows("serial-register")
        self.lists: list[CountListRow] = world.rows("count-list-register")
        self.lines: list[CountLineRow] = world.rows("count-line-register")
        self.inventories: list[Any] = world.rows("inventory-register")
        self.script: list[tuple[str, str, Form, int]] = []
        self.taken = {reply.request_id for reply in self.replies if reply.status == "done"}


class Teller:
    """Tells the deeds to the product; looks after what is to be recounted and approved, as the registers say."""

    def __init__(self, deeds: list[Form], world: CountWorld, crashes: int | None) -> None:
        self.deeds, self.world, self.crashes = deeds, world, crashes
        self.shelves = Shelves(deeds)
        self.pace, self.fate = random.Random(len(deeds)), random.Random(crashes or 0)
        self.asked = 0
        self.script: list[tuple[str, str, Form, int]] = []
        """All that was sent: topic, record, value and moment; a command on a line says what goods it is about."""

    def tell(self) -> Ending:
        company = next(deed for deed in self.deeds if deed["do"] == "company")
        records = {record.__name__: record for record in MASTER_RECORDS}
        for name, value in master_data(company):
            self.world.send("master-data", from_json(records[name], value), -HOUR)
            self.script.append(("master-data", name, value, -HOUR))
        self.work()
        lines = sent(self.deeds, self.shelves)
        at = 0
        for number, (at, topic, value) in enumerate(lines):
            if topic == "review":
                self.review(at)
                continue
            self.world.send(topic, from_json(INPUTS[topic], value), at)
            self.script.append((topic, "Warehouse" if topic == "master-data" else "", value, at))
            following = lines[number + 1][1] if number + 1 < len(lines) else ""
            if topic != following or topic in ("counts", "master-data") or self.pace.random() < 0.4:
                self.work()
        ending = Ending(self.world, self.finish(at))
        ending.script = self.script
        return ending

    def finish(self, at: int) -> list[str]:
        """Send again what was refused, loads first, and look after the lists, until there is nothing left to do."""
        for _ in range(ROUNDS):
            at += HOUR
            waiting = self.send_again(at)
            if not self.review(at + MINUTE) and not waiting:
                break
        states = {(row.inventory, row.list): row.state for row in self.world.rows("count-list-register")}
        return [f"list {name} stays {state}" for name, state in states.items() if state not in ("closed", "cancelled")]

    def send_again(self, at: int) -> bool:
        """Documents that were refused, once more; True if one of them is taken now."""
        replies = [reply for reply in self.world.values("replies") if reply.status == "done"]
        before = {reply.request_id for reply in replies}
        moves = [deed for deed in self.deeds if deed["do"] == "move"]
        for deed in sorted(moves, key=lambda deed: (bool(deed.get("from")), deed["at"])):
            undone, real = f"{deed['id']}-undone", deed.get("real", True)
            if real and deed["id"] not in before:
                self.send("movements", document_of(self.deeds, deed, occurred=True), at)
            if not real and deed["id"] in before and undone not in before:
                self.send("movements", reversal_of(deed), at)
        return before < {reply.request_id for reply in self.world.values("replies") if reply.status == "done"}

    def send(self, topic: str, value: Form, at: int, goods: Any = None) -> None:
        self.world.send(topic, from_json(INPUTS[topic], value), at)
        self.script.append((topic, "", {**value, "goods": goods} if goods else value, at))
        self.work()

    def work(self) -> None:
        if self.crashes is not None and self.fate.random() < 0.3:
            self.world.crash_at = (self.fate.choice(KINDS), self.fate.choice(POINTS), self.fate.randrange(1, 3))
        self.world.work(self.fate)

    # Lists that are reviewed

    def review(self, at: int) -> bool:
        """Count again, approve, or reject, each pending line of each list; True if there was one."""
        reviewing = {
            (row.inventory, row.list) for row in self.world.rows("count-list-register") if row.state == "reviewing"
        }
        rows: list[CountLineRow] = self.world.rows("count-line-register")
        pending = [row for row in rows if (row.inventory, row.list) in reviewing
                   and row.state in ("recount", "approval", "refused")]  # fmt: skip
        for row in sorted(pending, key=lambda row: (row.inventory, row.list, row.line)):
            self._look_after(row, at)
        return bool(pending)

    def _look_after(self, row: CountLineRow, at: int) -> None:
        self.asked += 1
        chance = zlib.crc32(f"{row.list}/{row.item_code}/{row.location}/{row.serial_code}/{row.revision}".encode()) % 10
        goods = goods_of(row)
        command: Form = {"command_id": f"{row.list}-{row.line}-{self.asked}", "inventory": row.inventory,
                         "list": row.list, "line": row.line, "by": "boss"}  # fmt: skip
        if row.state == "recount" and (chance or row.difference is None):
            self.send("scans", self._read_again(row, at), at)
        elif row.state == "approval" and chance == 1:
            self.send("counts", {**command, "action": "recount_line"}, at, goods)
        elif row.state == "approval" and chance == 2:
            self.send("counts", {**command, "action": "reject_line"}, at, goods)
        else:
            told = {} if row.difference is None else {"difference": decimal(amount(row.difference))}
            self.send("counts", {**command, "action": "approve_line", "revision": row.revision, **told}, at, goods)

    def _read_again(self, row: CountLineRow, at: int) -> Form:
        of: Row = (row.item_code, row.lot_code, (row.warehouse, row.location))
        until = min(at, as_of_end(self.deeds, list_of(self.deeds, row.list)))
        scan = read_of(self.deeds, row.list, of, at, "item", "place", "lot")
        scan |= {"scan_id": f"{row.list}-{row.line}-{self.asked}", "action": "confirm", "answer": "replace",
                 "scanned_at": time(at), "sent_at": time(at)}  # fmt: skip
        if row.serial_code:
            there = self.shelves.there((*of[:2], row.serial_code), of[2], at)
            return {**scan, "serial": row.serial_code, "quantity": decimal(there)}
        return {**scan, "quantity": decimal(self.shelves.row(of, until))}


def goods_of(row: CountLineRow) -> Any:
    """What a line is about: its stock row and serial."""
    of = (row.item_class, row.item_code, row.variant, row.warehouse, row.location, row.lot_code)
    return of, row.serial_code


def run(deeds: list[Form], partitions: int, crashes: int | None = None) -> Ending:
    """Tell a story to the product. `crashes` is the seed of the crashes; without it there are none."""
    return Teller(deeds, CountWorld(partitions), crashes).tell()
