"""One contract for the stores: in memory and on disk."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.runtime.memory_store import MemoryStore
from processors.runtime.rocks_store import RocksStores
from processors.runtime.store import Store, joined, parted

REGISTERS, INDEXES = ("stock-register", "lot-register"), ("by-serial",)
Opened = Callable[[], Store]


@pytest.fixture(params=["memory", "disk"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Opened:
    """Opens a store; what an earlier one of the test has written is there again."""
    if request.param == "memory":
        one = MemoryStore()
        return lambda: one
    stores = RocksStores(tmp_path, REGISTERS, INDEXES)
    return lambda: stores.open(3)


def test_a_row_that_was_written_is_read_and_survives_closing(opened: Opened) -> None:
    store = opened()
    store.write([("stock-register", b"A|1", b"one"), ("lot-register", b"A|1", b"lot")], {}, {"stock-register": 7})
    store.close()
    again = opened()
    assert again.get("stock-register", "A|1") == b"one"
    assert again.get("lot-register", "A|1") == b"lot"
    assert again.get("stock-register", "A|2") is None
    assert again.stamp().positions == {"stock-register": 7}
    again.close()


def test_rows_come_in_the_order_of_their_keys_and_only_those_with_the_prefix(opened: Opened) -> None:
    store = opened()
    keys = ["A|1", "A|10", "A|2", "A", "B|1", "A|é", "A|\U0001f600", "A|\uffff"]
    store.write([("stock-register", key.encode(), key.encode()) for key in keys], {}, {})
    store.write([("lot-register", b"A|9", b"other")], {}, {})
    assert [key for key, _ in store.prefix("stock-register", "A|")] == sorted(k for k in keys if k.startswith("A|"))
    assert list(store.prefix("stock-register", "C")) == []
    store.close()


def test_a_row_that_is_gone_is_gone(opened: Opened) -> None:
    store = opened()
    store.write([("stock-register", b"A", b"1"), ("stock-register", b"B", b"2")], {}, {})
    store.write([("stock-register", b"A", None), ("stock-register", b"never", None)], {}, {})
    assert store.get("stock-register", "A") is None
    assert [key for key, _ in store.prefix("stock-register", "")] == ["B"]
    store.close()


def test_an_index_keeps_its_members_in_order_and_loses_those_that_go(opened: Opened) -> None:
    store = opened()
    store.write([], {("by-serial", "S1"): ("L2", "L1\0", "L3")}, {})
    store.write([], {("by-serial", "S1"): ("L1\0", "L3"), ("by-serial", "S2"): ("L9",)}, {})
    assert store.members("by-serial", "S1") == ("L1\0", "L3")
    assert store.members("by-serial", "S2") == ("L9",)
    assert store.members("by-serial", "S3") == ()
    store.write([], {("by-serial", "S2"): ()}, {})
    assert store.members("by-serial", "S2") == ()
    store.close()


def test_an_index_is_walked_in_the_order_of_its_keys(opened: Opened) -> None:
    store = opened()
    keys = ["b\0002", "a\0003", "a\0001", "a\0002", "a\0004"]
    store.write([], {("by-serial", key): (f"row {key[-1]}",) for key in keys}, {})
    store.write([], {("by-serial", "a\0002"): ()}, {})
    assert list(store.ordered("by-serial", "a\0")) == [
        (key, (f"row {key[-1]}",)) for key in ("a\0001", "a\0003", "a\0004")
    ]
    assert list(store.ordered("by-serial", "c")) == []
    store.close()


def test_a_walk_begins_behind_a_key(opened: Opened) -> None:
    store = opened()
    store.write([], {("by-serial", f"a|{number}"): (f"row {number}",) for number in range(5)}, {})
    assert [key for key, _ in store.ordered("by-serial", "a|", "a|2")] == ["a|3", "a|4"]
    assert [key for key, _ in store.ordered("by-serial", "a|", "0")] == [f"a|{number}" for number in range(5)]
    assert list(store.ordered("by-serial", "a|", "a|4")) == []
    store.close()


def test_positions_are_merged_and_a_wiped_store_is_new(opened: Opened) -> None:
    store = opened()
    store.write([("stock-register", b"A", b"1")], {("by-serial", "S"): ("L",)}, {"stock-register": 5})
    store.write([], {}, {"lot-register": 2})
    store.caught_up({"stock-register": "id-1"}, 1234)
    stamp = store.stamp()
    assert stamp.positions == {"stock-register": 5, "lot-register": 2}
    assert (stamp.topic_ids, stamp.caught_up_at_ms) == ({"stock-register": "id-1"}, 1234)
    store.wipe()
    assert store.get("stock-register", "A") is None
    assert store.members("by-serial", "S") == ()
    assert store.stamp().positions == {}
    store.close()


def test_a_damaged_directory_is_made_anew_instead_of_being_trusted(tmp_path: Path) -> None:
    stores = RocksStores(tmp_path, REGISTERS, INDEXES)
    store = stores.open(0)
    store.write([("stock-register", b"A", b"1")], {}, {"stock-register": 1})
    store.close()
    for manifest in (tmp_path / "0").glob("MANIFEST-*"):
        manifest.write_bytes(b"damaged")
    again = stores.open(0)
    assert again.stamp().positions == {}
    assert again.get("stock-register", "A") is None
    again.close()


def test_a_store_made_for_other_indexes_is_made_anew(tmp_path: Path) -> None:
    store = RocksStores(tmp_path, REGISTERS, INDEXES).open(0)
    store.write([("stock-register", b"A", b"1")], {}, {"stock-register": 1})
    store.close()
    again = RocksStores(tmp_path, REGISTERS, (*INDEXES, "by-lot")).open(0)
    assert again.stamp().positions == {}
    assert again.get("stock-register", "A") is None
    again.close()


KEYS = st.text(alphabet="ab|é\U0001f600", max_size=4)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.tuples(KEYS, st.none() | st.binary(max_size=3)), max_size=6), max_size=6))
def test_memory_and_disk_agree_on_any_history(tmp_path_factory: pytest.TempPathFactory, history: list) -> None:  # type: ignore[type-arg]
    memory = MemoryStore()
    disk = RocksStores(tmp_path_factory.mktemp("store"), REGISTERS, INDEXES).open(0)
    for batch in history:
        puts = [("stock-register", key.encode(), value) for key, value in dict(batch).items()]
        memory.write(puts, {}, {})
        disk.write(puts, {}, {})
        for prefix in ("", "a", "a|", "é"):
            assert list(memory.prefix("stock-register", prefix)) == list(disk.prefix("stock-register", prefix))
    disk.close()


@given(st.sets(st.text(), max_size=3))
def test_an_index_entry_reads_as_it_was_written(members: set[str]) -> None:
    assert parted(joined(members)) == tuple(sorted(members))
