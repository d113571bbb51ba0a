"""Where processes are put together from their parts: nothing else builds a log, a store, counters or a processor."""

from collections.abc import Callable
from pathlib import Path

from processors.cli.clients import codec, connection
from processors.cli.settings import Settings
from processors.contract.cluster_facts import check_meta, read_facts, wanted_facts
from processors.contract.codec import Codec
from processors.contract.manifest import MANIFEST
from processors.contract.schema_ids import LockedIds
from processors.counters.allocator import Allocator
from processors.counters.memory import MemoryServer, MemoryState
from processors.counters.memory_log import MemoryEpochLog, SteppedClock
from processors.counters.none import NoCounters
from processors.counters.port import Clock, Counters, EpochLog
from processors.counters.redis_connection import RedisConnection
from processors.counters.redis_state import RedisState
from processors.counting.processor import CountingProcessor
from processors.domain.count_registers import ScanFeedback
from processors.domain.events import Reply
from processors.domain.movement import Movement
from processors.ledger.processor import LedgerProcessor
from processors.runtime import crash_points
from processors.runtime.epochs import TopicEpochLog, WorkerClock
from processors.runtime.kafka_log import KafkaLog, KafkaSettings
from processors.runtime.loop import Limits, Loop
from processors.runtime.memory_store import MemoryStores
from processors.runtime.processor import Processor
from processors.runtime.rocks_store import RocksStores
from processors.runtime.simulate import Simulation
from processors.runtime.store import Stores

KINDS = (LedgerProcessor.name, CountingProcessor.name)
"""Kinds of workers; each is a consumer group of its own."""
INPUTS = {LedgerProcessor.name: LedgerProcessor.inputs, CountingProcessor.name: CountingProcessor.inputs}
"""Kind of worker → the topics that it reads."""
REPLIES = "replies"
FEEDBACK = "scan-feedback"
MOVEMENTS = "movements"


def group_of(kind: str) -> str:
    """The consumer group of a worker kind."""
    return f"lotstream-{kind}"


def ledger(codec: Codec, pieces_max: int) -> LedgerProcessor:
    """The ledger; first answers are kept in their Avro form."""

    def decode_movement(data: bytes) -> Movement:
        movement = codec.decode(MOVEMENTS, data)
        assert isinstance(movement, Movement), "the topic has one record type"
        return movement

    encode, decode = _replies(codec)
    return LedgerProcessor(encode, decode, decode_movement, pieces_max)


def counting(codec: Codec, partitions: int) -> CountingProcessor:
    """Counting; `partitions`: how many the ledger has, each of which is told of every list."""

    def decode_feedback(data: bytes) -> ScanFeedback:
        feedback = codec.decode(FEEDBACK, data)
        assert isinstance(feedback, ScanFeedback), "the topic has one record type"
        return feedback

    encode, decode = _replies(codec)
    return CountingProcessor(
        lambda feedback: codec.encode(FEEDBACK, feedback), decode_feedback, encode, decode, partitions
    )


def _replies(codec: Codec) -> tuple[Callable[[Reply], bytes], Callable[[bytes], Reply]]:
    def decode(data: bytes) -> Reply:
        reply = codec.decode(REPLIES, data)
        assert isinstance(reply, Reply), "the topic has one record type"
        return reply

    return lambda reply: codec.encode(REPLIES, reply), decode


def processor(kind: str, codec: Codec, settings: Settings) -> Processor:
    """The processor of a worker kind, one of `KINDS`."""
    if kind == CountingProcessor.name:
        return counting(codec, settings.partitions)
    assert kind == LedgerProcessor.name, f"no processor {kind}"
    return ledger(codec, settings.pieces_max)


def check_cluster(settings: Settings, codec: Codec) -> None:
    """Refuse to work on a cluster that is set up otherwise; `ClusterDiffers` says what differs."""
    there = connection(settings)
    there.reach(limit_s=60.0)
    check_meta(read_facts(there, codec), wanted_facts(settings.partitions, codec.ids.source))


def worker_loop(kind: str, settings: Settings) -> Loop:
    """The loop of one worker slot on the real broker, disk and Redis."""
    records = codec(settings)
    check_cluster(settings, records)
    name = f"{kind}-{settings.slot}"
    built = processor(kind, records, settings)
    crash = crash_points.from_environment()
    log = KafkaLog(
        KafkaSettings(
            bootstrap_servers=settings.bootstrap_servers,
            group=group_of(kind),
            instance=name,
            transaction_timeout_ms=settings.transaction_timeout_ms,
            session_timeout_ms=settings.session_timeout_ms,
            extra=settings.kafka,
        ),
        crash,
    )
    clock = WorkerClock()
    loop = Loop(
        built,
        log,
        _stores(built, settings, name),
        _counters(kind, settings, TopicEpochLog(log, records), clock, name),
        records,
        {topic.name: topic.partitions(settings.partitions) for topic in MANIFEST.values()},
        Limits(settings.batch_max, settings.weight_max),
        crash=crash,
    )
    clock.waiting = loop.poll_membership
    return loop


def _counters(kind: str, settings: Settings, epochs: EpochLog, clock: Clock, name: str) -> Counters:
    """Of the ledger those in Redis; counting gives out no codes, and runs without Redis."""
    if kind == CountingProcessor.name:
        return NoCounters()
    state = RedisState(RedisConnection(settings.redis_url), settings.redis_prefix)
    return Allocator(state, epochs, clock, name)


def _stores(built: Processor, settings: Settings, name: str) -> Stores:
    if settings.store == "memory":
        return MemoryStores()
    registers = [register.topic for register in built.registers]
    indexes = [*(index.name for index in built.indexes), *(trail.name for trail in built.trails)]
    return RocksStores(Path(settings.state_dir) / name, registers, indexes)


def simulation(partitions: int, pieces_max: int) -> tuple[Simulation, Codec]:
    """The processors over memory ports: no broker, no Redis, no disk."""
    records = Codec(LockedIds())
    server, epochs = MemoryServer(), MemoryEpochLog()

    def counters(name: str) -> Counters:
        if name.startswith(CountingProcessor.name):
            return NoCounters()
        return Allocator(MemoryState(server), epochs, SteppedClock(), name)

    processors: list[Processor] = [ledger(records, pieces_max), counting(records, partitions)]
    return Simulation(processors, records, partitions, counters), records
