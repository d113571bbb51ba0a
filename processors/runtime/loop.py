"""The turn of a worker: consume, decide, produce, flush, confirm, commit, apply (architecture §4).

Nothing is consumed while a batch is in hand: rebalances happen only inside `consume`, and before it a batch is
committed, or dropped with every partition sought back to the first offset that is not committed.
"""

import contextlib
import logging
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from processors.contract.codec import Codec
from processors.contract.schema_ids import SchemaIdsError
from processors.counters.port import (
    Counters,
    CountersUnavailable,
    EpochChanged,
    OwnerChanged,
    StateLost,
)
from processors.domain.message import Continuation, Message
from processors.domain.refusals import Reason, Refusal
from processors.domain.registers import StateRow
from processors.runtime.batch import Again, Batch, Decider, DecisionBug, Hold, Item, Place, Resumed, Work, forget
from processors.runtime.counter_care import CounterCare
from processors.runtime.crash_points import CrashPoint, no_crash
from processors.runtime.epochs import TopicRegisters
from processors.runtime.errors import BatchAborted, OutcomeUnknown, Unreachable
from processors.runtime.log import Log, Record, TopicPartition
from processors.runtime.master import MasterReader
from processors.runtime.metrics import Metrics
from processors.runtime.outputs import Encoder
from processors.runtime.overlay import TaskView
from processors.runtime.processor import MASTER_INPUT, Processor
from processors.runtime.store import Stores
from processors.runtime.tasks import Task, Tasks

logger = logging.getLogger(__name__)

IDLE_WAIT_S = 0.05
STAMP_EVERY_S = 60.0
LAG_EVERY_S = 2.0
JUDGE_WAIT_S = 5.0
"""How long a message may wait for master data that the judge has not read yet."""
TURN_S_MAX = 30.0
"""A turn that takes longer gives the rest of its records back, so that the group is polled in time."""


@dataclass(slots=True)
class Limits:
    """How much one transaction takes. Halved after one that took too long, doubled again after good ones."""

    batch_max: int = 1000
    weight_max: int = 20_000
    bugs_max: int = 5
    """So many decisions in a row that raise stop the worker: a bad release must not drain a topic."""
    share: int = 1

    @property
    def batch(self) -> int:
        return max(1, self.batch_max // self.share)

    @property
    def weight(self) -> int:
        return max(1, self.weight_max // self.share)

    def halve(self) -> None:
        self.share = min(self.share * 2, 1024)

    def widen(self) -> None:
        self.share = max(1, self.share // 2)


class TooManyBugs(Exception):
    """Several decisions in a row raised. Stop: the release is bad, the messages are not."""


class Reassigned(Exception):
    """The assignment changed while tasks were taken over: begin the take-over again."""


class Loop:
    """One worker's loop over its three ports: the log, the stores, the counters."""

    def __init__(
        self,
        processor: Processor,
        log: Log,
        stores: Stores,
        counters: Counters,
        codec: Codec,
        partitions: Mapping[str, int],
        limits: Limits | None = None,
        metrics: Metrics | None = None,
        crash: CrashPoint = no_crash,
        wall_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._processor, self._log, self._counters, self._crash = processor, log, counters, crash
        self.limits = limits or Limits()
        self.metrics = metrics or Metrics(processor.name)
        rows = {register.topic: register.row for register in processor.registers}
        encoder = Encoder(codec, processor.name, partitions, rows)
        self._decider = Decider(processor, encoder, counters, partitions, self, crash)
        self._master = MasterReader(log, codec)
        self._owner = Tasks(processor, log, stores, counters, codec, self._master, crash, wall_ms)
        self._tasks: dict[int, Task] = self._owner.owned
        registers = TopicRegisters(
            log,
            codec,
            partitions[processor.state.topic],
            processor.claim_of,
            lambda: self._master.data,
            lambda: self._keep_alive(0),
        )
        self._care = CounterCare(
            counters, registers, self.metrics, lambda wait_s: self._keep_alive(wait_s), lambda: self._changed
        )
        self._holds: dict[TopicPartition, Hold] = {}
        self._looked: set[Place] = set()
        self._changed = True
        self._looked_at: set[TopicPartition] = set()
        self._stamped_at = self._measured_at = time.monotonic()
        self._bugs = 0
        self._in_hand: deque[Work] = deque()
        self.ready = False

    # the turn

    def start(self) -> None:
        """Check the counters' server and join the group; the first turns take the tasks over."""
        self._counters.check()
        self._master.catch_up()
        self._log.subscribe(list(self._processor.inputs), self._on_change)

    def _on_change(self) -> None:
        self._changed = True
        self.ready = False

    def turn(self, wait_s: float = IDLE_WAIT_S) -> bool:
        """One turn; True where something was done. Raises what ends the worker: Fenced, TooManyBugs."""
        try:
            return self._turn(wait_s)
        except (Unreachable, SchemaIdsError) as failure:
            logger.warning("waiting for the cluster", extra={"reason": str(failure)})
            self._give_back()
            time.sleep(IDLE_WAIT_S)
            return True

    def _turn(self, wait_s: float) -> bool:
        self._release_holds()
        records = self._log.consume(self.limits.batch, wait_s)
        if self._changed:
            self._take_over()
            return True
        self._crash("after-consume")
        self._measure()
        self._master.poll()
        try:
            work: list[Work] = [self._decider.decode(record) for record in records]
        except SchemaIdsError:
            self._log.seek(_first_offsets(records))
            raise
        work += self._due()
        if not work:
            self._idle()
            return False
        self._work_off(work)
        return True

    def _work_off(self, work: Sequence[Work]) -> None:
        """Commit the work chunk by chunk; whatever is left at an obstacle is given back and sought back to."""
        self._in_hand = deque(work)
        deadline = time.monotonic() + TURN_S_MAX
        try:
            while self._in_hand and time.monotonic() < deadline:
                chunk = self._chunk()
                left = len(self._in_hand) - len(chunk)
                self._transact(chunk)
                if len(self._in_hand) > left:
                    break
            self._give_back()
        except CountersUnavailable as failure:
            self._give_back()
            self._wait_for_counters(str(failure))
        except (StateLost, EpochChanged) as failure:
            self._give_back()
            self._mend_counters(failure)
        except (BatchAborted, Unreachable) as failure:
            logger.warning("batch aborted", extra={"reason": str(failure)})
            self.metrics.aborted.inc()
            self._give_back()
        except OutcomeUnknown as failure:
            # The commit may have happened. Nothing in memory can be trusted: settle it, then begin as if new.
            logger.warning("commit of unknown outcome", extra={"reason": str(failure)})
            self.metrics.unknown.inc()
            self._in_hand.clear()
            self._log.renew_producer()
            self._changed = True
            self._take_over()

    def _chunk(self) -> list[Work]:
        """The longest run from the front that one transaction may take: one kind of input, up to the weight."""
        chunk: list[Work] = []
        weight = 0
        judging = _is_master(self._in_hand[0])
        for item in self._in_hand:
            if _is_master(item) != judging:
                break
            message = item.message if isinstance(item, Item) else None
            weight += 1 if message is None else self._processor.weight(message, self._master.data)
            if chunk and (weight > self.limits.weight or len(chunk) >= self.limits.batch):
                break
            chunk.append(item)
        return chunk

    def _transact(self, chunk: list[Work]) -> None:
        """One transaction over a chunk, or over as much of it as can be taken now."""
        views = {p: self._tasks[p].view for p in sorted({_partition(item) for item in chunk})}
        started = time.monotonic()
        try:
            batch = self._decide(chunk, views)
        except DecisionBug as bug:
            self._isolate(chunk, bug)
            return
        self._finish(batch, views)
        self._bugs = 0
        if time.monotonic() - started < 1.0:
            self.limits.widen()

    def _finish(self, batch: Batch, views: Mapping[int, TaskView]) -> None:
        """Commit a decided batch; pause what has to wait behind it."""
        if batch.items:
            self._commit(batch, views)
        else:
            forget(views)
            self._counters.dropped(batch.reservation)
            if batch.hold is None:
                time.sleep(IDLE_WAIT_S)  # another's tentative claim: its owner settles it with its next batch
        if batch.hold is not None:
            self._holds[batch.hold.place[:2]] = batch.hold
            self._log.pause([batch.hold.place[:2]])

    def _decide(self, chunk: list[Work], views: Mapping[int, TaskView]) -> Batch:
        started = time.perf_counter()
        self._looked_at.clear()
        if _is_master(chunk[0]):
            self._master.catch_up_with_judge()
        batch = self._decider.decide(chunk, views, self._master.data, self._looked)
        self._crash("after-decide")
        self.metrics.decide_s.observe(time.perf_counter() - started)
        return batch

    def _isolate(self, chunk: list[Work], bug: DecisionBug) -> None:
        """A decision raised: one message at a time; the one that raises again goes to the dead letters."""
        for item in chunk:
            views = {_partition(item): self._tasks[_partition(item)].view}
            try:
                batch = self._decide([item], views)
                self._bugs = 0
            except DecisionBug as again:
                self._bugs += 1
                self.metrics.bugs.inc()
                logger.error("internal error", extra={**_where(item), "trace": again.trace})
                if self._bugs >= self.limits.bugs_max or not isinstance(item, Item):
                    raise TooManyBugs(f"{self._bugs} decisions in a row raised, the last: {again}") from bug
                reason = Reason("internal-error", f"a fault of the product, not of the message: {again}; report it")
                batch = self._decide([Item(item.record, None, Refusal((reason,)), again.trace)], views)
            self._finish(batch, views)
            if not batch.items:
                return

    def _commit(self, batch: Batch, views: Mapping[int, TaskView]) -> None:
        """Produce, flush, confirm, commit, apply. On an abort the views are as before and the error goes on."""
        log = self._log
        offsets: dict[TopicPartition, int] = {}
        for item in batch.items:
            if isinstance(item, Item):
                record = item.record
                offsets[record.topic, record.partition] = record.offset + 1
            else:
                # A continuation has no input of its own: an unchanged position lets the group fence a former owner.
                for place in log.assignment():
                    position = log.position(*place)
                    if place[1] == item.continuation.partition and position is not None:
                        offsets.setdefault(place, position)
        assert offsets.keys() <= log.assignment(), "no partition is lost outside consume"
        started = time.monotonic()
        try:
            log.begin()
            log.produce(batch.outputs)
            for rows in batch.rows.values():
                log.produce(rows, tracked=True)
            self._crash("after-produce")
            log.flush()
            written = {output[:2] for rows in batch.rows.values() for output in rows}
            if not written <= log.produced().keys():
                raise BatchAborted("a row was not acknowledged")
            self._crash("after-flush")
            self._counters.confirm(batch.reservation)
            self._crash("after-confirm")
            log.commit(offsets)
        except (BatchAborted, EpochChanged, CountersUnavailable, Unreachable):
            forget(views)
            if time.monotonic() - started > 5.0:
                self.limits.halve()
            log.abort()
            self._counters.dropped(batch.reservation)
            raise
        except OutcomeUnknown:
            forget(views)
            raise
        self._crash("after-commit")
        self.metrics.commit_s.observe(time.monotonic() - started)
        self._apply(batch, views)
        self._crash("after-apply")
        self._counters.committed(batch.reservation, batch.decisions)
        self.metrics.count(batch)
        for item, decision in zip(batch.items, batch.decisions, strict=True):
            self._in_hand.popleft()
            if self._looked and isinstance(item, Item):
                self._looked.discard(item.place)
            if decision.refusal is not None:
                logger.debug("refused", extra={**_where(item), "code": decision.refusal.code})

    def _apply(self, batch: Batch, views: Mapping[int, TaskView]) -> None:
        positions: defaultdict[int, dict[str, int]] = defaultdict(dict)
        for (topic, p), offset in self._log.produced().items():
            positions[p][topic] = offset + 1
        for p, view in views.items():
            rows = batch.rows.get(p)
            if rows is None:
                continue
            puts = [(topic, key, value) for topic, _, key, value, _, _ in rows]
            self._tasks[p].store.write(puts, view.entries, positions[p])
            view.keep()
        for item in batch.items:
            if isinstance(item, Resumed):
                self._tasks[item.continuation.partition].barriers.pop(item.continuation.id, None)
        for p, row in batch.barriers:
            self._tasks[p].barriers[row.id] = row

    # what is not taken

    def _give_back(self) -> None:
        """Seek back to the first record of each partition that is in hand and not committed."""
        first = _first_offsets(item.record for item in self._in_hand if isinstance(item, Item))
        self._in_hand.clear()
        self._log.seek(first)

    def _release_holds(self) -> None:
        """Messages whose waiting is over are decided for good."""
        for place, hold in list(self._holds.items()):
            late = hold.deadline is not None and time.monotonic() > hold.deadline
            if not late and self._committed(hold.topic, hold.partition) < hold.until:
                continue
            if hold.topic == MASTER_INPUT:
                self._master.catch_up()
            del self._holds[place]
            self._looked.add(hold.place)
            self._log.resume([place])

    def _committed(self, topic: str, partition: int) -> int:
        """Everything consumed is committed but what is in hand; of another worker's input the group knows."""
        if (topic, partition) in self._log.assignment():
            in_hand = (item.record for item in self._in_hand if isinstance(item, Item))
            first = _first_offsets(r for r in in_hand if (r.topic, r.partition) == (topic, partition))
            return first.get((topic, partition), self._log.position(topic, partition) or 0)
        return self._log.committed([(topic, partition)])[topic, partition]

    def second_look(self, message: Message) -> Hold | None:
        """See `batch.Surroundings`: offsets are noted once a batch; internal topics are never waited for.

        Master data on its way to the judge comes first: it waits for nothing itself, so nothing can wait in a circle.
        A group without the judge does not know how far it has read: there only what is accepted is waited for.
        """
        order = self._processor.order
        if message.topic not in order:
            return None
        judged = (MASTER_INPUT,) if MASTER_INPUT in self._processor.inputs else ()
        for topic in (*judged, *order[: order.index(message.topic)]):
            place = (topic, 0 if topic in (MASTER_INPUT, MASTER_REGISTER) else message.partition)
            if place in self._looked_at:
                continue
            self._looked_at.add(place)
            end = self.stable_end(*place)
            if topic == MASTER_REGISTER:
                if self._master.catch_up(end):
                    raise Again
            elif self._committed(*place) < end:
                # A marker behind the last record is never part of another worker's committed offset: hence the limit.
                deadline = time.monotonic() + JUDGE_WAIT_S if topic == MASTER_INPUT else None
                return Hold((message.topic, message.partition, message.offset), *place, end, deadline)
        return None

    def stable_end(self, topic: str, partition: int) -> int:
        return self._log.ends([(topic, partition)], committed=True)[topic, partition]

    def _due(self) -> list[Work]:
        """Continuations whose barrier is reached: everything before it is committed."""
        due: list[Work] = []
        for p, task in self._tasks.items():
            for row in task.barriers.values():
                reached = row.topic is None or (self._log.position(row.topic, p) or 0) >= (row.offset or 0)
                if reached and not self._pending_before(row, p):
                    due.append(Resumed(Continuation(row.id, p, row.continuation or "", row.at)))
        return due

    def _pending_before(self, row: StateRow, partition: int) -> bool:
        hold = self._holds.get((row.topic or "", partition))
        return hold is not None and hold.place[2] < (row.offset or 0)

    def _measure(self) -> None:
        if time.monotonic() - self._measured_at > LAG_EVERY_S:
            self._measured_at = time.monotonic()
            for topic, records in self._log.lag().items():
                self.metrics.lag.labels(topic).set(records)

    def _idle(self) -> None:
        with contextlib.suppress(CountersUnavailable):  # sent with the next call
            self._counters.flush_outcomes()
        if time.monotonic() - self._stamped_at > STAMP_EVERY_S and self._tasks:
            self._stamped_at = time.monotonic()
            self._owner.stamp()

    # taking tasks over

    def _take_over(self) -> None:
        """Restore the stores of every owned task to a fresh end, then consume from the committed offsets."""
        while self._changed:
            self._changed = False
            try:
                self._take_over_once()
            except Reassigned:
                continue
            except Unreachable as failure:
                logger.warning("take-over waits", extra={"reason": str(failure)})
                self._changed = True
                self._keep_alive(0.5)
            except (CountersUnavailable, EpochChanged) as failure:
                # Somebody owns them after us (the group will say so), or Redis is away.
                self._changed = True
                logger.warning("take-over waits for the counters", extra={"reason": str(failure)})
                self._keep_alive(0.5)

    def _take_over_once(self) -> None:
        started = time.monotonic()
        self._holds.clear()
        self._looked.clear()
        assigned = self._log.assignment()
        owned = sorted({p for _, p in assigned})
        self._owner.give_up_all_but(owned)
        self.metrics.tasks.set(len(owned))
        if not owned:
            self.ready = True
            return
        self._log.pause(assigned)
        applied = self._owner.take_over(owned, self._still_ours)
        self._log.start_at(self._log.committed(assigned))
        self.ready = True
        took = time.monotonic() - started
        self.metrics.restored(applied, took)
        logger.info("tasks taken over", extra={"tasks": owned, "records": applied, "seconds": round(took, 3)})

    def _still_ours(self) -> None:
        self._keep_alive(0)
        if self._changed:
            raise Reassigned

    def _keep_alive(self, wait_s: float) -> None:
        """Poll for membership while nothing may be taken: every partition is paused."""
        self._log.pause(self._log.assignment())
        stray: list[Record] = self._log.consume(1, wait_s)
        self._log.seek({(record.topic, record.partition): record.offset for record in stray})

    # counters that cannot answer

    def _wait_for_counters(self, reason: str) -> None:
        self.ready = False
        self._care.wait(reason)
        self._go_on()

    def _mend_counters(self, failure: Exception) -> None:
        """Lost state is rebuilt; a foreign owner means that our tasks have to be taken over anew."""
        match failure:
            case OwnerChanged():
                logger.warning("tasks taken over anew", extra={"reason": str(failure)})
                self._changed = True
                self._take_over()
            case StateLost():
                self._care.rebuild(str(failure))
                self._go_on()
            case _:
                logger.warning("counters were rebuilt meanwhile", extra={"reason": str(failure)})

    def poll_membership(self, seconds: float) -> None:
        """For whoever waits with no work in hand (a rebuild): let time pass while the group is polled."""
        self._keep_alive(seconds)

    def _go_on(self) -> None:
        """After a wait with everything paused; where the assignment has changed, the take-over goes on instead."""
        if not self._changed:
            self._log.resume(self._log.assignment() - self._holds.keys())
            self.ready = True

    def close(self) -> None:
        """Give everything back. Nothing is in hand between turns."""
        self._master.close()
        self._owner.close()
        self._log.close()


MASTER_REGISTER = "master-register"


def _partition(item: Work) -> int:
    return item.record.partition if isinstance(item, Item) else item.continuation.partition


def _first_offsets(records: Iterable[Record]) -> dict[TopicPartition, int]:
    first: dict[TopicPartition, int] = {}
    for record in records:
        place = (record.topic, record.partition)
        first[place] = min(first.get(place, record.offset), record.offset)
    return first


def _where(item: Work) -> dict[str, object]:
    """What a log line says of a message or a continuation."""
    if isinstance(item, Item):
        return {"topic": item.record.topic, "partition": item.record.partition, "offset": item.record.offset}
    return {"partition": item.continuation.partition, "continuation": item.continuation.id}


def _is_master(item: Work) -> bool:
    return isinstance(item, Item) and item.record.topic == MASTER_INPUT
