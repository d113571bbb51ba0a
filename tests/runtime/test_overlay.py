"""A batch's view: its own changes over the cache over the store, at every moment the same as if all were written."""

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from processors.domain.message import Index, Trail
from processors.domain.view import Register
from processors.runtime.memory_store import MemoryStore
from processors.runtime.overlay import RowCache, TaskView


@dataclass(slots=True)
class Row:
    text: str


ROWS = Register("stock-register", Row)
INDEX = Index("by-text", ROWS, lambda row: row.text or None)


def a_view(store: MemoryStore, uncached: tuple[str, ...] = ()) -> TaskView:
    return TaskView(store, lambda topic, data: Row(data.decode()), (INDEX,), cache_rows=2, uncached=uncached)


KEY = st.sampled_from(["a", "a|1", "a|2", "b", "b|é"])
STEP = st.tuples(st.sampled_from(["put", "gone", "keep", "forget"]), KEY, st.sampled_from(["", "x", "y"]))


@settings(max_examples=200, deadline=None)
@given(st.lists(STEP, max_size=25), st.sampled_from([(), (ROWS.topic,)]))
def test_a_view_reads_what_a_plain_dictionary_would(
    steps: list[tuple[str, str, str]], uncached: tuple[str, ...]
) -> None:
    store = MemoryStore()
    view = a_view(store, uncached)
    kept: dict[str, str] = {}
    now: dict[str, str] = {}
    for verb, key, text in steps:
        match verb:
            case "put":
                view.put(ROWS, key, Row(text))
                now[key] = text
            case "gone":
                view.put(ROWS, key, None)
                now.pop(key, None)
            case "keep":
                puts = [
                    (t, k.encode(), None if row is None else row.text.encode()) for (t, k), row in view.changes.items()
                ]
                store.write(puts, view.entries, {})
                view.keep()
                kept = dict(now)
            case "forget":
                view.forget()
                now = dict(kept)
        for prefix in ("", "a", "a|", "b"):
            found = [(k, row.text) for k, row in view.prefix(ROWS, prefix)]
            assert found == sorted((k, t) for k, t in now.items() if k.startswith(prefix))
        for k in ("a", "a|1", "a|2", "b", "b|é"):
            row = view.get(ROWS, k)
            assert (None if row is None else row.text) == now.get(k)
        order = sorted((t, k) for k, t in now.items() if t)
        assert list(view.ordered("by-text", "")) == [k for _, k in order]
        assert list(view.ordered("by-text", "y")) == [k for t, k in order if t == "y"]
        for word in ("x", "y"):
            assert view.members("by-text", word) == tuple(sorted(k for k, t in now.items() if t == word))


def test_the_cache_keeps_what_is_used_and_forgets_the_rest() -> None:
    cache = RowCache(rows_max=2)
    for number in range(6):
        cache.put(("r", str(number)), Row(str(number)))
        assert cache.get(("r", "0")) is not None, "row 0 is used all the time"
    assert cache.get(("r", "1")) is None


def test_a_trail_keeps_a_rows_entries_until_the_row_goes_and_shows_them_beside_stored_ones() -> None:
    store = MemoryStore()
    trail = Trail("moves", ROWS, lambda row: [f"{row.text}|{number}" for number in range(2)])
    view = TaskView(store, lambda topic, data: Row(data.decode()), (), trails=(trail,))
    view.put(ROWS, "k1", Row("b"))
    store.write([("stock-register", b"k1", b"b")], view.entries, {})
    view.keep()
    view.put(ROWS, "k2", Row("a"))
    assert list(view.trail("moves", "")) == [("a|0", "k2"), ("a|1", "k2"), ("b|0", "k1"), ("b|1", "k1")]
    view.put(ROWS, "k1", None)
    assert list(view.trail("moves", "", "a|0")) == [("a|1", "k2")]
    assert view.entries["moves", "b|0"] == set()
    view.forget()
    assert list(view.trail("moves", "b|", "b|0")) == [("b|1", "k1")]
