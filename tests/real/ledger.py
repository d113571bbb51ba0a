"""A ledger of which every part is a real process, with what the tests ask of it."""

import os
import signal
import time
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from processors.embedded.broker import Broker
from processors.embedded.redis import RedisServer
from tests.faults.checker.history import Expected, Place, Record, Value
from tests.faults.checker.outcomes import source_of
from tests.faults.checker.partitions import partition_of
from tests.faults.checker.reading import settings
from tests.faults.checker.report import check
from tests.faults.checker.wire import Wire
from tests.faults.cluster import Cluster
from tests.faults.company import LOAD, WAREHOUSE, ItemName, master_data
from tests.faults.load import EFFECTIVE_DATE, Load, Sent
from tests.faults.truth import PIECE
from tests.faults.waiting import LIMIT_S, until

SETTINGS = {
    "LOTSTREAM_SESSION_TIMEOUT_MS": "6000",
    "LOTSTREAM_TRANSACTION_TIMEOUT_MS": "6000",
    "LOTSTREAM_BATCH_MAX": "100",
}
PLAIN, SERIAL, LOTTED = ItemName("plain", 9000), ItemName("serial", 9000), ItemName("lot", 9000)
"""Items that the load generator does not know."""
SHORT = ("LOT", "short")
"""An item whose lot codes have one digit: ten of them."""
TAKEN_OVER = "tasks taken over"
BROKER_BACK_S = 240.0
"""For a broker that was killed to load its logs, on a machine that has much else to do, and for the work behind it."""
WIRE = Wire()


class RealLedger(Cluster):
    """A cluster whose broker and Redis may be killed; slot 0 is its usual worker."""

    def __init__(self, broker: Broker, redis: RedisServer, directory: Path) -> None:
        super().__init__(broker.bootstrap_servers, redis.url, directory, settings=SETTINGS)
        self.broker, self.redis = broker, redis
        self.load = Load(11, self.partitions, items=60)
        self._number = 0
        self._outputs: Consumer | None = None
        self._found: dict[Place, dict[str, Record]] = {}

    def ensure_running(self) -> None:
        """Broker, Redis and slot 0 run, other slots do not, and everything sent is worked off."""
        if not self.broker.is_running:
            self.broker.start()
        if not self.redis.is_running:
            self.redis.start()
        if self._outputs is None:
            self._begin()
        for slot in [slot for slot, worker in self.workers.items() if slot and worker.is_running]:
            self.workers[slot].stop(20)
        if 0 not in self.workers or not self.workers[0].is_running:
            self.start(0)
        until(self.supervised_and_done, self.standing, BROKER_BACK_S)

    def _begin(self) -> None:
        self.set_up()
        self._outputs = Consumer(settings(self.servers))
        places = [TopicPartition("replies", p, 0) for p in range(self.partitions)]
        letters = [TopicPartition(f"{topic}.dead-letters", 0, 0) for topic in ("movements", "master-data")]
        self._outputs.assign([*places, *letters])
        self.start(0)
        self.send_master_data(self.load)
        for record, key, value in master_data([PLAIN, SERIAL, LOTTED], "item"):
            if record == "Item":
                self._send_master(key.encode(), record, value)
        rule = {"kind": "lot", "code": "ONE", "description": "one digit"}
        item = {"item_class": SHORT[0], "item_code": SHORT[1], "description": "-", "unit": "pc", "lot_managed": True}
        item |= {"serial_managed": False, "withdrawal_policy": "fifo", "lot_code_type": "ONE"}
        parts = [{"field": "number", "length": 1, "fill": None}]
        self._send_master(b"code_type|lot|ONE", "CodeType", {**rule, "parts": parts})
        self._send_master(b"item|LOT|short", "Item", item)

    def _send_master(self, key: bytes, record: str, value: Value) -> None:
        self.send_master(key, WIRE.encode("master-data", record, value))

    def send_master(self, key: bytes, value: bytes) -> Place:
        """Send one master record; its place."""
        places: list[Place] = []

        def delivered(error: Any, message: Any) -> None:
            assert error is None, error
            places.append((message.topic(), message.partition(), message.offset()))

        self._producer.produce("master-data", value, key, 0, on_delivery=delivered)
        assert self._producer.flush(LIMIT_S) == 0, "master data is sent"
        return places[0]

    # inputs

    def a_movement(self, item: tuple[str, str] = (PLAIN.item_class, PLAIN.item_code), **values: Any) -> Value:
        """A load of one piece, good unless `values` make it bad."""
        self._number += 1
        return {
            "movement_id": f"R-{self._number}",
            "action": "post",
            "template": LOAD,
            "warehouse": WAREHOUSE,
            "quantity": PIECE,
            "item_class": item[0],
            "item_code": item[1],
            "effective_date": EFFECTIVE_DATE,
            **values,
        }

    def sent(self, value: Value, expected: Expected | None = None) -> Sent:
        """The record of a movement, where it belongs."""
        key = f"{value['item_class']}|{value['item_code']}".encode()
        return Sent(key, WIRE.encode("movements", "Movement", value), partition_of(key, self.partitions), expected)

    # outcomes

    def outcome(self, place: Place, wanted: tuple[str, ...]) -> dict[str, Record]:
        """The reply (`replies`) and dead letter (`movements.dead-letters`) of an input, once the wanted are there."""
        assert self._outputs is not None, "the ledger was begun"
        deadline = time.monotonic() + LIMIT_S
        while not set(wanted) <= self._found.get(place, {}).keys():
            assert time.monotonic() < deadline, f"no {wanted} for {place}: {self.tail(0)}"
            for message in self._outputs.consume(500, 0.05):
                if message.error() is None:
                    self._note(message)
        return self._found[place]

    def _note(self, message: Any) -> None:
        topic, raw = message.topic(), message.value()
        value = WIRE.decode(topic, raw) if topic == "replies" else None
        record = Record(topic, message.partition(), message.offset(), message.timestamp()[1], message.key(), value, raw)
        record.headers = dict(message.headers() or ())
        source = source_of(record)
        assert source is not None, f"{record.place} names no input"
        there = self._found.setdefault(source[:3], {})
        assert topic not in there, f"{source[:3]} has two records in {topic}"
        there[topic] = record

    def reply_to(self, value: Value) -> Value:
        """Send a movement and wait for its answer."""
        (place,) = self.send([self.sent(value)])
        answer = self.outcome(place, ("replies",))["replies"].value
        assert answer is not None, "replies are decoded"
        return answer

    # processes

    def freeze(self, slot: int) -> None:
        os.kill(self.workers[slot].pid, signal.SIGSTOP)

    def thaw(self, slot: int) -> None:
        os.kill(self.workers[slot].pid, signal.SIGCONT)

    def is_frozen(self, slot: int) -> bool:
        """Whether the slot's process has been stopped by a signal."""
        stat = Path(f"/proc/{self.workers[slot].pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] == "T"

    def supervised_and_done(self) -> bool:
        """Whether everything is worked off; a worker that has ended to be started anew is, as by its supervisor.

        That may happen to any of them: on a busy machine a transaction can take longer than its time.
        """
        for slot, worker in self.workers.items():
            if not worker.is_running and worker.exit_code == 1:
                assert self.said(slot, "this worker ends: "), self.tail(slot)
                self.start(slot)
        running = [slot for slot, worker in self.workers.items() if worker.is_running]
        # One that has just begun could not be told to stop yet.
        return all(self.said(slot, TAKEN_OVER) for slot in running) and self.worked_off()

    def prove(self) -> None:
        """Everything is worked off; workers are ended; the checker finds nothing in topics and stores."""
        until(self.supervised_and_done, self.standing)
        self.stop()
        report = check(self.history())
        assert not report.violations, str(report)
        assert report.counts["inputs"] == self.sent_count
