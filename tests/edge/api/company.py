"""A company whose workers run in memory, with its registers in a store: what is published is worked off at once."""

import json
import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime

from processors.cli import wiring
from processors.contract.headers import Headers
from processors.contract.json_form import from_json
from processors.contract.manifest import DEAD_LETTERS, MANIFEST, key_of
from processors.contract.partitions import partition_of
from processors.contract.reading import ReadRecord
from processors.contract.schema_files import record_name
from processors.edge.publishing import Outgoing
from processors.edge.store.changes import Move, Moves, RowMaker, TableChange
from processors.edge.store.engine import Store
from processors.edge.store.tables import PROJECTED
from processors.edge.store.writing import Writer
from processors.embedded import demo
from processors.runtime.log import Record

PARTITIONS = 2
TODAY = date(2026, 6, 15)
NOW_MS = int(datetime(2026, 6, 15, 9, tzinfo=UTC).timestamp() * 1000)


class Company:
    """A publisher whose records go through the processors and into the store before `publish` returns."""

    def __init__(self, store: Store) -> None:
        self.simulation, self.codec = wiring.simulation(PARTITIONS, 50_000)
        self.store, self._maker, self._writer = store, RowMaker(self.codec), Writer(store)
        self._lock = threading.Lock()
        self.now_ms = NOW_MS
        self.sent: list[tuple[str, Outgoing]] = []
        counts = {name: (f"id-of-{name}", MANIFEST[name].partitions(PARTITIONS)) for name in PROJECTED}
        self._next = self._writer.begin(counts)
        self._writer.look({})

    def publish(self, topic: str, value: object, headers: Headers | None = None, time_ms: int | None = None) -> None:
        data = self.codec.encode(topic, value)
        self.send(topic, [Outgoing(key_of(topic, value).encode(), data, time_ms, headers or [])])

    def send(self, topic: str, records: Sequence[Outgoing]) -> None:
        with self._lock:
            for record in records:
                self.sent.append((topic, record))
                self.now_ms += 1000
                count = self.simulation.broker.partitions(topic)
                partition = 0 if record.key is None else partition_of(record.key, count)
                moment = self.now_ms if record.time_ms is None else record.time_ms
                broker = self.simulation.broker
                before = len(broker.journal)
                broker.append(topic, partition, record.key, record.value, moment, record.headers)
                self.simulation.work_off()
                self.project(broker.journal[before:])

    def lines(self, topic: str, lines: Iterable[str]) -> None:
        """Send records in their JSON form, as files have them."""
        for line in lines:
            form = json.loads(line)
            value = form.get("value", form)
            names = {record_name(record): record for record in MANIFEST[topic].records}
            record = names[form["record"]] if "record" in form else MANIFEST[topic].records[0]
            self.publish(topic, from_json(record, value))

    def project(self, records: Sequence[Record]) -> None:
        """Write them to the store, with the offsets of the topics as they are in memory."""
        by_topic: dict[str, list[Record]] = defaultdict(list)
        for record in records:
            if record.topic in PROJECTED:
                by_topic[record.topic].append(record)
        moves: Moves = {}
        changes: list[TableChange] = []
        places: dict[tuple[str, int], Move] = {}
        for topic, found in by_topic.items():
            if topic.endswith(DEAD_LETTERS):
                changes.append(self._maker.letters(topic, [_read(record) for record in found]))
            else:
                changes.append(self._maker.change(topic, [(r.partition, r.offset, r.key, r.value) for r in found]))
            for record in found:
                place, behind = (topic, record.partition), record.offset + 1
                places[place] = Move(self._next[place], behind, behind, record.timestamp_ms)
        moves = places
        self._writer.write(changes, moves)
        self._next |= {place: move.next_offset for place, move in places.items()}
        self._writer.look({})

    def close(self) -> None:
        self._writer.close()


def _read(record: Record) -> ReadRecord:
    return ReadRecord(
        record.topic,
        record.partition,
        record.offset,
        record.timestamp_ms,
        record.key,
        record.value,
        record.headers or [],
    )


def demo_company(store: Store) -> Company:
    """The company of `lotstream dev`, with its movements, and two lists of which one is being counted."""
    company = Company(store)
    company.lines("master-data", demo.master_data(TODAY))
    company.lines("movements", demo.movements(TODAY))
    for topic, lines in demo.counting(TODAY, datetime.fromtimestamp(NOW_MS / 1000, UTC).isoformat()):
        company.lines(topic, lines)
    return company


MOVEMENT = {
    "movement_id": "PN-118/1",
    "action": "post",
    "template": "PUR",
    "warehouse": "RAW",
    "item_class": "ING",
    "item_code": "FLOUR",
    "quantity": "4",
    "unit": "BAG",
    "effective_date": "2026-06-15",
    "document_type": "purchase_delivery_note",
    "document_number": "118",
    "account": "MILL",
    "lots": [{"quantity": "4", "supplier_lot": "M/26-311"}],
}


def a_load(movement_id: str, **changed: object) -> dict[str, object]:
    """A purchase of four bags of flour, as JSON."""
    return {**MOVEMENT, "movement_id": movement_id, **changed}


def a_flour_lot(movement_id: str, lot_code: str, **changed: object) -> dict[str, object]:
    """A purchase of a lot whose code is given by hand."""
    lot = {"lot_code": lot_code, "quantity": "4", **changed}
    return a_load(movement_id, lots=[lot])
