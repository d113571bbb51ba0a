"""Counting: how long a scan waits for its feedback while the ledger works, and how long a large list takes to close.

    python -m benchmarks.counting [--quick] [--backlog 1000000] [--lines 20000] [--only beside,backlog,closing]

Feedback: from handing a scan to the client until a `read_committed` reader has its feedback, at a steady pace, with
movements at a steady pace beside it; then the same while the ledger works off a backlog. Closing: from handing the
command to the client until the list's register row says `closed`.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from confluent_kafka import Producer

from benchmarks import company
from benchmarks.arena import LEDGER_GROUP, Arena
from benchmarks.figures import percentile, show
from benchmarks.pacer import Pacer
from benchmarks.processes import worker
from benchmarks.results import Committed
from benchmarks.sending import encoded, publish
from benchmarks.stack import Stack, running
from benchmarks.worker import measured
from processors.cli import wiring
from processors.domain.count_registers import CountListRow
from processors.domain.events import Reply
from processors.domain.master import ListType, MasterRecord, Template, Warehouse
from processors.domain.quantity import ONE
from processors.domain.scans import CountCommand, Scan

READS_PER_S, MOVEMENTS_PER_S = 200, 2000
AIM_MS, AIM_CLOSING_S = 200, 5
INVENTORIES = 5
"""Inventories at a time, each with one list: they lie in partitions of their own."""
ITEM_LINES = 5
"""Lots of an item in the list that is closed; all are in stock."""
DIFFERS = 20
"""Every so many lines have a difference."""
YOUNG_S = 15.0
"""Seconds that do not count at all: the broker makes segments for all partitions, and whoever writes to them waits."""
WARM_S = 75.0
"""Age at which the stack counts as warm. Until then the broker's JVM compiles what it runs, which takes a third of a
core; people count on a broker that has run for days. What they wait for in between is told beside it (`young`)."""
LIMIT_S = 900.0
PARTS = ("beside", "backlog", "closing")


@dataclass(frozen=True, slots=True)
class Sizes:
    """`backlog`: movements; `lines` of the list that is closed; `seconds` of reads that count, after `warm`."""

    backlog: int
    lines: int
    seconds: float
    warm: float = WARM_S


FULL, QUICK = Sizes(1_000_000, 20_000, 30.0), Sizes(50_000, 4000, 5.0, 20.0)


@dataclass(slots=True)
class Feedback:
    """Milliseconds; all but `young_*` of the reads on a warm stack. `left`: movements that were left at the end."""

    reads_per_s: int
    movements_per_s: int
    backlog: int
    left: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    most_ms: float
    young_p50_ms: float
    young_p95_ms: float
    young_p99_ms: float


@dataclass(slots=True)
class Closing:
    """Seconds from the command until the list is closed; `counted_s`: of all its reads, sent at once, before."""

    lines: int
    differences: int
    partitions: int
    counted_s: float
    closed_s: float


def measure(sizes: Sizes, parts: Sequence[str] = PARTS) -> dict[str, Any]:
    """Part → what was found, each on a stack of its own."""
    found: dict[str, Any] = {}
    if "beside" in parts:
        found["beside"] = asdict(feedback(0, sizes))
    if "backlog" in parts:
        found["backlog"] = asdict(feedback(sizes.backlog, sizes))
    if "closing" in parts:
        found["closing"] = asdict(closing(sizes.lines))
    return found


def feedback(backlog: int, sizes: Sizes) -> Feedback:
    """Reads at their pace, movements at theirs beside it, and a backlog of movements to begin with."""
    seconds = sizes.warm + sizes.seconds
    with running() as stack:
        arena = _company(stack, 2000)
        _say(f"  a backlog of {backlog:,} movements" if backlog else "  no backlog")
        publish(stack, "movements", company.lot_movements(arena.items, backlog))
        with worker(stack), worker(stack, "counting"):
            lists = [f"I-{number}" for number in range(INVENTORIES)]
            _opened(stack, arena, lists)
            pacer = Pacer(stack, arena.items, MOVEMENTS_PER_S, seconds, backlog, stack.directory / "sent-movements")
            reader = Committed(arena, "scan-feedback")
            sender = _Sender(stack, "scans")
            waits = _paced(sender, reader, pacer, lists, seconds)
            left = max(0, backlog + pacer.sent.count - arena.committed(LEDGER_GROUP))
            pacer.stop()
            reader.close()
    young = sorted(wait * 1000 for wait in waits[int(READS_PER_S * YOUNG_S) : int(READS_PER_S * sizes.warm)])
    told = sorted(wait * 1000 for wait in waits[int(READS_PER_S * sizes.warm) :])
    shares = (0.5, 0.95, 0.99)
    p50, p95, p99 = (percentile(told, share) for share in shares)
    return Feedback(
        READS_PER_S, MOVEMENTS_PER_S, backlog, left, p50, p95, p99, told[-1],
        *(percentile(young, share) for share in shares),
    )  # fmt: skip


def closing(lines: int) -> Closing:
    """One list of lots that are in stock, counted at once and closed."""
    items = lines // ITEM_LINES
    with running() as stack:
        arena = _company(stack, items)
        stock = company.MOVEMENTS_A_LOT * lines
        measured(stack, publish(stack, "movements", company.lot_movements(items, stock)))
        with worker(stack), worker(stack, "counting"):
            _opened(stack, arena, ["I-0"])
            reader = Committed(arena, "scan-feedback")
            began = time.monotonic()
            publish(stack, "scans", _count_of_all(lines))
            _until(lambda: len(reader.read()), lines, "reads that have their feedback")
            reader.close()
            counted_s = time.monotonic() - began
            time.sleep(1.0)  # the ledger keeps the lines meanwhile, as it does where people count
            register = Committed(arena, "count-list-register")
            sender = _Sender(stack, "counts")
            began = sender.send(_command("close_list", "I-0", "close"))
            row = _closed(stack, register)
            closed_s = time.monotonic() - began
            register.close()
    return Closing(row.lines, row.positive + row.negative, stack.settings.partitions, counted_s, closed_s)


def _company(stack: Stack, items: int) -> Arena:
    """The benchmarks' company, with what counting needs beside it."""
    arena = Arena(stack, items)
    more: list[MasterRecord] = [
        Template("W1", "INV", "Found", "load", lot_management=True, physical_inventory=True),
        Template("W1", "OUI", "Lost", "unload", lot_management=True, physical_inventory=True),
        Warehouse("W1", "Main", adjustment_load_template="INV", adjustment_unload_template="OUI"),
        ListType("ALL", "As it comes"),
    ]
    measured(stack, publish(stack, "master-data", more))
    return arena


class _Sender:
    """Sends scans or commands one at a time, as soon as they are there."""

    def __init__(self, stack: Stack, topic: str) -> None:
        self._codec, self._topic = wiring.codec(stack.settings), topic
        self._producer = Producer(
            wiring.connection(stack.settings).settings(partitioner="murmur2_random", acks="all", linger_ms=0)
        )
        self._producer.list_topics(topic, timeout=60)

    def send(self, value: object) -> float:
        """Hand it over; `time.monotonic()` just before."""
        (record,) = encoded(self._codec, self._topic, [value])
        sent_at = time.monotonic()
        self._producer.produce(self._topic, record.value, record.key)
        self._producer.poll(0)
        return sent_at


def _opened(stack: Stack, arena: Arena, inventories: Sequence[str]) -> None:
    """Open inventories, each with a list of the whole warehouse; return once their replies are there."""
    replies, sender = Committed(arena, "replies"), _Sender(stack, "counts")
    codec = wiring.codec(stack.settings)
    for inventory in inventories:
        sender.send(_command("open_inventory", inventory, "open"))
        sender.send(_command("open_list", inventory, "open-list", list_type="ALL", warehouse="W1", operator="anna"))

    def done() -> int:
        found = 0
        for message in replies.read():
            data: Any = message.value()
            reply: Any = codec.decode("replies", data)
            assert isinstance(reply, Reply), "the topic has one record type"
            if reply.request_topic == "counts":
                assert reply.status == "done", reply.reasons
                found += 1
        return found

    _until(done, 2 * len(inventories), "commands that have their reply")
    replies.close()


def _paced(sender: _Sender, reader: Committed, pacer: Pacer, inventories: Sequence[str], seconds: float) -> list[float]:
    """Seconds that each read has waited, in the order of the reads."""
    sent: dict[bytes, float] = {}
    waits: dict[bytes, float] = {}
    count = int(READS_PER_S * seconds)
    pacer.go()
    began = time.monotonic()
    while len(waits) < count:
        now = time.monotonic()
        assert now < began + seconds + LIMIT_S, f"{count - len(waits)} reads have no feedback"
        while len(sent) < min(count, int((now - began) * READS_PER_S) + 1):
            number = len(sent)
            scan = _scan(inventories[number % len(inventories)], number, number // len(inventories))
            sent[scan.scan_id.encode()] = sender.send(scan)
        for message in reader.read(0.001):
            key: Any = message.key()
            waits[key] = time.monotonic() - sent[key]
    return [waits[key] for key in sent]


def _scan(inventory: str, number: int, line: int) -> Scan:
    """A place is counted; every fifth read looks at the one before once more, and says that it takes its place."""
    again = line % 5 == 4
    place = line - again
    return _confirm(inventory, number, place % 2000, f"C{place:06d}", 4 * ONE, "replace" if again else None)


def _count_of_all(lines: int) -> Iterator[Scan]:
    """Every lot that `company.lot_movements` leaves in stock: 4 of each, and now and then one less."""
    for number in range(lines):
        lot, item = divmod(number, lines // ITEM_LINES)
        code = "00000" if lot == 0 else f"L0000-{lot}"
        counted = 3 if number % DIFFERS == 0 else 4
        yield _confirm("I-0", number, item, code, counted * ONE, None)


def _confirm(inventory: str, number: int, item: int, lot: str, counted: int, answer: Any) -> Scan:
    now = time.time_ns() // 1_000_000
    return Scan(
        f"S{number}", inventory, "L1", "anna", "gun", now, now, "confirm", item_class="FOO",
        item_code=company.item_code(item), lot=lot, quantity=counted,
        answer=answer,
    )  # fmt: skip


def _command(action: Any, inventory: str, id: str, **more: Any) -> CountCommand:
    list_ = None if action == "open_inventory" else "L1"
    return CountCommand(id, action, inventory, list_, None, "boss", **more)


def _closed(stack: Stack, register: Committed) -> CountListRow:
    """The list's row once it is closed."""
    codec, until = wiring.codec(stack.settings), time.monotonic() + LIMIT_S
    state = "unknown"
    while time.monotonic() < until:
        for message in register.read():
            data: Any = message.value()
            row: Any = codec.decode("count-list-register", data)
            assert isinstance(row, CountListRow), "the register has one record type"
            state = row.state
            if state in ("closed", "reviewing"):
                assert state == "closed", f"{row.pending} lines are pending"
                return row
    raise AssertionError(f"the list is {state} after {LIMIT_S:g} s")


def _until(more: Callable[[], int], count: int, what: str) -> None:
    found, until = 0, time.monotonic() + LIMIT_S
    while found < count:
        assert time.monotonic() < until, f"{found} of {count} {what}"
        found += more()


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a look that takes a minute")
    parser.add_argument("--backlog", type=int, help="movements that the ledger works off meanwhile")
    parser.add_argument("--lines", type=int, help="of the list that is closed")
    parser.add_argument("--seconds", type=float, help="at the pace of reads, after the warm-up")
    parser.add_argument("--only", default=",".join(PARTS), help=",".join(PARTS))
    given = parser.parse_args(arguments)
    sizes = QUICK if given.quick else FULL
    sizes = replace(
        sizes, **{name: wanted for name in ("backlog", "lines", "seconds") if (wanted := getattr(given, name))}
    )
    found = measure(sizes, given.only.split(","))
    figures = []
    for name, title in (("beside", "without a backlog"), ("backlog", "with a backlog")):
        if name in found:
            told = Feedback(**found[name])
            waits = " / ".join(f"{wait:.0f}" for wait in (told.p50_ms, told.p95_ms, told.p99_ms))
            young = " / ".join(f"{wait:.0f}" for wait in (told.young_p50_ms, told.young_p95_ms, told.young_p99_ms))
            figures.append((f"feedback {title}, p50 / p95 / p99", f"{waits} ms", f"p99 {AIM_MS} ms"))
            figures.append(("while the broker was young", f"{young} ms", ""))
            if told.backlog:
                figures.append(("movements left when the reads ended", f"{told.left:,}", ""))
    if "closing" in found:
        closed = Closing(**found["closing"])
        figures.append((f"closing {closed.lines:,} lines", f"{closed.closed_s:.2f} s", f"{AIM_CLOSING_S} s"))
        figures.append(("counting them, sent at once", f"{closed.lines / closed.counted_s:,.0f} reads/s", ""))
    show(f"counting, {READS_PER_S} reads/s beside {MOVEMENTS_PER_S:,} movements/s", figures)


if __name__ == "__main__":
    main()
