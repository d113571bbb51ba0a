"""Decide a batch: messages in order, each over the rows that the ones before it left, until nothing is in the way.

No transaction is open here. What comes out is everything to be produced, and which rows change. What can interrupt: a
short grant (reserve more), a code that another owner holds (decide again), a message that has to wait (the batch ends
before it).
"""

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from processors.contract.manifest import topic_of
from processors.contract.partitions import partition_of
from processors.counters.port import Counters, Reservation
from processors.domain import keys
from processors.domain.decision import Barrier, Decision
from processors.domain.master import MasterData, MasterRecord
from processors.domain.message import Continuation, Message
from processors.domain.progressives import Claimed, Need, OrdinalsShort
from processors.domain.refusals import Reason, Refusal
from processors.domain.registers import StateRow
from processors.domain.view import COUNTERS
from processors.runtime.crash_points import CrashPoint, no_crash
from processors.runtime.log import Output, Record, RowOutput
from processors.runtime.outputs import Encoder
from processors.runtime.overlay import TaskView
from processors.runtime.processor import MASTER_INPUT, Processor, barrier_key

Place = tuple[str, int, int]
"""Topic, partition and offset of a message."""


@dataclass(slots=True)
class Item:
    """One consumed record: decoded, or with the reason why it could not be (and, for a bug, its trace)."""

    record: Record
    message: Message | None
    refusal: Refusal | None = None
    trace: str = ""

    @property
    def place(self) -> Place:
        return (self.record.topic, self.record.partition, self.record.offset)


@dataclass(frozen=True, slots=True)
class Resumed:
    """A continuation whose barrier is reached."""

    continuation: Continuation


Work = Item | Resumed


@dataclass(frozen=True, slots=True)
class Hold:
    """A message that waits, once, for `topic` (`partition`) to be committed up to `until`, or until `deadline`.

    `deadline`: monotonic seconds; None = for as long as it takes.
    """

    place: Place
    topic: str
    partition: int
    until: int
    deadline: float | None = None


@dataclass(slots=True)
class Batch:
    """A decided batch. `items` may be fewer than were given: the rest is taken again later."""

    items: Sequence[Work]
    reservation: Reservation
    decisions: list[Decision] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    rows: dict[int, list[RowOutput]] = field(default_factory=dict)
    """Partition → its changed rows, encoded, in the order of the view's changes."""
    barriers: list[tuple[int, StateRow]] = field(default_factory=list)
    hold: Hold | None = None


class DecisionBug(Exception):
    """A decision, or the encoding of what it gave, raised: a bug of ours, not the message's fault."""

    def __init__(self, trace: str) -> None:
        super().__init__(trace.strip().splitlines()[-1])
        self.trace = trace


class Again(Exception):
    """Master data has moved on while deciding: decide the batch again."""


class Surroundings(Protocol):
    """What deciding may ask about records that are not read yet."""

    def second_look(self, message: Message) -> Hold | None:
        """Before a refusal that an unread record could turn around: what the message waits for; None: it is final.

        Raises Again where master data was behind and has been caught up.
        """
        ...

    def stable_end(self, topic: str, partition: int) -> int:
        """The last stable offset, asked now: where a barrier stands."""
        ...


class Decider:
    """Decides batches for one processor over the views of its tasks."""

    def __init__(
        self,
        processor: Processor,
        encoder: Encoder,
        counters: Counters,
        partitions: Mapping[str, int],
        around: Surroundings,
        crash: CrashPoint = no_crash,
    ) -> None:
        self._processor, self._encoder, self._counters = processor, encoder, counters
        self._partitions, self._around, self._crash = partitions, around, crash
        self._placed = {name: placed for name in processor.inputs if (placed := topic_of(name).placed) is not None}

    def decode(self, record: Record) -> Item:
        """A record as a message; one that cannot be read, or lies under a foreign key or partition, as a refusal."""
        topic = record.topic
        try:
            value, route = self._encoder.decode(topic, record.value)
        except ValueError as failure:
            return Item(record, None, _refusal("message-undecodable", str(failure)))
        if record.key is None or record.key != route.encode():
            came = "no key" if record.key is None else repr(record.key.decode(errors="replace"))
            return Item(record, None, _refusal("key-mismatch", f"expected the key {route!r} of the value, got {came}"))
        placed = self._placed.get(topic)
        right = None if placed is None else placed(value)
        if right is None:
            right = partition_of(record.key, self._partitions[topic])
        if right != record.partition:
            message = (
                f"expected {route!r} in partition {right}, got partition {record.partition}: set the producer's "
                "partitioner to murmur2 (librdkafka: partitioner=murmur2_random) and send it again"
            )
            return Item(record, None, _refusal("key-mismatch", message))
        assert record.value is not None, "a value was decoded"
        return Item(
            record,
            Message(topic, record.partition, record.offset, record.timestamp_ms, route, value, record.value),
        )

    def decide(
        self, items: Sequence[Work], views: Mapping[int, TaskView], master: MasterData, looked: set[Place]
    ) -> Batch:
        """Decide in order, as many as can be taken now (perhaps none). `looked`: messages whose waiting is over.

        Raises DecisionBug and the errors of the counters. Nothing is written; the changes stand in the views.
        """
        needs = self._needs(items, views, master)
        reservation = self._counters.reserve(list(needs.values()))
        self._crash("after-reserve")
        claimed: dict[str, str] = {}
        try:
            while True:
                try:
                    batch = self._run(items, reservation, views, master, claimed, looked)
                except Again:
                    continue
                except OrdinalsShort as short:
                    place = (short.counter.key, short.partition)
                    forget(views)  # the row that the store holds, not the one that this try has changed
                    row = views[short.partition].get(COUNTERS, keys.join(short.counter.key, str(short.partition)))
                    count = short.count + (needs[place].count if place in needs else 0)
                    needs[place] = Need(short.counter, short.partition, count, row)
                    self._counters.dropped(reservation)
                    reservation = self._counters.reserve(list(needs.values()))
                    continue
                verdicts = self._counters.claim(reservation, batch.decisions)
                if not verdicts.taken and verdicts.wait_at is None:
                    return batch
                # One that meets a tentative claim waits, whatever else is known: its answer has all its reasons.
                items = items[: verdicts.wait_at]
                claimed.update(verdicts.taken)
        except BaseException:
            forget(views)
            self._counters.dropped(reservation)
            raise

    def _needs(
        self, items: Sequence[Work], views: Mapping[int, TaskView], master: MasterData
    ) -> dict[tuple[str, int], Need]:
        by_task: dict[int, list[Message]] = {}
        for item in items:
            if isinstance(item, Item) and item.message is not None:
                by_task.setdefault(item.message.partition, []).append(item.message)
        needs: dict[tuple[str, int], Need] = {}
        for partition, messages in by_task.items():
            try:
                found = self._processor.needs(messages, views[partition], master)
            except Exception:
                raise DecisionBug(traceback.format_exc()) from None
            for need in found:
                needs[need.counter.key, partition] = need
        return needs

    def _run(
        self,
        items: Sequence[Work],
        reservation: Reservation,
        views: Mapping[int, TaskView],
        master: MasterData,
        claimed: Claimed,
        looked: set[Place],
    ) -> Batch:
        forget(views)
        batch = Batch(items, reservation)
        # Master data comes in batches of its own: each record is judged against those accepted before it.
        judging = bool(items) and isinstance(items[0], Item) and items[0].record.topic == MASTER_INPUT
        against = master.copy() if judging else master
        times: dict[int, int] = {}
        for index, item in enumerate(items):
            try:
                if isinstance(item, Resumed):
                    times[item.continuation.partition] = item.continuation.time_ms
                    self._resume(batch, item.continuation, views, against, claimed)
                elif item.message is None:
                    batch.decisions.append(Decision(refusal=item.refusal))
                    batch.outputs.append(self._encoder.dead_letter(item.record, _known(item.refusal), item.trace))
                else:
                    view = views[item.message.partition]
                    decision = self._processor.decide(item.message, view, against, reservation.grants, claimed)
                    refusal = decision.refusal
                    if refusal is not None and item.place not in looked and _may_turn(refusal):
                        batch.hold = self._around.second_look(item.message)
                        if batch.hold is not None:
                            batch.items = items[:index]
                            break
                        looked.add(item.place)
                    self._take(batch, decision, item.message.partition, view, item.message.time_ms)
                    times[item.message.partition] = item.message.time_ms
                    batch.outputs += self._encoder.records(decision, item.message, item.record)
                    if refusal is not None:
                        batch.outputs.append(self._encoder.dead_letter(item.record, refusal, ""))
                    elif judging:
                        for emit in decision.records:
                            if isinstance(emit.value, MasterRecord):
                                against.put(emit.value)
            except (Again, OrdinalsShort):
                raise
            except Exception:
                raise DecisionBug(traceback.format_exc()) from None
        try:
            for partition, view in views.items():
                if view.changes:
                    batch.rows[partition] = self._encoder.rows(partition, view, times[partition])
        except Exception:
            raise DecisionBug(traceback.format_exc()) from None
        return batch

    def _resume(
        self,
        batch: Batch,
        continuation: Continuation,
        views: Mapping[int, TaskView],
        master: MasterData,
        claimed: Claimed,
    ) -> None:
        """Decide a continuation; its row goes away unless the decision names the same barrier anew."""
        partition = continuation.partition
        view = views[partition]
        decision = self._processor.resume(continuation, view, master, batch.reservation.grants, claimed)
        view.put(self._processor.state, barrier_key(continuation.id), None)
        self._take(batch, decision, partition, view, continuation.time_ms)
        batch.outputs += self._encoder.continued(decision, continuation)

    def _take(self, batch: Batch, decision: Decision, partition: int, view: TaskView, time_ms: int) -> None:
        for register, key, changed in decision.rows:
            view.put(register, key, changed)
        for barrier in decision.barriers:
            state = self._barrier(barrier, partition, time_ms)
            view.put(self._processor.state, barrier_key(barrier.id), state)
            batch.barriers.append((partition, state))
        batch.decisions.append(decision)

    def _barrier(self, barrier: Barrier, partition: int, time_ms: int) -> StateRow:
        offset = 0 if barrier.topic is None else self._around.stable_end(barrier.topic, partition)
        return StateRow(
            kind="barrier",
            item_class=None,
            item_code=None,
            id=barrier.id,
            content_hash=None,
            effective_date=None,
            topic=barrier.topic,
            offset=offset,
            continuation=barrier.text,
            request=None,
            reply=None,
            reversed_by=None,
            at=time_ms,
        )


def forget(views: Mapping[int, TaskView]) -> None:
    """Drop what a try has changed."""
    for view in views.values():
        view.forget()


def _refusal(code: str, message: str) -> Refusal:
    return Refusal((Reason(code, message),))


def _known(refusal: Refusal | None) -> Refusal:
    assert refusal is not None, "an item without a message has a refusal"
    return refusal


def _may_turn(refusal: Refusal) -> bool:
    """Whether a record that is not read yet could turn this refusal around (architecture §4, second look)."""
    return any(reason.code.endswith("-unknown") or reason.code == "list-not-open" for reason in refusal.reasons)
