"""A ledger under test: topics, worker processes that can be killed and started again, inputs, and what came of them."""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]  # not named as re-exported

from processors.cli import main
from processors.counting.processor import CountingProcessor
from processors.embedded import children
from processors.ledger.processor import LedgerProcessor
from processors.runtime.rocks_store import RocksStores
from tests.faults.checker.history import Expected, History, Place
from tests.faults.checker.reading import read_history
from tests.faults.load import Load, Sent
from tests.faults.waiting import LIMIT_S, until
from tests.faults.watcher import Watcher

GROUP = f"lotstream-{LedgerProcessor.name}"
SENT_WITHIN_S = 240.0
COMMITTED_WITHIN_S = 120.0
"""Longer than any fault lasts for which the brokers are away."""
WATCHED = ("replies", "postings", "register-history", "stock-register", "lot-register", "movements.dead-letters")


class Cluster:
    """A ledger of `partitions` tasks on a broker and a Redis. `settings`: of the workers, by environment variable.

    `processor`: what its workers run; `inputs`: what they read, with `partitions` each where no number stands;
    `internal`: what other workers tell them. That ends with a transaction's marker, up to which nobody commits.
    """

    processor: type[LedgerProcessor] | type[CountingProcessor] = LedgerProcessor
    inputs: Mapping[str, int | None] = {"movements": None, "master-data": 1}
    internal: tuple[str, ...] = ("count-lines",)

    def __init__(
        self,
        bootstrap_servers: str,
        redis_url: str,
        directory: Path,
        partitions: int = 4,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.servers, self.directory, self.partitions = bootstrap_servers, directory, partitions
        self.state_dir = directory / "state"
        self.environment = {
            "LOTSTREAM_BOOTSTRAP_SERVERS": bootstrap_servers,
            "LOTSTREAM_REDIS_URL": redis_url,
            "LOTSTREAM_REDIS_PREFIX": f"faults-{directory.name}",
            "LOTSTREAM_STATE_DIR": str(self.state_dir),
            "LOTSTREAM_PARTITIONS": str(partitions),
            "LOTSTREAM_METRICS_PORT": "0",
            "LOTSTREAM_LOG_FORMAT": "json",
            **(settings or {}),
        }
        self.workers: dict[int, children.Child] = {}
        self._log_begins: dict[int, int] = {}
        self._progress = "nobody has asked yet"
        self.expected: dict[Place, Expected] = {}
        self.sent_count = 0
        # Leader epochs change when a broker starts again; the client notices with its metadata only.
        quiet: dict[str, str | int | float | bool] = {
            "bootstrap.servers": bootstrap_servers,
            "log_level": 0,
            "topic.metadata.refresh.interval.ms": 1000,
        }
        self._admin = AdminClient(quiet)
        # A consumer that never joins, not the admin client: that one crashes where the coordinator is still loading.
        self._group_options = {**quiet, "group.id": f"lotstream-{self.processor.name}"}
        self._group = Consumer(self._group_options)
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap_servers,
                "enable.idempotence": True,
                "linger.ms": 5,
                "log_level": 0,
                "message.max.bytes": 8_388_608,
            }
        )

    def set_up(self) -> None:
        """Make the topics."""
        result = CliRunner().invoke(
            main, ["topics", "apply", "--partitions", str(self.partitions)], env={**self.environment}
        )
        assert result.exit_code == 0, result.output

    # workers

    def start(self, slot: int, crash_at: str = "", module: str = "processors", **environment: str) -> children.Child:
        """Start a worker slot; `crash_at`: the named point and count at which it kills itself."""
        assert slot not in self.workers or not self.workers[slot].is_running, "the slot runs"
        command = [sys.executable, "-m", module, "worker", self.processor.name, "--slots", "1", "--slot", str(slot)]
        named = {**self.environment, "LOTSTREAM_CRASH_AT": crash_at, **environment}
        self._log_begins[slot] = self.log(slot).stat().st_size if self.log(slot).exists() else 0
        self.workers[slot] = children.start(f"{self.processor.name} worker {slot}", command, self.log(slot), named)
        return self.workers[slot]

    def log(self, slot: int) -> Path:
        """What the slot's processes printed, all starts in one file."""
        name = "worker" if self.processor is LedgerProcessor else f"{self.processor.name}-worker"
        return self.directory / f"{name}-{slot}.log"

    def said(self, slot: int, text: str) -> bool:
        """Whether the process that was started last in the slot has logged a text."""
        return text.encode() in self.log(slot).read_bytes()[self._log_begins[slot] :]

    def kill(self, slot: int) -> None:
        """kill -9."""
        self.workers[slot].kill()

    def wait_for_crash(self, slot: int) -> None:
        """Until the slot has killed itself at its named point."""
        worker = self.workers[slot]
        until(lambda: not worker.is_running, f"worker {slot} reaches its crash point: {self.tail(slot)}")
        assert worker.exit_code == -signal.SIGKILL, f"worker {slot} ended with {worker.exit_code}: {self.tail(slot)}"

    def stop(self) -> None:
        """End all workers politely; each must end with 0."""
        for slot, worker in self.workers.items():
            if worker.is_running:
                worker.stop(20)
                assert worker.exit_code == 0, f"worker {slot} ended with {worker.exit_code}: {self.tail(slot)}"

    def end(self) -> None:
        """End all workers at once, whatever state they are in."""
        for worker in self.workers.values():
            if worker.is_running:
                os.kill(worker.pid, signal.SIGCONT)
            worker.kill()

    def tail(self, slot: int) -> str:
        return self.log(slot).read_text()[-1500:] if self.log(slot).exists() else ""

    # inputs

    def send_master_data(self, load: Load) -> None:
        """Send the master data and wait until it was judged."""
        for key, value in load.master_data():
            self._producer.produce("master-data", value, key, 0)
        assert self._producer.flush(LIMIT_S) == 0, "master data is sent"

    def send(self, records: Iterable[Sent], headers: list[tuple[str, str | bytes | None]] | None = None) -> list[Place]:
        """Send to `movements` and note what is expected; places of the records, in their order."""
        failures: list[object] = []
        places: dict[int, Place] = {}

        def noting(number: int, expected: Expected | None) -> Callable[[Any, Any], None]:
            def delivered(error: Any, message: Any) -> None:
                if error is not None:
                    failures.append(error)
                    return
                place = places[number] = (message.topic(), message.partition(), message.offset())
                if expected is not None:
                    self.expected[place] = expected

            return delivered

        count = 0
        for record in records:
            while True:
                try:
                    self._producer.produce(
                        "movements",
                        record.value,
                        record.key,
                        record.partition,
                        on_delivery=noting(count, record.expected),
                        headers=headers or [],
                    )
                    break
                except BufferError:
                    self._producer.poll(0.05)
            count += 1
            self._producer.poll(0)
        assert self._producer.flush(SENT_WITHIN_S) == 0, "the broker has all inputs"
        assert not failures, failures[:1]
        self.sent_count += count
        return [places[n] for n in range(count)]

    # progress

    def committed(self) -> dict[tuple[str, int], int]:
        """The group's offsets. KafkaException while they cannot be had."""
        try:
            internal = [TopicPartition(topic, p) for topic in self.internal for p in range(self.partitions)]
            answer = self._group.committed([*self._places(), *internal], timeout=30)
        except KafkaException:
            # One that has not joined may go on asking a coordinator that is none any more; a new one looks for it.
            self._group.close()
            self._group = Consumer(self._group_options)
            raise
        return {(place.topic, place.partition): place.offset for place in answer}

    def done(self) -> int:
        """How many movements are committed; 0 while the broker cannot be asked."""
        try:
            committed = self.committed()
        except KafkaException:
            return 0
        return sum(max(0, offset) for (topic, _), offset in committed.items() if topic == "movements")

    def worked_off(self) -> bool:
        """Whether everything sent is committed; False too while the broker cannot be asked."""
        ends = self.ends()
        return ends is not None and self.reached(ends)

    def ends(self) -> dict[tuple[str, int], int] | None:
        """Where the inputs end now; None while the broker cannot be asked."""
        latest: Any = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # the client's stubs leave it out
        try:
            asked = self._admin.list_offsets(dict.fromkeys(self._places(), latest))
            return {(place.topic, place.partition): future.result(30).offset for place, future in asked.items()}
        except (KafkaException, TimeoutError) as failure:
            self._progress = str(failure) or "no answer about the ends of the inputs"
            with contextlib.suppress(KafkaException):  # a broker that started again has new leader epochs
                self._admin.list_topics(timeout=5)
            return None

    def _places(self) -> list[TopicPartition]:
        return [
            TopicPartition(topic, p) for topic, count in self.inputs.items() for p in range(count or self.partitions)
        ]

    def reached(self, ends: Mapping[tuple[str, int], int]) -> bool:
        """Whether everything before these offsets is committed; False too while the broker cannot be asked."""
        try:
            committed = self.committed()
        except KafkaException as failure:
            self._progress = str(failure)
            return False
        self._progress = f"committed {committed}, sent {ends}"
        return all(committed[place] >= end or end == 0 for place, end in ends.items())

    def standing(self, *slots: int) -> str:
        """How far it is and what its workers said last, for a failure."""
        return "\n".join([self._progress, *map(self.tail, slots or self.workers)])

    def watch(self) -> Watcher:
        return Watcher(self.servers, WATCHED)

    # the end

    def history(self, stores: bool = True) -> History:
        """Everything that is left: topics, offsets, and (workers ended) their stores."""
        history = read_history(self.servers, self.partitions)
        history.expected = self.expected
        deadline = time.monotonic() + COMMITTED_WITHIN_S
        while True:
            try:
                history.committed = self.committed()
                break
            except KafkaException:
                if time.monotonic() > deadline:
                    raise
        if stores:
            history.store = self.stores()
        return history

    def stores(self) -> dict[str, dict[bytes, bytes]]:
        """Register → key → value, of the store of each task that was caught up last: that of its last owner."""
        topics = [register.topic for register in self.processor.registers]
        indexes = [index.name for index in (*self.processor.indexes, *self.processor.trails)]
        found: dict[str, dict[bytes, bytes]] = {topic: {} for topic in topics}
        for partition in range(self.partitions):
            best, rows = -1, dict[str, dict[bytes, bytes]]()
            for slot in sorted(self.state_dir.glob(f"{self.processor.name}-*")):
                if not (slot / str(partition)).is_dir():
                    continue
                store = RocksStores(slot, topics, indexes).open(partition)
                reached = sum(store.stamp().positions.values())
                if reached > best:
                    best = reached
                    rows = {t: {key.encode(): value for key, value in store.prefix(t, "")} for t in topics}
                store.close()
            for topic, values in rows.items():
                found[topic] |= values
        return found
