"""Five planted bugs. Each is the real worker with one line changed from outside: the product has no switch for them.

For each: the faults that bring it to light, and the invariants of which one must then be broken.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.faults.nemesis import redis, stores, workers
from tests.faults.nemesis.menu import Make

MUTANT = "FAULTS_MUTANT"
MODULE = "tests.faults.mutant_worker"


def offsets_before_flush() -> None:
    """The offsets of the inputs are committed by themselves, before what follows from them is flushed."""
    import confluent_kafka

    members: list[Any] = []

    class Member(confluent_kafka.Consumer):
        def __init__(self, settings: Any, *others: Any) -> None:
            super().__init__(settings, *others)
            if "group.instance.id" in settings:
                members.append(self)

    confluent_kafka.Consumer = Member  # type: ignore[assignment,misc]
    from processors.runtime.batch import Item
    from processors.runtime.loop import Loop

    commit = Loop._commit

    def early(self: Any, batch: Any, views: Any) -> None:
        last: dict[tuple[str, int], int] = {}
        for item in batch.items:
            if isinstance(item, Item):
                last[item.record.topic, item.record.partition] = item.record.offset + 1
        offsets = [confluent_kafka.TopicPartition(*place, offset) for place, offset in last.items()]
        if offsets:
            members[-1].commit(offsets=offsets, asynchronous=False)
        commit(self, batch, views)

    Loop._commit = early  # type: ignore[method-assign]


def apply_before_commit() -> None:
    """The store is written before the transaction is committed."""
    from processors.runtime.loop import Loop

    commit, apply = Loop._commit, Loop._apply

    def early(self: Any, batch: Any, views: Any) -> None:
        log = self._log
        log_commit = log.commit

        def committed(offsets: Any) -> None:
            apply(self, batch, views)
            log_commit(offsets)

        log.commit = committed
        try:
            commit(self, batch, views)
        finally:
            log.commit = log_commit

    Loop._commit = early  # type: ignore[method-assign]
    Loop._apply = lambda self, batch, views: None  # type: ignore[method-assign]


def no_confirm() -> None:
    """Nobody looks, before the commit, whether the counters were rebuilt meanwhile."""
    from processors.counters.allocator import Allocator

    Allocator.confirm = lambda self, reservation: None  # type: ignore[method-assign]


def no_seek_back() -> None:
    """What a dropped batch held is not consumed again."""
    from processors.runtime.loop import Loop

    Loop._give_back = lambda self: self._in_hand.clear()  # type: ignore[method-assign]


def restore_ends_early() -> None:
    """A restore leaves the last record of what it read unread."""
    from processors.runtime import restore

    apply: Callable[..., None] = restore._apply

    def early(store: Any, records: Sequence[Any], *others: Any) -> None:
        apply(store, records[:-1], *others)

    restore._apply = early  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A planted bug, the faults that bring it to light, and what of it is seen.

    slots: workers; one alone takes its own tasks over. environment: of the workers.
    """

    plant: Callable[[], None]
    faults: Sequence[Sequence[Make]]
    seen_as: frozenset[str]
    slots: int = 1
    environment: dict[str, str] = field(default_factory=dict)


LOST = frozenset(["one-outcome-per-input", "as-the-sender-knows"])
MUTANTS: dict[str, Mutant] = {
    "commit offsets before flush": Mutant(
        offsets_before_flush,
        [[lambda: workers.KilledAtPoint("after-produce", 1)], [lambda: workers.KilledAtPoint("after-produce", 2)]],
        LOST,
    ),
    "apply before commit": Mutant(
        apply_before_commit,
        [
            [lambda: workers.KilledAtPoint("after-offsets-sent", 1)],
            [lambda: workers.KilledAtPoint("after-offsets-sent", 2)],
        ],
        frozenset(["one-effect-per-movement", "one-outcome-per-input", "as-the-sender-knows", "store-is-the-register"]),
    ),
    "skip the confirm": Mutant(
        no_confirm,
        [[redis.RebuiltMeanwhile], [redis.RebuiltMeanwhile]],
        frozenset(["codes-unique", "codes-given-once"]),
        2,
        {"LOTSTREAM_SESSION_TIMEOUT_MS": "60000", "LOTSTREAM_TRANSACTION_TIMEOUT_MS": "60000"},
    ),
    "no seek after an abort": Mutant(no_seek_back, [[redis.Killed], [redis.Killed]], LOST),
    "restore ended one record early": Mutant(
        restore_ends_early,
        [[stores.Deleted], [stores.Deleted]],
        frozenset(["store-is-the-register", "stock-is-its-postings", "as-the-sender-knows", "one-outcome-per-input"]),
    ),
}
