"""Figures of whole tables cost the store little, however many look and however often tables change."""

import threading

from processors.edge.console.kept import REST, Kept


class Clock:
    """Seconds that pass when something is made."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Table:
    """A table that takes `cost_s` to be read."""

    def __init__(self, clock: Clock, cost_s: float) -> None:
        self.clock, self.cost_s, self.reads = clock, cost_s, 0

    def read(self) -> int:
        self.reads += 1
        self.clock.now += self.cost_s
        return self.reads


def test_a_figure_is_made_once_as_long_as_its_tables_do_not_change() -> None:
    clock = Clock()
    table, kept = Table(clock, 1.0), Kept(clock)
    for _ in range(5):
        assert kept.get("lots", 7, table.read) == 1
        clock.now += 1000
    assert kept.get("lots", 8, table.read) == 2
    assert kept.get("serials", 8, table.read) == 3


def test_a_figure_that_costs_a_second_is_made_at_most_once_in_twenty() -> None:
    clock = Clock()
    table, kept = Table(clock, 1.0), Kept(clock)
    for state in range(200):  # the table changes twice a second
        kept.get("lots", state, table.read)
        clock.now += 0.5
    assert table.reads <= 1 + clock.now / REST
    clock.now += REST
    assert kept.get("lots", 200, table.read) == table.reads, "it is never older than that"


def test_a_figure_that_costs_nothing_is_always_new() -> None:
    clock = Clock()
    table, kept = Table(clock, 0.0), Kept(clock)
    assert [kept.get("lots", state, table.read) for state in range(5)] == [1, 2, 3, 4, 5]


def test_who_looks_while_a_figure_is_made_sees_the_one_before() -> None:
    kept, begun, go_on = Kept(), threading.Event(), threading.Event()
    assert kept.get("lots", 1, lambda: "old") == "old"

    def slow() -> str:
        begun.set()
        assert go_on.wait(20)
        return "new"

    thread = threading.Thread(target=kept.get, args=("lots", 2, slow))
    thread.start()
    assert begun.wait(20)
    assert kept.get("lots", 2, slow) == "old"
    go_on.set()
    thread.join(20)
    assert kept.get("lots", 2, slow) == "new"


def test_a_figure_that_could_not_be_made_is_tried_again() -> None:
    kept = Kept()

    def fails() -> int:
        raise OSError("the store is away")

    try:
        kept.get("lots", 1, fails)
    except OSError:
        assert kept.get("lots", 1, lambda: 5) == 5
    else:
        raise AssertionError("the error was hidden")
