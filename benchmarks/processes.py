"""A worker process of the product, started as an operator starts it, and a reader of what it answers."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from confluent_kafka import OFFSET_END, Consumer, KafkaError, Message, Producer, TopicPartition

from benchmarks.sending import encoded
from benchmarks.stack import Stack
from processors.cli import wiring
from processors.contract.codec import Codec
from processors.domain.movement import Movement

LIMIT_S = 600.0


def start_worker(stack: Stack, kind: str = "ledger") -> "subprocess.Popen[bytes]":
    """`lotstream worker KIND`, slot 0."""
    command = [sys.executable, "-m", "processors", "worker", kind]
    return subprocess.Popen(command, env={**os.environ, **stack.environment()})


@contextmanager
def worker(stack: Stack, kind: str = "ledger") -> Iterator["subprocess.Popen[bytes]"]:
    """A worker process, ended at the end."""
    process = start_worker(stack, kind)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


class Sender:
    """Sends movements one at a time, as soon as they are there."""

    def __init__(self, stack: Stack) -> None:
        self._codec: Codec = wiring.codec(stack.settings)
        self._producer = Producer(
            wiring.connection(stack.settings).settings(
                partitioner="murmur2_random", acks="all", linger_ms=0, message_max_bytes=8 * 1024 * 1024
            )
        )

    def send(self, movement: Movement) -> float:
        """Hand a movement over; the moment (`perf_counter`) just before."""
        (record,) = encoded(self._codec, "movements", [movement])
        sent_at = time.perf_counter()
        self._producer.produce("movements", record.value, record.key)
        self._producer.poll(0)
        return sent_at

    def flush(self) -> None:
        assert self._producer.flush(60) == 0, "the broker has every movement"


class Replies:
    """Reads committed replies from now on; only their keys, which are the requests' ids, are looked at."""

    def __init__(self, stack: Stack) -> None:
        self._consumer = Consumer(
            wiring.connection(stack.settings).settings(
                **{
                    "group.id": "lotstream-benchmark",
                    "enable.auto.commit": False,
                    "isolation.level": "read_committed",
                    "fetch.wait.max.ms": 10,
                    "fetch.message.max.bytes": 16 * 1024 * 1024,
                    "enable.partition.eof": True,
                }
            )
        )
        partitions = range(stack.settings.partitions)
        self._consumer.assign([TopicPartition("replies", p, OFFSET_END) for p in partitions])
        placed: set[int | None] = set()
        while len(placed) < stack.settings.partitions:  # the end is known of each: nothing from now on is missed
            for message in self._consumer.consume(100, 0.1):
                error = message.error()
                if error is not None and error.code() == KafkaError._PARTITION_EOF:
                    placed.add(message.partition())

    def read(self, wait_s: float = 0.1) -> Iterator[tuple[str, float]]:
        """What has come: request id, and the moment (`perf_counter`) it was seen."""
        messages = self._first_and_more(wait_s)
        seen_at = time.perf_counter()
        for message in messages:
            key: Any = message.key()
            if message.error() is None and key is not None:
                yield key.decode(), seen_at

    def _first_and_more(self, wait_s: float) -> list[Message]:
        first = self._consumer.poll(wait_s)
        return [] if first is None else [first, *self._consumer.consume(1000, 0)]

    def wait_for(self, ids: set[str]) -> dict[str, float]:
        """Read until all of these are answered: id → moment seen."""
        found: dict[str, float] = {}
        until = time.monotonic() + LIMIT_S
        while ids - found.keys():
            assert time.monotonic() < until, f"{len(ids - found.keys())} of {len(ids)} are not answered in {LIMIT_S} s"
            found.update((id, at) for id, at in self.read() if id in ids)
        return found

    def close(self) -> None:
        self._consumer.close()
