"""Reading outside of the worker, on and on: one partition (the answers to what one has sent, a row while it changes),
or many in batches (a copy of the registers).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from processors.contract.connection import CALL_LIMIT_S, Connection
from processors.contract.partitions import partition_of
from processors.contract.reading import ReadRecord, record_of
from processors.contract.topics_now import PATIENT, Place

WAIT_MS: Final = 10
"""How long the broker lets a reader wait that has read everything: an answer is there at once when it comes."""
BATCH_WAIT_MS: Final = 50
"""The same for a reader of many partitions, which asks for all of them at once."""
GATHER_S: Final = 0.05
"""How long a batch waits for more records once it has one: a batch costs as much as a hundred records."""


class Follower:
    """The committed records of the partition in which a route lies, one after the other.

    start: `beginning`, or `end`: only what is written after the follower was made.
    KafkaException where the cluster does not answer or has no such topic.
    """

    def __init__(self, connection: Connection, topic: str, route: str, start: Literal["beginning", "end"]) -> None:
        self._consumer = Consumer(
            connection.settings(
                **{
                    "group.id": "lotstream-read",
                    "enable.auto.commit": False,
                    "enable.partition.eof": True,
                    "isolation.level": "read_committed",
                    "auto.offset.reset": "earliest",
                    "fetch.message.max.bytes": 16 * 1024 * 1024,
                    "fetch.wait.max.ms": WAIT_MS,
                }
            )
        )
        try:
            found = self._consumer.list_topics(topic, timeout=CALL_LIMIT_S).topics[topic]
            if found.error is not None:
                raise KafkaException(found.error)
            place = TopicPartition(topic, partition_of(route, len(found.partitions)), OFFSET_BEGINNING)
            if start == "end":
                place.offset = self._consumer.get_watermark_offsets(place, timeout=CALL_LIMIT_S, cached=False)[1]
            self._consumer.assign([place])
        except BaseException:
            self._consumer.close()
            raise

    def poll(self, wait_s: float) -> list[ReadRecord]:
        """What has come; waits up to `wait_s` seconds for the first of it."""
        return self._poll(wait_s)[0]

    def to_end(self) -> Iterator[ReadRecord]:
        """Everything up to the partition's present end."""
        at_end = False
        while not at_end:
            records, at_end = self._poll(0.1)
            yield from records

    def _poll(self, wait_s: float) -> tuple[list[ReadRecord], bool]:
        """Records, and whether the end was reached behind them."""
        records: list[ReadRecord] = []
        at_end = False
        while message := self._consumer.poll(0 if records or at_end else wait_s):
            error = message.error()
            if error is None:
                records.append(record_of(message))
                at_end = False
            elif error.code() == KafkaError._PARTITION_EOF:
                at_end = True
            elif not error.retriable():
                raise KafkaException(error)
        return records, at_end

    def close(self) -> None:
        self._consumer.close()

    def __enter__(self) -> "Follower":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(slots=True)
class Batch:
    """What has come, in the order of each partition.

    `records`: topic → (partition, offset, key, value). `whole`: the same of topics that were asked for with time and
    headers. `reached`: the next offset of every partition that went on; `times`: timestamp of its last record.
    """

    records: dict[str, list[tuple[int, int, bytes | None, bytes | None]]]
    whole: dict[str, list[ReadRecord]]
    reached: dict[Place, int]
    times: dict[Place, int]


class OutOfLog(Exception):
    """A partition has no record at an offset that is to be read: the log was cut, or is another one."""


class BatchFollower:
    """The committed records of many partitions in batches, from given offsets on; for readers that keep up.

    `whole`: topics whose records are wanted with time and headers. KafkaException where the cluster does not answer.
    """

    def __init__(self, connection: Connection, positions: Mapping[Place, int], whole: Collection[str] = ()) -> None:
        self._whole = frozenset(whole)
        self._places = list(positions)
        self._left: set[Place] = set()
        self._topic = self._places[0][0]
        self._consumer = Consumer(
            {
                **connection.settings(),
                **PATIENT,
                "group.id": "lotstream-follow",
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "enable.partition.eof": True,
                "isolation.level": "read_committed",
                "auto.offset.reset": "error",
                "fetch.wait.max.ms": BATCH_WAIT_MS,
                # All that a batch can hold, whatever its records' size.
                "queued.max.messages.kbytes": 64 * 1024,
                "check.crcs": False,
            }
        )
        self._consumer.assign([TopicPartition(*place, offset) for place, offset in positions.items()])

    def take(self, most: int, wait_s: float) -> Batch:
        """Up to `most` records that have come; waits up to `wait_s` seconds for the first, and a moment for more.

        OutOfLog where the log does not have what is to be read; KafkaException for what the client cannot mend.
        """
        batch = Batch({}, {}, {}, {})
        first = self._consumer.poll(wait_s)
        if first is not None:
            self._sort([first, *self._consumer.consume(most - 1, GATHER_S)], batch)
        return batch

    def _sort(self, messages: list[Message], batch: Batch) -> None:
        # Records come in long runs of one partition: what is asked of each of them is as little as can be.
        topic, partition = "", -1
        run: list[Message] = []
        for message in messages:
            if (error := message.error()) is not None:
                self._note(message, error, batch)
            elif message.partition() == partition and message.topic() == topic:
                run.append(message)
            else:
                self._take_run(topic, partition, run, batch)
                topic, partition, run = message.topic() or "", message.partition() or 0, [message]
        self._take_run(topic, partition, run, batch)

    def _take_run(self, topic: str, partition: int, run: list[Message], batch: Batch) -> None:
        place = topic, partition
        if not run or place in self._left:  # what was left may have been on its way
            return
        if topic in self._whole:
            batch.whole.setdefault(topic, []).extend(map(record_of, run))
        else:
            batch.records.setdefault(topic, []).extend(
                [(partition, message.offset() or 0, message.key(), message.value()) for message in run]
            )
        batch.reached[place] = max(batch.reached.get(place, 0), (run[-1].offset() or 0) + 1)
        batch.times[place] = run[-1].timestamp()[1]

    def _note(self, message: Message, error: KafkaError, batch: Batch) -> None:
        """What comes beside records: at its end a partition stands behind what no reader is given, markers and records
        that were not committed.
        """
        place = message.topic() or "", message.partition() or 0
        if place in self._left:
            return
        if error.code() == KafkaError._PARTITION_EOF:
            batch.reached[place] = max(batch.reached.get(place, 0), message.offset() or 0)
        elif error.code() == KafkaError._AUTO_OFFSET_RESET:
            raise OutOfLog(f"{place[0]}/{place[1]}: {error.str()}")
        elif not error.retriable():
            raise KafkaException(error)

    def leave(self, place: Place) -> None:
        """Give no more of a partition, and tell no more of its end."""
        self._places.remove(place)
        self._left.add(place)
        self._consumer.incremental_unassign([TopicPartition(*place)])

    def follow(self, place: Place, offset: int) -> None:
        """Give a partition that was left again, from an offset on."""
        self._places.append(place)
        self._left.discard(place)
        self._consumer.incremental_assign([TopicPartition(*place, offset)])

    def ends(self) -> dict[Place, int]:
        """Where the partitions end, as far as the client has heard: those of which it has not are left out."""
        ends = {}
        for place in self._places:
            high = self._consumer.get_watermark_offsets(TopicPartition(*place), cached=True)[1]
            if high >= 0:
                ends[place] = high
        return ends

    def ask(self, limit_s: float) -> None:
        """KafkaException where the cluster does not answer: from a reader's silence alone nobody could tell."""
        self._consumer.list_topics(self._topic, timeout=limit_s)

    def close(self) -> None:
        self._consumer.close()
