"""Rows and offsets change together, or not at all; and a store made anew takes the place of the old one in one step."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from processors.domain.events import Alert
from processors.edge.store.changes import Move, RowMaker
from processors.edge.store.engine import Store
from processors.edge.store.queries_offsets import positions, state_tag
from processors.edge.store.replacing import Replacement
from processors.edge.store.tables import OFFSETS, table_of
from processors.edge.store.writing import FormerOwner, TopicMadeAnew, Writer
from tests.edge.store.filling import CODEC, TOPIC_ID, fill
from tests.edge.store.rows import a_lot

TOPIC = "lot-register"
LOTS = table_of(TOPIC)


def write(writer: Writer, offset: int, *records: tuple[str, int | None], expected: int | None = None) -> None:
    """Write lots (code, quantity; None deletes) as the records from an offset on."""
    placed = [
        (0, offset + number, code.encode(), None if quantity is None else CODEC.encode(TOPIC, a_lot(code, quantity)))
        for number, (code, quantity) in enumerate(records)
    ]
    end = offset + len(records)
    move = Move(offset if expected is None else expected, end, end, None)
    writer.write([RowMaker(CODEC).change(TOPIC, placed)], {(TOPIC, 0): move})


def lots(store: Store) -> dict[str, int]:
    with store.read() as connection:
        return {row.record_key: row.stock for row in connection.execute(select(LOTS.c.record_key, LOTS.c.stock))}


def an_alert(number: int) -> Alert:
    return Alert(f"a{number}", "stock_negative", "FG", "A", *[None] * 7, "text", number)


def writer_of(store: Store) -> Writer:
    writer = Writer(store)
    writer.begin({TOPIC: (TOPIC_ID, 1)})
    return writer


def test_the_last_record_of_a_key_is_its_row_and_a_tombstone_ends_it(store: Store) -> None:
    writer = writer_of(store)
    write(writer, 0, ("a", 1), ("b", 2), ("a", 3), ("c", 4))
    assert lots(store) == {"a": 3, "b": 2, "c": 4}
    write(writer, 4, ("b", 5), ("a", None), ("d", 6), ("d", None), ("b", None), ("b", 7))
    assert lots(store) == {"b": 7, "c": 4}
    writer.close()


def test_a_writer_whose_offsets_were_moved_by_another_changes_nothing(store: Store) -> None:
    one, other = writer_of(store), writer_of(store)
    write(one, 0, ("a", 1))
    with pytest.raises(FormerOwner):
        write(other, 0, ("a", 2), ("b", 2))
    assert lots(store) == {"a": 1}
    assert other.begin({TOPIC: (TOPIC_ID, 1)}) == {(TOPIC, 0): 1}
    write(other, 1, ("b", 3))
    assert lots(store) == {"a": 1, "b": 3}
    one.close()
    other.close()


def test_what_fails_on_its_way_changes_neither_rows_nor_offsets(store: Store) -> None:
    def fails() -> None:
        raise RuntimeError("on its way")

    writer = writer_of(store)
    change = RowMaker(CODEC).change(TOPIC, [(0, 0, b"a", CODEC.encode(TOPIC, a_lot("a")))])
    with pytest.raises(RuntimeError):
        writer.write([change], {(TOPIC, 0): Move(0, 1, 1, None)}, fails)
    assert lots(store) == {}
    write(writer, 0, ("a", 9))
    assert lots(store) == {"a": 9}
    writer.close()


def test_a_topic_that_was_made_anew_is_not_mixed_with_the_one_before(store: Store) -> None:
    fill(store, [(TOPIC, a_lot())])
    writer = Writer(store)
    with pytest.raises(TopicMadeAnew, match=TOPIC):
        writer.begin({TOPIC: ("another", 1)})
    writer.close()


def test_lag_is_what_is_still_to_come_and_how_old_the_last_record_is(store: Store) -> None:
    assert store.lag().looked_at is None
    writer = writer_of(store)
    writer.write([], {(TOPIC, 0): Move(0, 7, 10, 1000)})
    writer.look({(TOPIC, 0): 12})
    looked_at = store.lag().looked_at
    writer.look({}, "stopped", "why")
    lag = store.lag()
    assert lag.looked_at is not None
    assert lag.looked_at == looked_at, "who is stopped does not look"
    assert [(each.topic, each.records, each.behind_ms) for each in lag.topics] == [(TOPIC, 5, lag.looked_at - 1000)]
    assert (lag.records, lag.state, lag.message) == (5, "stopped", "why")
    writer.write([], {(TOPIC, 0): Move(7, 12, 12, 2000)})
    writer.look({})
    assert (store.lag().records, store.lag().behind_ms, store.lag().state) == (0, 0, "following")
    writer.close()


def test_the_tag_of_the_state_changes_with_its_own_topics_alone(store: Store) -> None:
    def tags() -> tuple[str, str, str]:
        with store.read() as connection:
            return state_tag(connection), state_tag(connection, [TOPIC]), state_tag(connection, ["alerts"])

    fill(store, [(TOPIC, a_lot()), ("alerts", an_alert(1))])
    before = tags()
    assert tags() == before
    fill(store, [(TOPIC, a_lot())])
    after = tags()
    assert (after[0] != before[0], after[1] != before[1], after[2] == before[2]) == (True, True, True)


def test_a_reader_sees_one_moment_of_the_store(store: Store) -> None:
    writer = writer_of(store)
    write(writer, 0, ("a", 1))
    with store.read() as connection:
        assert positions(connection) == {(TOPIC, 0): 1}
        write(writer, 1, ("a", 2))
        assert connection.scalar(select(LOTS.c.stock)) == 1
        assert positions(connection) == {(TOPIC, 0): 1}
    assert lots(store) == {"a": 2}
    writer.close()


def test_a_store_made_anew_takes_the_place_of_the_one_in_use(store: Store) -> None:
    """Alerts 0 and 1 are no longer in their topic, which begins with 2: the new store has them from the old one."""
    fill(store, [(TOPIC, a_lot("old", 1)), *(("alerts", an_alert(number)) for number in range(3))])
    running = writer_of(store)
    replacement = Replacement(store)
    with replacement.empty() as fresh:
        fill(fresh, [(TOPIC, a_lot("new", 2))])
        filling = Writer(fresh)
        filling.begin({"alerts": (TOPIC_ID, 1)})
        for number in (2, 3):
            change = RowMaker(CODEC).change("alerts", [(0, number, b"k", CODEC.encode("alerts", an_alert(number)))])
            filling.write([change], {("alerts", 0): Move(number if number > 2 else 0, number + 1, number + 1, None)})
        filling.close()
        assert replacement.take_over_events() == 2
        assert [key.split("|")[-1] for key in lots(store)] == ["old"]
    replacement.swap()
    assert [key.split("|")[-1] for key in lots(store)] == ["new"]
    with store.read() as connection:
        alerts = connection.scalars(select(table_of("alerts").c.alert_id).order_by(table_of("alerts").c.topic_offset))
        assert alerts.all() == ["a0", "a1", "a2", "a3"]
    with pytest.raises(FormerOwner):
        write(running, 4, ("late", 1))
    running.close()


def test_what_a_failed_rebuild_left_is_gone_with_the_next(store: Store) -> None:
    fill(store, [(TOPIC, a_lot("old"))])
    with Replacement(store).empty() as fresh:
        fill(fresh, [(TOPIC, a_lot("half"))])
    again = Replacement(store)
    with again.empty() as fresh:
        assert lots(fresh) == {}
    again.swap()
    assert lots(store) == {}


def test_a_store_that_is_a_plain_file_is_rebuilt_like_any_other(tmp_path: Path) -> None:
    with Store(f"sqlite:///{tmp_path}/made.db") as store:
        store.migrate()
        fill(store, [(TOPIC, a_lot("old"))])
    os.replace(tmp_path / "made.db.1", tmp_path / "edge.db")
    with Store(f"sqlite:///{tmp_path}/edge.db") as store:
        assert len(lots(store)) == 1
        for _ in range(2):
            replacement = Replacement(store)
            with replacement.empty():
                pass
            replacement.swap()
            assert lots(store) == {}
    assert {name for name in os.listdir(tmp_path) if name.startswith("edge")} == {"edge.db", "edge.db.2"}


RECORDS = st.lists(
    st.tuples(st.sampled_from("abc"), st.none() | st.integers(0, 9), st.booleans()), min_size=1, max_size=25
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(RECORDS)
def test_batches_cut_anywhere_and_tried_twice_leave_the_last_record_of_each_key(
    store: Store, records: Sequence[tuple[str, int | None, bool]]
) -> None:
    """`True` cuts a batch behind the record, and a second writer tries the same batch again."""
    with store.write() as connection:
        connection.execute(delete(LOTS))
        connection.execute(delete(OFFSETS))
    one, other = writer_of(store), writer_of(store)
    begun, batch = 0, []
    for number, (code, quantity, cut) in enumerate(records, 1):
        batch.append((code, quantity))
        if cut or number == len(records):
            write(one, begun, *batch)
            with pytest.raises(FormerOwner):
                write(other, begun, *batch)
            begun, batch = number, []
    one.close()
    other.close()
    last = {code: quantity for code, quantity, _ in records}
    assert lots(store) == {code: quantity for code, quantity in last.items() if quantity is not None}
