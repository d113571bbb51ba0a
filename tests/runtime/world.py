"""A small world for tests of the loop: a broker in memory, one counter server, workers that crash and come back."""

from collections.abc import Callable, Iterable

from processors.contract.codec import Codec
from processors.contract.manifest import MANIFEST, key_of
from processors.contract.partitions import partition_of
from processors.contract.schema_ids import LockedIds
from processors.counters.allocator import Allocator
from processors.counters.memory import MemoryServer, MemoryState
from processors.domain.events import Reply
from processors.domain.master import Item
from processors.domain.movement import Movement, RegisterEdit
from processors.runtime.epochs import TopicEpochLog, WorkerClock
from processors.runtime.log import Record
from processors.runtime.loop import Limits, Loop
from processors.runtime.memory_log import MemoryBroker, MemoryLog
from processors.runtime.memory_store import MemoryStores
from processors.runtime.processor import Processor
from tests.runtime.minimal import MinimalProcessor

PARTITIONS = 4
CODEC = Codec(LockedIds())


class Crash(BaseException):
    """The process is gone: nothing after it runs."""


class World:
    """Everything that outlives a worker process."""

    def __init__(self, processor: Callable[[], Processor] | None = None) -> None:
        self.processor = processor
        self.counts = {topic.name: topic.partitions(PARTITIONS) for topic in MANIFEST.values()}
        self.broker = MemoryBroker(self.counts)
        self.redis = MemoryServer()
        self.disks: dict[str, MemoryStores] = {}
        self.now_ms = 1_790_000_000_000
        self.crash_at: tuple[str, int] | None = None
        """Point and how often it is passed before the crash; armed for the next time only."""

    def worker(self, name: str = "ledger-0", limits: Limits | None = None) -> "Worker":
        return Worker(self, name, limits)

    def pass_point(self, point: str) -> None:
        if self.crash_at is not None and self.crash_at[0] == point:
            left = self.crash_at[1] - 1
            self.crash_at = (point, left) if left else None
            if not left:
                raise Crash(point)

    def send(self, value: object, topic: str = "movements", time_ms: int | None = None) -> int:
        """Publish a record as an ERP module does; returns its partition."""
        key = key_of(topic, value)
        partition = partition_of(key, self.counts[topic])
        self.send_raw(topic, partition, key.encode(), CODEC.encode(topic, value), time_ms)
        return partition

    def send_raw(
        self, topic: str, partition: int, key: bytes | None, value: bytes | None, time_ms: int | None = None
    ) -> None:
        self.now_ms += 1000
        self.broker.append(topic, partition, key, value, time_ms or self.now_ms)

    def replies(self) -> list[Reply]:
        return [reply for reply in self.values("replies") if isinstance(reply, Reply)]

    def values(self, topic: str) -> list[object]:
        return [CODEC.decode(topic, record.value) for record in self.broker.records(topic)]

    def dead_letters(self, topic: str = "movements") -> list[Record]:
        return self.broker.records(f"{topic}.dead-letters")


class Worker:
    """One worker process of the world."""

    def __init__(self, world: World, name: str, limits: Limits | None = None) -> None:
        self.log = MemoryLog(world.broker, "lotstream-ledger", name)
        epochs, clock = TopicEpochLog(self.log, CODEC), WorkerClock()
        counters = Allocator(MemoryState(world.redis), epochs, clock, name)
        self.stores = world.disks.setdefault(name, MemoryStores())
        self.processor = MinimalProcessor()
        self.loop = Loop(
            world.processor() if world.processor else self.processor,
            self.log,
            self.stores,
            counters,
            CODEC,
            world.counts,
            limits,
            crash=world.pass_point,
            wall_ms=lambda: world.now_ms,
        )
        clock.waiting = self.loop.poll_membership
        self.loop.start()

    def work(self, turns_max: int = 200) -> "Worker":
        """Turn until there is nothing left to do."""
        for _ in range(turns_max):
            if not self.loop.turn(0):
                return self
        raise AssertionError(f"still busy after {turns_max} turns")


def a_movement(id: str, item: str = "A", quantity: int = 1, notes: str | None = None, packages: int = 1) -> Movement:
    return Movement(
        movement_id=id,
        action="post",
        reverses=None,
        template="LD",
        warehouse="W",
        quantity=quantity * 1_000_000,
        location=None,
        item_class="FG",
        item_code=item,
        variant=None,
        unit=None,
        effective_date=20_000,
        packages=packages,
        notes=notes,
    )


def an_edit(id: str, item: str = "A") -> RegisterEdit:
    return RegisterEdit(id, "lot", "FG", item, None, "L1", None, "me", None, {})


def an_item(code: str) -> Item:
    return Item("FG", code, "an item", (), None, None, None, "pc", (), (), False, False, "manual")


def statuses(replies: Iterable[Reply]) -> dict[str, str]:
    """Request id → status; fails where one request has two answers."""
    found: dict[str, str] = {}
    for reply in replies:
        assert reply.request_id not in found, f"{reply.request_id} is answered twice"
        found[reply.request_id] = reply.status
    return found
