"""The topics of `contract.md` §2 and §3 as data: records, keys, partitions, clean-up, sizes.

A topic enters here together with the record class that it carries.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Literal, cast, get_args

from processors.contract import record_keys
from processors.contract.cluster_records import CounterEpoch, Meta
from processors.contract.record_keys import KeyOf, of
from processors.domain.count_lines import Adjustment, CountLine, CountResult, PositionRow
from processors.domain.count_registers import CountLineRow, CountListRow, InventoryRow, ScanFeedback
from processors.domain.events import Alert, HistoryEntry, LineageEdge, Posting, Reply
from processors.domain.master import MasterRecord
from processors.domain.movement import Movement, RegisterEdit
from processors.domain.registers import CounterRow, LotRow, ReservationRow, SerialRow, StateRow, StockRow
from processors.domain.scans import CountCommand, Scan

PARTITIONS_DEFAULT: Final = 12
"""Partitions of every topic that is split into tasks; chosen once per cluster and then a fact in `meta`."""
DEAD_LETTERS: Final = ".dead-letters"

MIB: Final = 1024 * 1024
DAY_MS: Final = 86_400_000
FOREVER: Final = -1
INPUT_BYTES: Final = 8 * MIB
"""Largest record of an input: 50,000 serials fit."""
OUTPUT_BYTES: Final = 16 * MIB
"""Largest record of a register or an event: what an input of full size gives, with codes made for it and headers."""
STATE_BYTES: Final = 25 * MIB
"""Largest private row: the whole input beside the whole reply, and their headers. The largest record of all."""
DEAD_LETTER_BYTES: Final = 16 * MIB
"""A dead letter holds an input's record and, in its headers, what was wrong with it."""
MASTER_RECORDS: Final[tuple[type, ...]] = get_args(MasterRecord)

Kind = Literal["input", "register", "event", "dead-letters", "internal"]


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. `retention_ms` is -1 for ever; `tasks`: split by task, else one partition."""

    name: str
    kind: Kind
    records: tuple[type, ...]
    key: KeyOf
    route: KeyOf
    compacted: bool
    retention_ms: int
    max_message_bytes: int = OUTPUT_BYTES
    tasks: bool = True
    placed: Callable[[object], int | None] | None = None
    """The partition that a value names itself, where some values of the topic do; None: the key tells."""

    @property
    def by_record(self) -> bool:
        """True where several record types share the topic: each has its own subject."""
        return len(self.records) > 1

    def partitions(self, per_task: int) -> int:
        """Partition count on a cluster that splits its tasks `per_task` ways."""
        return per_task if self.tasks else 1

    def config(self) -> dict[str, str]:
        """The topic's settings as the broker names them."""
        settings = {
            "cleanup.policy": "compact" if self.compacted else "delete",
            "max.message.bytes": str(self.max_message_bytes),
            # An event is kept from the moment it is written: with its input's time, the answer to an old input (a
            # dead letter sent again, a backlog) could be deleted at once. Its fields have the input's time.
            "message.timestamp.type": "LogAppendTime" if self.kind == "event" else "CreateTime",
        }
        if self.compacted:
            # A store that was away for less than half of this has missed no tombstone (architecture §4).
            settings["delete.retention.ms"] = str(30 * DAY_MS)
        else:
            settings["retention.ms"] = str(self.retention_ms)
        return settings


_MASTER_KEY: Final = of(record_keys.master_key)
_ITEM_KEY: Final = of(record_keys.item_key)
_ITEM_ROUTE: Final = of(record_keys.row_route)
_BY_TASK: Final = of(record_keys.no_route)
_INVENTORY_KEY: Final = of(record_keys.inventory_key)
_INVENTORY_ROUTE: Final = of(record_keys.inventory_route)


def _input(name: str, record: type, key: KeyOf) -> Topic:
    return Topic(name, "input", (record,), key, key, False, 30 * DAY_MS, INPUT_BYTES)


def _register(name: str, record: type, route: KeyOf = _ITEM_ROUTE) -> Topic:
    return Topic(name, "register", (record,), record_keys.ROW_KEYS[record], route, True, FOREVER)


def _event(name: str, record: type, days: int, key: KeyOf = _ITEM_KEY) -> Topic:
    return Topic(name, "event", (record,), key, key, False, days * DAY_MS)


def _dead_letters(topic: Topic) -> Topic:
    # As long as the history of what did happen: a refused message can be mended and sent again for as long.
    return Topic(
        topic.name + DEAD_LETTERS,
        "dead-letters",
        (),
        _BY_TASK,
        _BY_TASK,
        compacted=False,
        retention_ms=400 * DAY_MS,
        max_message_bytes=DEAD_LETTER_BYTES,
        tasks=False,
    )


_INPUTS: Final = (
    Topic(
        "master-data", "input", MASTER_RECORDS, _MASTER_KEY, _MASTER_KEY, False, 30 * DAY_MS, INPUT_BYTES, tasks=False
    ),
    _input("movements", Movement, _ITEM_KEY),
    _input("register-edits", RegisterEdit, _ITEM_KEY),
    _input("counts", CountCommand, _INVENTORY_KEY),
    _input("scans", Scan, _INVENTORY_KEY),
)
_OUTPUTS: Final = (
    Topic("master-register", "register", MASTER_RECORDS, _MASTER_KEY, _MASTER_KEY, True, FOREVER, tasks=False),
    Topic("replies", "event", (Reply,), of(record_keys.reply_key), _BY_TASK, False, 30 * DAY_MS),
    _register("stock-register", StockRow),
    _register("lot-register", LotRow),
    _register("serial-register", SerialRow),
    _register("reservation-register", ReservationRow),
    _register("counter-register", CounterRow, _BY_TASK),
    _event("postings", Posting, 30),
    _event("register-history", HistoryEntry, 400),
    _event("lineage", LineageEdge, 400),
    _event("adjustments", Adjustment, 400),
    _event("alerts", Alert, 30, of(record_keys.alert_key)),
    _register("inventory-register", InventoryRow, _INVENTORY_KEY),
    _register("count-list-register", CountListRow, _INVENTORY_ROUTE),
    _register("count-line-register", CountLineRow, _INVENTORY_ROUTE),
    replace(_event("scan-feedback", ScanFeedback, 30, of(record_keys.feedback_key)), route=_INVENTORY_KEY),
)
_BETWEEN: Final = (
    replace(
        _input("count-lines", CountLine, of(record_keys.count_line_key)),
        placed=cast(Callable[[object], int | None], record_keys.count_line_partition),
    ),
    _input("count-results", CountResult, _INVENTORY_KEY),
)
"""What the two processors tell each other: inputs of one that the other alone writes."""
_INTERNAL: Final = (
    replace(_register("ledger-state", StateRow, of(record_keys.state_route)), max_message_bytes=STATE_BYTES),
    _register("count-positions", PositionRow),
    _register("counting-state", StateRow, _BY_TASK),
    Topic("meta", "internal", (Meta,), of(record_keys.meta_key), of(record_keys.meta_key), True, FOREVER, tasks=False),
    # An epoch is the offset of its record: compaction keeps offsets, and the newest record of each key.
    Topic(
        "counter-epochs",
        "internal",
        (CounterEpoch,),
        of(record_keys.epoch_key),
        of(record_keys.epoch_key),
        compacted=True,
        retention_ms=FOREVER,
        tasks=False,
    ),
)

MANIFEST: Final = MappingProxyType(
    {
        topic.name: topic
        for topic in (*_INPUTS, *_OUTPUTS, *_BETWEEN, *_INTERNAL, *map(_dead_letters, (*_INPUTS, *_BETWEEN)))
    }
)
"""Topic name → topic."""


class UnknownTopic(ValueError):
    """A name that the manifest does not have: a typing error, or a topic of a later version."""

    def __init__(self, name: str) -> None:
        super().__init__(f"expected one of the topics {', '.join(MANIFEST)}, got {name!r}")


def topic_of(name: str) -> Topic:
    """The topic of a name; UnknownTopic where there is none."""
    try:
        return MANIFEST[name]
    except KeyError:
        raise UnknownTopic(name) from None


def key_of(topic: str, value: object) -> str:
    """The key of a record: an input's is its route, a register's its row's identity (`contract.md` §2, §3)."""
    key = topic_of(topic).key(value)
    assert key is not None, f"records of {topic} have no key of their own"
    return key


def route_of(topic: str, key: str, value: object) -> str | None:
    """The text whose murmur2 gives the partition.

    None where the value does not tell: replies (route of their request), counter rows and the partition's own rows of
    `ledger-state` (partition of the task that writes them), dead letters (one partition). A record without a value, a
    tombstone for instance, has its `key` as route where the two are the same, else None.
    """
    found = topic_of(topic)
    if value is None:
        return key if found.key is found.route else None
    return found.route(value)


def dead_letters_of(topic: str) -> str:
    """Name of an input's dead-letter topic."""
    return topic + DEAD_LETTERS


def subject_of(topic: Topic, record: str) -> str:
    """Subject name of a record (its schema's name) in a topic (`contract.md` §1)."""
    return f"{topic.name}-{record}" if topic.by_record else f"{topic.name}-value"
