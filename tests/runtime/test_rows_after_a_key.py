"""A scan that goes on after a key, as work in slices does: the same rows from memory, from disk, under changes."""

from pathlib import Path

import pytest

from processors.domain.view import Register
from processors.runtime.memory_store import MemoryStores
from processors.runtime.overlay import TaskView
from processors.runtime.rocks_store import RocksStores
from processors.runtime.store import Stores

TEXTS = Register("texts", str)
KEYS = ["a", "a|", "a|1", "a|1\0", "a|10", "a|2", "a|é", "a|\U0001f600", "b", "b|1"]


@pytest.fixture(params=["memory", "disk"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Stores:
    return MemoryStores() if request.param == "memory" else RocksStores(tmp_path, ["texts"], [])


@pytest.mark.parametrize("changed", [0, 3, 10])
@pytest.mark.parametrize("after", ["", "a", "a|1", "a|11", "a|2", "b", "c"])
@pytest.mark.parametrize("prefix", ["", "a|", "a|1", "b"])
def test_a_scan_goes_on_behind_the_key_that_it_is_given(stores: Stores, prefix: str, after: str, changed: int) -> None:
    store = stores.open(0)
    store.write([("texts", key.encode(), key.encode()) for key in KEYS[changed:]], {}, {})
    view = TaskView(store, lambda _, data: data.decode(), ())
    for key in KEYS[:changed]:
        view.put(TEXTS, key, key)
    view.put(TEXTS, "a|10", None)
    wanted = [key for key in sorted(KEYS) if key.startswith(prefix) and key > after and key != "a|10"]
    assert [key for key, _ in view.prefix(TEXTS, prefix, after)] == wanted
    store.close()
