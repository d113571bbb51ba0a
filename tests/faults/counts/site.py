"""A ledger and counting on one broker: workers of both kinds that can be killed, commands, reads, and what is told."""

import contextlib
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition

from processors.counting.processor import CountingProcessor
from tests.faults.checker.history import Place, Value
from tests.faults.checker.partitions import partition_of
from tests.faults.checker.reading import settings as reader_settings
from tests.faults.checker.wire import Wire
from tests.faults.cluster import Cluster
from tests.faults.counts.operators import INVENTORY, Answer, Read

SETTINGS = {
    "LOTSTREAM_SESSION_TIMEOUT_MS": "5000",
    "LOTSTREAM_TRANSACTION_TIMEOUT_MS": "5000",
    "LOTSTREAM_BATCH_MAX": "500",
}
ENDS_ITSELF = "this worker ends: "


class Counting(Cluster):
    """The counting workers."""

    processor = CountingProcessor
    inputs: Mapping[str, int | None] = {"counts": None, "scans": None}
    internal = ("count-results",)


class Site:
    """Both kinds of workers, each with its slots kept running. `wrong`: workers that ended as none may."""

    def __init__(self, servers: str, redis_url: str, directory: Path, module: str, **environment: str) -> None:
        given = {**SETTINGS, **environment}
        self.ledger = Cluster(servers, redis_url, directory, settings=given)
        self.counting = Counting(servers, redis_url, directory, settings=given)
        self.servers, self.partitions, self.module = servers, self.ledger.partitions, module
        self.answers: dict[Place, tuple[Read, Answer]] = {}
        self.commands: dict[Place, tuple[Value, str]] = {}
        """Place of a command → what it says, and the status of its reply."""
        self.wrong: list[str] = []
        self.kills = 0
        self._noted: set[int] = set()
        self._wire = Wire()
        self._producer = Producer(
            {"bootstrap.servers": servers, "enable.idempotence": True, "linger.ms": 2, "log_level": 0}
        )
        self._failures: list[object] = []

    @property
    def clusters(self) -> tuple[Cluster, Cluster]:
        return (self.ledger, self.counting)

    def begin(self, slots: int) -> None:
        self.ledger.set_up()
        for cluster in self.clusters:
            for slot in range(slots):
                cluster.start(slot, module=self.module)

    # workers

    def kill(self, cluster: Cluster, slot: int, crash_at: str = "") -> None:
        """kill -9, and start again; `crash_at`: the point at which the new one dies in its turn."""
        worker = cluster.workers[slot]
        self._noted.add(worker.pid)
        worker.kill()
        self.kills += 1
        cluster.start(slot, crash_at, module=self.module)

    def look_after(self) -> None:
        """Start again what has ended, as a supervisor does."""
        for cluster in self.clusters:
            for slot, worker in list(cluster.workers.items()):
                if worker.is_running:
                    continue
                if worker.pid not in self._noted:
                    self._noted.add(worker.pid)
                    if worker.exit_code == -signal.SIGKILL:
                        self.kills += 1  # at its point
                    elif not (worker.exit_code == 1 and cluster.said(slot, ENDS_ITSELF)):
                        name = cluster.processor.name
                        self.wrong.append(f"{name} {slot} ended with {worker.exit_code}: {cluster.tail(slot)}")
                cluster.start(slot, module=self.module)

    def stop(self) -> None:
        """End all in order; one that was about to die at its point may do so."""
        for cluster in self.clusters:
            for slot, worker in cluster.workers.items():
                worker.stop(20)
                if worker.exit_code not in (0, -signal.SIGKILL, -signal.SIGTERM):  # the last: while it started
                    self.wrong.append(f"{cluster.processor.name} {slot} ended with {worker.exit_code}")

    def end(self) -> None:
        for cluster in self.clusters:
            cluster.end()

    def worked_off(self) -> bool:
        return all(cluster.worked_off() for cluster in self.clusters)

    def standing(self) -> str:
        return "\n".join(cluster.standing() for cluster in self.clusters)

    # inputs

    def send_master_data(self, records: list[tuple[str, str, Value]]) -> None:
        for record, key, value in records:
            self._producer.produce("master-data", self._wire.encode("master-data", record, value), key.encode(), 0)
        self.flush()

    def read(self, read: Read) -> None:
        """Send a read at its moment."""

        def delivered(error: Any, message: Any) -> None:
            if error is not None:
                self._failures.append(error)
                return
            self.answers[message.topic(), message.partition(), message.offset()] = (read, read.answer)

        self._send("scans", read.value, read.moment, delivered)

    def command(self, moment: int, value: Value, status: str) -> None:
        """Send a command, of whose reply the status is known."""
        value = {"by": "boss", "inventory": INVENTORY, **value}

        def delivered(error: Any, message: Any) -> None:
            if error is not None:
                self._failures.append(error)
                return
            self.commands[message.topic(), message.partition(), message.offset()] = (value, status)

        self._send("counts", self._wire.encode("counts", "CountCommand", value), moment, delivered)

    def _send(self, topic: str, value: bytes, moment: int, delivered: Any) -> None:
        key = INVENTORY.encode()
        partition = partition_of(key, self.partitions)
        self._producer.produce(topic, value, key, partition, on_delivery=delivered, timestamp=moment)
        self._producer.poll(0)

    def flush(self) -> None:
        assert self._producer.flush(60) == 0, "the broker has everything"
        assert not self._failures, self._failures[:1]


class Told:
    """What is told, as it is committed: `replies` command → status, `lists` list → state, `answers` to reads."""

    def __init__(self, servers: str, partitions: int) -> None:
        self.replies: dict[str, str] = {}
        self.lists: dict[str, str] = {}
        self.answers = 0
        self._wire = Wire()
        self._consumer = Consumer(reader_settings(servers))
        partition = partition_of(INVENTORY.encode(), partitions)
        topics = ("replies", "count-list-register", "scan-feedback")
        self._consumer.assign([TopicPartition(topic, partition, 0) for topic in topics])

    def look(self, wait_s: float = 0.0) -> None:
        """Take in what has come."""
        for message in self._consumer.consume(2000, wait_s):
            topic, value = message.topic() or "", message.value()
            if message.error() is not None or value is None:
                continue
            if topic == "scan-feedback":
                self.answers += 1
                continue
            row = self._wire.decode(topic, value)
            if topic == "count-list-register":
                self.lists[row["list"]] = row["state"]
            elif row["request_topic"] == "counts":
                self.replies[row["request_id"]] = row["status"]

    def close(self) -> None:
        with contextlib.suppress(RuntimeError):
            self._consumer.close()
