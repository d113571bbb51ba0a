"""A store made anew from the topics, beside the one in use, and put in its place in one step.

The edge may run meanwhile: pages and the API are answered from the store as it was, until the new one has caught up.
Events that the topics no longer have (they are kept for a time there) are taken over from the store as it was.
"""

import logging
from collections.abc import Callable
from typing import Final

from processors.contract.codec import Codec
from processors.contract.connection import Connection
from processors.contract.topics_now import topics_now
from processors.edge.projection.projector import Projector, projecting
from processors.edge.store.engine import Store
from processors.edge.store.queries_offsets import skipped_records, topic_ids
from processors.edge.store.replacing import Replacement
from processors.edge.store.tables import PROJECTED
from processors.edge.store.writing import Writer

logger = logging.getLogger(__name__)

TOLD_EVERY: Final = 100_000
"""Records between two words on how far it is."""


class RecordUnreadable(Exception):
    """A store is made anew of all records, or not at all."""

    def __init__(self, topic: str, partition: int, offset: int, reason: str) -> None:
        super().__init__(
            f"the record at offset {offset} of {topic}/{partition} cannot be read: {reason}. A newer release's record: "
            f"rebuild with that release. One that nobody can read: lotstream edge skip {topic} {partition} {offset}"
        )


def rebuild(
    store: Store, connection: Connection, codec: Codec, tell: Callable[[int, int], None] = lambda done, left: None
) -> int:
    """Make the store anew; the number of records that were read.

    `tell(done, left)` is called now and then, with records read and offsets still to come. Where it fails or is ended,
    the store in use is as it was, and the next rebuild begins again. Of two rebuilds of one store at once the later
    one wins, and the other fails. Errors: as a run of the projection, and RecordUnreadable.
    """
    replacement = Replacement(store)
    done = told = 0
    with replacement.empty() as fresh:
        _skip_the_same(store, fresh, connection)
        with projecting(Projector(fresh, connection, codec)) as projector:
            while projector.behind():
                done += projector.turn()
                for (topic, partition, offset), reason in projector.held.items():
                    raise RecordUnreadable(topic, partition, offset, reason)
                if done - told >= TOLD_EVERY:
                    told = done
                    tell(done, projector.behind())
        kept = replacement.take_over_events()
    replacement.swap()
    logger.info("store rebuilt", extra={"records": done, "events_kept": kept})
    tell(done, 0)
    return done


def _skip_the_same(store: Store, fresh: Store, connection: Connection) -> None:
    """What was left out by hand is left out again, unless its topic is another one now."""
    now = topics_now(connection, PROJECTED)
    with store.read() as reading:
        skipped, known = skipped_records(reading), topic_ids(reading)
    writer = Writer(fresh)
    try:
        for (topic, partition, offset), reason in skipped.items():
            if known.get(topic) == now[topic][0]:
                writer.skip((topic, partition, offset), reason)
    finally:
        writer.close()
