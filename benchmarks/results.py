"""Reading what a contender put out, committed only: as it comes, or all of it to judge its effects."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, IsolationLevel, KafkaError, Message, TopicPartition

from benchmarks import company
from benchmarks.arena import Arena
from benchmarks.contenders import Contender
from processors.cli import wiring
from processors.domain.events import Reply
from processors.domain.registers import StockRow

STABLE_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Effects:
    """Of all movements sent: results that never came, results too many, items whose last stock is not their sum."""

    sent: int
    lost: int
    doubled: int
    wrong_stocks: int


class Committed:
    """A read_committed reader of all partitions of a topic, from its present end or its beginning."""

    def __init__(self, arena: Arena, topic: str, start: int = OFFSET_END) -> None:
        self._consumer = Consumer(
            wiring.connection(arena.stack.settings).settings(
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
        self._open = set(range(arena.partitions))
        self._consumer.assign([TopicPartition(topic, number, start) for number in self._open])
        if start == OFFSET_END:
            while self._open:  # the end is known of each: nothing from now on is missed
                for message in self._consumer.consume(100, 0.1):
                    self._ended(message)

    def read(self, wait_s: float = 0.02) -> list[Message]:
        """What has come, after waiting for a first one."""
        first = self._consumer.poll(wait_s)
        found = [] if first is None else [first, *self._consumer.consume(2000, 0)]
        return [message for message in found if message.error() is None]

    def all(self) -> Iterator[Message]:
        """Everything up to the present end, those of a partition in order."""
        while self._open:
            for message in self._consumer.consume(2000, 0.1):
                if not self._ended(message):
                    yield message

    def _ended(self, message: Message) -> bool:
        error = message.error()
        if error is not None and error.code() == KafkaError._PARTITION_EOF:
            self._open.discard(message.partition() or 0)
        return error is not None

    def close(self) -> None:
        self._consumer.close()


def number_of(contender: Contender, message: Message) -> int:
    """The place of a result's movement in the company's sequence."""
    return int(contender.movement_of(message)[1:])


def effects(arena: Arena, contender: Contender, sent: int) -> Effects:
    """Judge everything that a contender has put out for the first `sent` movements of the sequence."""
    _wait_until_stable(arena, contender.results)
    if contender.ours:
        results, stocks = _of_lotstream(arena)
    else:
        results, stocks = _of_peer(arena, contender)
    doubled = sum(results.values()) - len(results)
    expected: Counter[str] = Counter()
    for movement in company.lot_movements(arena.items, sent):
        amount = movement.quantity or 0
        expected[f"{movement.item_class}|{movement.item_code}"] += amount if movement.template == "IN" else -amount
    wrong = sum(stocks.get(item, 0) != expected[item] for item in expected.keys() | stocks.keys())
    return Effects(sent, sent - len(results), doubled, wrong)


def _of_peer(arena: Arena, contender: Contender) -> tuple[Counter[int], dict[str, int]]:
    """Results by movement; the stock of each item as its last result tells it."""
    import json

    results: Counter[int] = Counter()
    stocks: dict[str, int] = {}
    for message in _all(arena, contender.results):
        key: Any = message.key()
        value: Any = message.value()
        told = json.loads(value)
        results[int(told["movement_id"][1:])] += 1
        stocks[key.decode()] = told["stock_after"]
    return results, stocks


def _of_lotstream(arena: Arena) -> tuple[Counter[int], dict[str, int]]:
    """Replies that say done, by movement; the sum of each item's rows in the stock register."""
    codec = wiring.codec(arena.stack.settings)
    results: Counter[int] = Counter()
    for message in _all(arena, "replies"):
        reply: Any = codec.decode("replies", _bytes(message))
        assert isinstance(reply, Reply), "the topic has one record type"
        if reply.status == "done":
            results[int(reply.request_id[1:])] += 1
    rows: dict[bytes, StockRow] = {}
    for message in _all(arena, "stock-register"):
        key: Any = message.key()
        rows.pop(key, None)
        if message.value() is not None:
            row: Any = codec.decode("stock-register", _bytes(message))
            rows[key] = row
    stocks: Counter[str] = Counter()
    for row in rows.values():
        stocks[f"{row.item_class}|{row.item_code}"] += row.stock
    return results, dict(stocks)


def _bytes(message: Message) -> bytes:
    value: Any = message.value()
    return bytes(value)


def _all(arena: Arena, topic: str) -> Iterator[Message]:
    reader = Committed(arena, topic, OFFSET_BEGINNING)
    try:
        yield from reader.all()
    finally:
        reader.close()


def _wait_until_stable(arena: Arena, topic: str) -> None:
    """A killed process may leave a transaction that its time-out has to end; until then readers do not see the rest."""
    until = time.monotonic() + STABLE_LIMIT_S
    while arena.ends(topic) != arena.ends(topic, isolation_level=IsolationLevel.READ_COMMITTED):
        assert time.monotonic() < until, f"{topic} has an open transaction"
        time.sleep(0.2)
