"""Workers, a log with transactions, and registers: just enough of Kafka to drive the counters step by step.

Every step of a batch is a call of its own, so a test is the list of an interleaving's steps. The world keeps what
counts: committed rows, and every code ever committed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from processors.counters.allocator import Allocator
from processors.counters.memory_log import MemoryEpochLog, SteppedClock
from processors.counters.port import Reservation, Verdicts
from processors.domain.decision import Decision
from processors.domain.ordinals import row_key
from processors.domain.progressives import Claim, Counter, Need, intervals_text, parse_intervals
from processors.domain.registers import CounterRow
from processors.domain.view import COUNTERS
from tests.counters.twins import Line, Twin

ITEM_WIDE = Counter("lot", "BY-ITEM", ("A", "1", ""), "2026")
COMPANY_WIDE = Counter("lot", "BY-COMPANY", None, "2026")

Place = tuple[Counter, int]


class Fenced(Exception):
    """Kafka's answer to the commit of a former owner."""


def a_row(counter: Counter, partition: int, next_ordinal: int = 0, free: str = "", **changes: int) -> CounterRow:
    """A committed row: everything below `next_ordinal` used."""
    values = {"assigned": next_ordinal, "skipped": 0, **changes}
    item_class, code, variant = counter.item or (None, None, None)
    return CounterRow(
        counter.code_type, counter.kind, "company" if counter.company_wide else "item",
        item_class, code, variant, counter.root_key, partition, next_ordinal, free,
        None, None, None, values["assigned"], values["skipped"], 0,
    )  # fmt: skip


def a_claim(text: str, owner: str = "A|1|", partition: int = 0) -> Claim:
    return Claim(text, owner, partition, "lot-register", f"{owner}|{text}")


@dataclass
class Transaction:
    """What a batch writes; `outcome` None while it is open."""

    worker: "Worker"
    rows: dict[Place, CounterRow] = field(default_factory=dict)
    codes: list[tuple[Place, int]] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    released: list[Claim] = field(default_factory=list)
    outcome: bool | None = None

    def partitions(self) -> set[int]:
        return {p for _, p in self.rows} | {c.partition for c in (*self.claims, *self.released)}


class WorldClock(SteppedClock):
    """`meanwhile` runs each time somebody waits."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], None] = lambda: None

    def wait(self, seconds: float) -> None:
        super().wait(seconds)
        self.meanwhile()


class World:
    """Everything that the workers share. `on_wait` ends a transaction that a reader waits for; else it times out."""

    def __init__(self, twin: Twin) -> None:
        self.twin, self.log, self.clock = twin, MemoryEpochLog(), WorldClock()
        self.rows: dict[Place, CounterRow] = {}
        self.held: dict[str, Claim] = {}
        self.issued: list[tuple[Counter, int]] = []
        self.repeated: list[str] = []
        self.flushed: list[Transaction] = []
        self.group: dict[int, Worker] = {}
        self.on_wait: Callable[[Transaction], None] = self.end_by_timeout

    def worker(self, name: str, *partitions: int) -> "Worker":
        """A worker that the group gives these partitions, taken over."""
        worker = Worker(self, name)
        if partitions:
            worker.take_over(*partitions)
        return worker

    def open(self) -> list[Transaction]:
        return [t for t in self.flushed if t.outcome is None]

    def end(self, transaction: Transaction, commits: bool) -> None:
        assert transaction.outcome is None
        transaction.outcome = commits
        if not commits:
            return
        self.rows.update(transaction.rows)
        for (counter, partition), ordinal in transaction.codes:
            code = (counter, ordinal) if counter.company_wide else (replace(counter, root_key=f"{partition}"), ordinal)
            if code in self.issued:
                self.repeated.append(f"{counter.key} {ordinal}")
            self.issued.append(code)
        for claim in transaction.released:
            self.held.pop(claim.text, None)
        for claim in transaction.claims:
            if self.held.get(claim.text, claim).owner != claim.owner:
                self.repeated.append(claim.text)
            self.held[claim.text] = claim

    def end_by_timeout(self, transaction: Transaction) -> None:
        """The broker aborts what was open for too long."""
        self.end(transaction, commits=False)

    def note_ends(self, *partitions: int) -> "Ends":
        """The ends of these partitions' registers now, of all where none is named."""
        noted = [t for t in self.open() if not partitions or t.partitions() & set(partitions)]
        return Ends(self, noted, dict(self.rows), dict(self.held))


@dataclass
class Ends:
    """Noted ends: what was committed there, and the transactions that were open."""

    world: World
    open: list[Transaction]
    rows: dict[Place, CounterRow]
    held: dict[str, Claim]

    def read(self) -> None:
        """Read committed up to them and nothing behind them: waits until what was open there has ended."""
        for transaction in self.open:
            if transaction.outcome is None:
                self.world.on_wait(transaction)
            assert transaction.outcome is not None
            if transaction.outcome:
                self.rows.update(transaction.rows)
                for claim in transaction.released:
                    self.held.pop(claim.text, None)
                self.held.update({claim.text: claim for claim in transaction.claims})


class Worker:
    """One worker, one step at a time. `line` is its connection, which a test may move to another server."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name, self.line = world, name, Line(world.twin.connect())
        self.counters = self._fresh()
        self.rows: dict[Place, CounterRow] = {}
        self.held: dict[str, Claim] = {}
        self.needs: dict[Place, int] = {}
        self.reservation: Reservation | None = None
        self.decision = Decision()
        self.verdicts = Verdicts({}, None)
        self.transaction = Transaction(self)

    def _fresh(self) -> Allocator:
        return Allocator(self.line, self.world.log, self.world.clock, self.name)

    # ownership

    def take_over(self, *partitions: int) -> "Worker":
        """The group gives the partitions, the worker restores them."""
        self.assigned(*partitions)
        self.counters.own(partitions)
        self.catch_up(self.note_ends(*partitions), *partitions)
        return self

    def assigned(self, *partitions: int) -> None:
        self.world.group.update(dict.fromkeys(partitions, self))

    def note_ends(self, *partitions: int) -> Ends:
        return self.world.note_ends(*partitions)

    def catch_up(self, noted: Ends, *partitions: int) -> None:
        noted.read()
        self.rows.update({place: row for place, row in noted.rows.items() if place[1] in partitions})
        self.held = {text: claim for text, claim in noted.held.items() if claim.partition in partitions}
        self.counters.take_over(partitions, lambda claim: self.held.get(claim.text) == claim)

    def crash(self) -> "Worker":
        """Gone, with its open transaction; comes back knowing nothing."""
        for transaction in self.world.open():
            if transaction.worker is self:
                self.world.end(transaction, commits=False)
        self.counters, self.rows = self._fresh(), {}
        self._clear()
        return self

    # a batch

    def reserve(self, needs: dict[Place, int]) -> Reservation:
        self._clear()
        self.needs = needs
        asked = [Need(counter, p, count, self.rows.get((counter, p))) for (counter, p), count in needs.items()]
        self.reservation = self.counters.reserve(asked)
        return self.reservation

    def take(self, counter: Counter, partition: int, count: int) -> list[int]:
        """Use ordinals as a decision does: free ones of the row, then granted ones, ascending."""
        assert self.reservation
        place = (counter, partition)
        row = self.transaction.rows.get(place) or self.rows.get(place) or a_row(counter, partition)
        free = [o for first, last in parse_intervals(row.free) for o in range(first, last + 1)]
        granted = self.reservation.grants.get((counter.key, partition), ())
        fresh = [o for first, last in granted for o in range(max(first, row.next_ordinal), last + 1)]
        taken = [*free, *fresh][:count]
        assert len(taken) == count, f"expected {count} ordinals, got {free} and {granted}"
        left = [(o, o) for o in free if o not in taken]
        following = max(row.next_ordinal, taken[-1] + 1)
        changed = replace(row, next_ordinal=following, free=intervals_text(left), assigned=row.assigned + count)
        self.transaction.rows[place] = changed
        self.transaction.codes += [(place, ordinal) for ordinal in taken]
        self.decision.rows.append((COUNTERS, row_key(counter, partition), changed))
        return taken

    def claim(self, *claims: Claim, released: tuple[Claim, ...] = ()) -> Verdicts:
        """All in one decision; for several decisions see `claim_each`."""
        return self.claim_each(Decision(claims=list(claims), released=list(released)))

    def claim_each(self, *decisions: Decision) -> Verdicts:
        assert self.reservation
        self.verdicts = self.counters.claim(self.reservation, decisions)
        taken_in = decisions[: self.verdicts.wait_at]
        self.transaction.claims = [claim for decision in taken_in for claim in decision.claims]
        self.transaction.released = [claim for decision in taken_in for claim in decision.released]
        return self.verdicts

    def flush(self) -> None:
        self.world.flushed.append(self.transaction)

    def confirm(self) -> None:
        assert self.reservation
        self.counters.confirm(self.reservation)

    def commit(self) -> None:
        """Commit at Kafka and apply to the store; the outcome is told with the next call. `Fenced` aborts."""
        self.kafka_commit()
        self.tell()

    def kafka_commit(self) -> None:
        if any(self.world.group.get(p) is not self for p in self.transaction.partitions()):
            self.world.end(self.transaction, commits=False)
            raise Fenced
        self.world.end(self.transaction, commits=True)

    def tell(self) -> None:
        assert self.reservation
        self.rows.update(self.transaction.rows)
        self.counters.committed(self.reservation, [self.decision])
        self._clear()

    def finish(self) -> None:
        self.flush()
        self.confirm()
        self.commit()

    def drop(self) -> None:
        """Abort and drop the batch."""
        assert self.reservation
        if self.transaction in self.world.flushed:
            self.world.end(self.transaction, commits=False)
        self.counters.dropped(self.reservation)
        self._clear()

    def post(self, counter: Counter, partition: int, count: int, reserved: int | None = None) -> list[int]:
        """A whole batch that uses `count` ordinals of `reserved`."""
        self.reserve({(counter, partition): reserved or count})
        taken = self.take(counter, partition, count)
        self.finish()
        return taken

    def rebuild(self, registers: "WorldRegisters | None" = None) -> bool:
        """True where this worker wrote the state."""
        return self.counters.rebuild(registers or WorldRegisters(self.world)).by_us

    def _clear(self) -> None:
        self.reservation, self.decision, self.transaction = None, Decision(), Transaction(self)


@dataclass
class WorldRegisters:
    """The committed registers. `noted` and `reading` run before the ends are noted, before rows are read."""

    world: World
    noted: Callable[[], None] = lambda: None
    reading: Callable[[], None] = lambda: None
    ends: Ends | None = None

    def note_ends(self) -> None:
        self.noted()
        self.ends = self.world.note_ends()

    def rows(self) -> Iterator[CounterRow | Claim | None]:
        """Up to the ends noted."""
        assert self.ends
        yield None
        self.reading()
        self.ends.read()
        yield from self.ends.rows.values()
        yield from self.ends.held.values()
