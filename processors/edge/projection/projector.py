"""One run of the projection: from where the store stands, batch after batch, each in one transaction with its offsets.

A crash at any moment leaves rows and offsets that belong together; the next run goes on from there. Whoever writes to
the same store at the same time finds the offsets moved and changes nothing (`FormerOwner`).
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from processors.contract.codec import Codec
from processors.contract.connection import Connection
from processors.contract.following import Batch, BatchFollower, OutOfLog, Place, log_bounds, topics_there
from processors.contract.manifest import DAY_MS, DEAD_LETTERS, MANIFEST
from processors.edge.store.changes import Move, Moves, RowMaker, TableChange
from processors.edge.store.engine import Store
from processors.edge.store.tables import PROJECTED
from processors.edge.store.writing import Writer

logger = logging.getLogger(__name__)

BATCH_MAX: Final = 20_000
"""Records of one transaction: more would cost less each, but another writer of an SQLite file waits for its end."""
IDLE_WAIT_S: Final = 0.2
LOOK_EVERY_S: Final = 1.0
SILENT_MAX_S: Final = 5.0
"""After so long without a word from the cluster it is asked whether it is there: silence must not look like no lag."""
AWAY_MAX_MS: Final = 15 * DAY_MS
"""Half of the registers' `delete.retention.ms`: a store that was away for longer may have missed tombstones."""
LETTERS: Final = frozenset(name for name in PROJECTED if name.endswith(DEAD_LETTERS))

CrashPoint = Callable[[str], None]
"""Called at named points of a turn (after-consume, before-commit, after-commit), for tests that kill the process."""


class RebuildNeeded(Exception):
    """The store cannot be brought up to date from where it stands; the message says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}; run `lotstream edge rebuild`")


class Projector:
    """One run over all topics that are kept in SQL. For one thread; `close` it."""

    def __init__(
        self, store: Store, connection: Connection, codec: Codec, crash: CrashPoint = lambda point: None
    ) -> None:
        self._connection, self._crash = connection, crash
        self._rows, self._writer = RowMaker(codec), Writer(store)
        self._store = store
        self._follower: BatchFollower | None = None
        self._positions: dict[Place, int] = {}
        self._ends: dict[Place, int] = {}
        self._reached: dict[Place, int] = {}
        self._looked = self._heard = 0.0

    def begin(self) -> None:
        """Find where the store stands, and read from there.

        RebuildNeeded, or KafkaException where the cluster does not answer or lacks a topic.
        """
        self._check_time_away()
        topics = topics_there(self._connection, PROJECTED)
        stored = self._writer.begin(topics)
        bounds = log_bounds(self._connection, stored)
        self._positions = stored
        start = {place: _start(place, offset, *bounds[place]) for place, offset in stored.items()}
        self._follower = BatchFollower(self._connection, start, LETTERS)
        self._ends = {place: end for place, (_, end) in bounds.items()}
        self._heard = time.monotonic()
        self._look()

    def _check_time_away(self) -> None:
        lag = self._store.lag()
        if lag.looked_at is not None and _now_ms() - lag.looked_at > AWAY_MAX_MS:
            days = AWAY_MAX_MS // DAY_MS
            raise RebuildNeeded(f"the projection last ran more than {days} days ago: it may miss rows deleted since")

    def turn(self, wait_s: float = IDLE_WAIT_S) -> int:
        """Take what has come, write it, and give its number of records; waits up to `wait_s` seconds for the first.

        FormerOwner, RebuildNeeded; KafkaException where the cluster is away; and what the database raises.
        """
        assert self._follower is not None, "a run begins with `begin`"
        try:
            batch = self._follower.take(BATCH_MAX, wait_s)
        except OutOfLog as error:
            raise RebuildNeeded(str(error)) from error
        self._crash("after-consume")
        now = time.monotonic()
        if batch.reached:
            self._heard = now
            self._reached.update(batch.reached)
        elif now - self._heard > SILENT_MAX_S:
            self._follower.ask(SILENT_MAX_S)
            self._heard = time.monotonic()
        records = sum(map(len, batch.records.values())) + sum(map(len, batch.whole.values()))
        look = now - self._looked > LOOK_EVERY_S
        # Where only markers were passed there is no hurry.
        if records or (look and self._reached):
            self._write(batch)
        if look:
            heard = {place: end for place, end in self._follower.ends().items() if end != self._ends.get(place)}
            self._ends.update(heard)
            self._look(heard)
        return records

    def _write(self, batch: Batch) -> None:
        moves = self._moves(batch)
        self._writer.write(self._changes(batch), moves, lambda: self._crash("before-commit"))
        self._positions.update({place: move.next_offset for place, move in moves.items()})
        self._reached.clear()
        self._crash("after-commit")

    def _changes(self, batch: Batch) -> Iterator[TableChange]:
        for topic, records in batch.records.items():
            yield self._rows.change(topic, records)
        for topic, letters in batch.whole.items():
            yield self._rows.letters(topic, letters)

    def _moves(self, batch: Batch) -> Moves:
        moves = {}
        for place, offset in self._reached.items():
            known = self._positions[place]
            if offset != known:
                end = max(self._ends.get(place, 0), offset)
                self._ends[place] = end
                moves[place] = Move(known, offset, end, batch.times.get(place))
        return moves

    def _look(self, ends: Mapping[Place, int] | None = None) -> None:
        self._writer.look(dict(self._ends if ends is None else ends))
        self._looked = time.monotonic()

    def behind(self) -> int:
        """Offsets that were still to come when the ends were last seen."""
        return sum(max(end - self._positions[place], 0) for place, end in self._ends.items())

    def close(self) -> None:
        if self._follower is not None:
            self._follower.close()
        self._writer.close()


@contextmanager
def projecting(projector: Projector) -> Iterator[Projector]:
    """A run that has begun, closed at the end."""
    try:
        projector.begin()
        yield projector
    finally:
        projector.close()


def _start(place: Place, offset: int, first: int, end: int) -> int:
    """Where to read on. What an event topic no longer has is past its time; a register would have lost rows."""
    if offset > end:
        raise RebuildNeeded(f"{place[0]}/{place[1]} ends at {end}, before what was read, {offset}")
    if offset < first and offset > 0:
        if MANIFEST[place[0]].compacted:
            raise RebuildNeeded(f"{place[0]}/{place[1]} begins at {first}, behind what was read, {offset}")
        logger.warning("records were removed before they were read", extra={"place": place, "count": first - offset})
    return max(offset, first)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
