"""Whatever a topic's records hold stands in SQL, exactly, on both databases."""

import json
from dataclasses import fields
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from processors.contract.json_form import to_json
from processors.contract.manifest import MANIFEST, key_of
from processors.domain.events import Reply
from processors.edge.store.changes import Move, RowMaker
from processors.edge.store.engine import Store
from processors.edge.store.tables import OFFSETS, PROJECTED, table_of
from processors.edge.store.write_postgresql import INDEXED_BYTES_MAX, NO_TEXT, SHOWN
from processors.edge.store.writing import Writer
from tests.contract.records import values
from tests.edge.store.filling import CODEC, TOPIC_ID, fill
from tests.edge.store.rows import a_lot

PLAIN = [name for name in PROJECTED if len(MANIFEST[name].records) == 1]
ANY_RECORDS = st.sampled_from(PLAIN).flatmap(
    lambda topic: st.tuples(st.just(topic), st.lists(values(MANIFEST[topic].records[0]), min_size=1, max_size=4))
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(ANY_RECORDS)
def test_any_record_stands_in_sql_as_it_is(store: Store, topic_and_records: tuple[str, list[Any]]) -> None:
    topic, records = topic_and_records
    if MANIFEST[topic].compacted:
        assume(all(key_of(topic, record) for record in records))  # a row has a name; a record without one is held
    table = table_of(topic)
    with store.write() as connection:
        connection.execute(delete(table))
        connection.execute(delete(OFFSETS))
    fill(store, [(topic, record) for record in records])
    with store.read() as connection:
        rows = connection.execute(select(table).order_by(table.c.topic_offset)).mappings().all()
    places = dict(enumerate(records))
    if MANIFEST[topic].compacted:
        places = {
            max(o for o, other in places.items() if key_of(topic, other) == key_of(topic, record)): record
            for record in records
        }
    assert sorted(places) == [row["topic_offset"] for row in rows]
    for row in rows:
        record = records[row["topic_offset"]]
        if MANIFEST[topic].compacted and store.is_sqlite:
            assert row["record_key"] == key_of(topic, record)
        for field in fields(record):
            _same(store, row[field.name], getattr(record, field.name), to_json(record)[field.name])


def _same(store: Store, kept: Any, value: Any, form: Any) -> None:
    if not store.is_sqlite and isinstance(value, str):
        value = value.replace(NO_TEXT, SHOWN)
        if len(value.encode()) > INDEXED_BYTES_MAX and kept != value:
            assert kept[:50] == value[:50]
            return
    if isinstance(form, list | dict):
        assert json.loads(kept) == form
    else:
        assert kept == value


def test_an_id_that_no_index_can_hold_stops_nothing(store: Store) -> None:
    """A refused request may have any id, and its answer carries it."""
    junk = "".join(chr(0x4E00 + n * 7919 % 20_000) for n in range(9000))
    replies = [Reply("movements", junk + end, "refused", (), (), (), None, (), 0) for end in ("1", "2")]
    fill(store, [("replies", reply) for reply in replies])
    with store.read() as connection:
        ids = connection.scalars(select(table_of("replies").c.request_id)).all()
    assert len(set(ids)) == 2
    assert all(each[:100] == junk[:100] for each in ids)


def test_a_row_with_a_key_that_no_index_can_hold_is_deleted_by_its_key(store: Store) -> None:
    key = "".join(chr(0x4E00 + n * 7919 % 20_000) for n in range(9000))
    maker, writer = RowMaker(CODEC), Writer(store)
    topic, table = "lot-register", table_of("lot-register")
    for offset, value in enumerate((CODEC.encode(topic, a_lot()), None)):
        writer.begin({topic: (TOPIC_ID, 1)})
        change = maker.change(topic, [(0, offset, key.encode(), value)])
        writer.write([change], {(topic, 0): Move(offset, offset + 1, offset + 1, 0)})
        with store.read() as connection:
            assert len(connection.execute(select(table)).all()) == 1 - offset
    writer.close()
