"""One run of the projection: from where the store stands, batch after batch, each in one transaction with its offsets.

A crash at any moment leaves rows and offsets that belong together; the next run goes on from there. Whoever writes to
the same store at the same time finds the offsets moved and changes nothing (`FormerOwner`).

A record that cannot be read (the schema of a newer release, bytes of a stranger) is never skipped by itself: its
partition waits before it, shown with place and reason, and all others go on (docs/decisions/0008).
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from processors.contract.codec import Codec
from processors.contract.connection import Connection
from processors.contract.following import Batch, BatchFollower, OutOfLog
from processors.contract.manifest import DAY_MS, DEAD_LETTERS, MANIFEST
from processors.contract.topics_now import Place, Topics, TopicWatch, log_bounds, topics_now
from processors.edge.projection.readable import Readable
from processors.edge.store.changes import Move, Moves
from processors.edge.store.engine import Store
from processors.edge.store.queries_offsets import RecordPlace
from processors.edge.store.tables import PROJECTED
from processors.edge.store.writing import TopicMadeAnew, Writer

logger = logging.getLogger(__name__)

BATCH_MAX: Final = 20_000
"""Records of one transaction: more would cost less each, but another writer of an SQLite file waits for its end."""
IDLE_WAIT_S: Final = 0.2
LOOK_EVERY_S: Final = 1.0
SILENT_MAX_S: Final = 5.0
"""After so long without a word from the cluster it is asked whether it is there: silence must not look like no lag."""
TOPICS_LOOK_S: Final = 5.0
"""How often to look whether the topics are still the same ones."""
HELD_MAX_S: Final = 60.0
"""So long a partition is held; then everything begins again, with schemas asked anew."""
AWAY_MAX_MS: Final = 15 * DAY_MS
"""Half of the registers' `delete.retention.ms`: a store that was away for longer may have missed tombstones."""
LETTERS: Final = frozenset(name for name in PROJECTED if name.endswith(DEAD_LETTERS))

CrashPoint = Callable[[str], None]
"""Called at named points of a turn (after-consume, before-commit, after-commit), for tests that kill the process."""


class RebuildNeeded(Exception):
    """The store cannot be brought up to date from where it stands; the message says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}; run `lotstream edge rebuild`")


class BeginAgain(Exception):
    """Nothing is wrong, but this run can go no further; the message says why."""


class Projector:
    """One run over all topics that are kept in SQL. For one thread; `close` it.

    leader: the name under which it leads the edges of one database (`leading`). None: nobody is asked, for a store of
    its own.
    """

    def __init__(
        self,
        store: Store,
        connection: Connection,
        codec: Codec,
        crash: CrashPoint = lambda point: None,
        leader: str | None = None,
    ) -> None:
        self._connection, self._crash = connection, crash
        self._readable, self._writer = Readable(codec), Writer(store, leader)
        self._store = store
        self._follower: BatchFollower | None = None
        self._watch: TopicWatch | None = None
        self._topics: Topics = {}
        self._positions: dict[Place, int] = {}
        self._ends: dict[Place, int] = {}
        self._reached: dict[Place, int] = {}
        self._held_since: float | None = None
        self._looked = self._heard = self._watched = 0.0

    def begin(self) -> None:
        """Find where the store stands, and read from there.

        FormerOwner where another leads; RebuildNeeded; TopicsMissing; KafkaException where the cluster does not answer.
        """
        self._check_time_away()
        self._topics = topics_now(self._connection, PROJECTED)
        try:
            stored = self._writer.begin(self._topics)
        except TopicMadeAnew as error:
            raise RebuildNeeded(str(error)) from error
        self._readable.skipped = self._writer.skipped()
        bounds = log_bounds(self._connection, stored)
        self._positions = stored
        start = {place: _start(place, offset, *bounds[place]) for place, offset in stored.items()}
        self._follower = BatchFollower(self._connection, start, LETTERS)
        self._watch = TopicWatch(self._connection, PROJECTED)
        self._ends = {place: end for place, (_, end) in bounds.items()}
        self._heard = self._watched = time.monotonic()
        # Whether it goes well is seen with the first batch only.
        self._look(self._ends, None)

    @property
    def positions(self) -> Mapping[Place, int]:
        """The next offset of every partition, as it stands in the store."""
        return self._positions

    @property
    def held(self) -> Mapping[RecordPlace, str]:
        """The records before which partitions wait because they cannot be read, with the reasons."""
        return self._readable.held

    def _check_time_away(self) -> None:
        lag = self._store.lag()
        if lag.looked_at is not None and _now_ms() - lag.looked_at > AWAY_MAX_MS:
            days = AWAY_MAX_MS // DAY_MS
            raise RebuildNeeded(f"the projection last ran more than {days} days ago: it may miss rows deleted since")

    def turn(self, wait_s: float = IDLE_WAIT_S) -> int:
        """Take what has come, write it, and give its number of records; waits up to `wait_s` seconds for the first.

        FormerOwner, BeginAgain, RebuildNeeded; KafkaException where the cluster is away; and what the database raises.
        """
        assert self._follower is not None, "a run begins with `begin`"
        try:
            batch = self._follower.take(BATCH_MAX, wait_s)
        except OutOfLog as error:
            self._check_topics(topics_now(self._connection, PROJECTED))
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
            self._look(heard, "following")
            self._look_at_topics()
            self._look_at_held()
        return records

    def _write(self, batch: Batch) -> None:
        assert self._follower is not None, "a run begins with `begin`"
        changes = [self._readable.change(topic, records) for topic, records in batch.records.items()]
        changes += [self._readable.letters(topic, letters) for topic, letters in batch.whole.items()]
        held = self._readable.held_now()
        for topic, partition, offset in held:
            self._follower.leave((topic, partition))
            self._reached[topic, partition] = offset
            batch.times.pop((topic, partition), None)
            self._held_since = self._held_since or time.monotonic()
        moves = self._moves(batch)
        self._writer.write(changes, moves, lambda: self._crash("before-commit"), held)
        self._positions.update({place: move.next_offset for place, move in moves.items()})
        self._reached.clear()
        self._crash("after-commit")

    def _look_at_topics(self) -> None:
        """A topic that was deleted and made again may go on where the former one ended: only its id tells."""
        assert self._watch is not None, "a run begins with `begin`"
        if time.monotonic() - self._watched > TOPICS_LOOK_S and (seen := self._watch.look()) is not None:
            self._watched = time.monotonic()
            self._check_topics(seen)

    def _check_topics(self, seen: Topics) -> None:
        for name, (topic_id, partitions) in seen.items():
            known_id, known_partitions = self._topics[name]
            if topic_id != known_id:
                raise RebuildNeeded(str(TopicMadeAnew([name])))
            if partitions != known_partitions:
                raise BeginAgain(f"{name} has {partitions} partitions now, it had {known_partitions}")

    def _look_at_held(self) -> None:
        """Go on where somebody has said that a record is to be left out, or has brought its schema."""
        assert self._follower is not None, "a run begins with `begin`"
        if self._held_since is None:
            return
        if time.monotonic() - self._held_since > HELD_MAX_S:
            raise BeginAgain("records that could not be read are tried again")
        self._readable.skipped = self._writer.skipped()
        for topic, partition, offset in self._readable.freed():
            self._follower.follow((topic, partition), offset)
        if not self.held:
            self._held_since = None

    def _moves(self, batch: Batch) -> Moves:
        moves = {}
        for place, offset in self._reached.items():
            known = self._positions[place]
            if offset != known:
                end = max(self._ends.get(place, 0), offset)
                self._ends[place] = end
                moves[place] = Move(known, offset, end, batch.times.get(place))
        return moves

    def _look(self, ends: Mapping[Place, int], state: str | None) -> None:
        self._writer.look(dict(ends), state)
        self._looked = time.monotonic()

    def behind(self) -> int:
        """Offsets that were still to come when the ends were last seen."""
        return sum(max(end - self._positions[place], 0) for place, end in self._ends.items())

    def close(self) -> None:
        if self._follower is not None:
            self._follower.close()
        try:
            self._writer.resign()
        except Exception:
            logger.debug("the database is not told who leads no longer; it will see", exc_info=True)
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
