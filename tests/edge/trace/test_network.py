"""The walk over the store finds what the walk in memory finds, whatever circles, reversals and serials there are."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from processors.domain.events import LineageEdge
from processors.domain.lineage_graph import Direction, Goods, LineageGraph
from processors.edge.store.engine import Store
from processors.edge.store.tables import table_of
from processors.edge.trace.network import Network, walk
from tests.domain.test_lineage_graph import a_lot, edge, made
from tests.edge.store.filling import fill


def with_edges(store: Store, edges: list[LineageEdge]) -> Store:
    with store.write() as connection:
        connection.execute(delete(table_of("lineage")))
    fill(store, [("lineage", each) for each in edges])
    return store


def walked(store: Store, start: Goods, direction: Direction = "forward", depth: int | None = None) -> Network:
    with store.read() as connection:
        return walk(connection, start, direction, depth)


def shown(network: Network) -> dict[str, int]:
    return {goods.serial_code or goods.lot_code or "?": depth for goods, depth in network.depths.items()}


BREAD = [*made("T1", "AB", "C"), *made("T2", "C", "DE"), *made("T3", "D", "F"), *made("T4", "F", "A")]


@pytest.mark.parametrize(
    ("start", "direction", "depths", "steps"),
    [
        ("A", "forward", {"A": 0, "C": 1, "D": 2, "E": 2, "F": 3}, ["T1", "T2", "T3", "T4"]),
        ("E", "backward", {"E": 0, "C": 1, "A": 2, "B": 2, "F": 3, "D": 4}, ["T2", "T1", "T4", "T3"]),
        ("E", "forward", {"E": 0}, []),
        ("Z", "forward", {"Z": 0}, []),
    ],
)
def test_a_walk_goes_round_a_circle_once(
    store: Store, start: str, direction: Direction, depths: dict[str, int], steps: list[str]
) -> None:
    network = walked(with_edges(store, BREAD), a_lot(start), direction)
    assert shown(network) == depths
    assert list(network.steps) == steps


def test_a_walk_ends_at_its_depth_and_says_where_more_lies(store: Store) -> None:
    with_edges(store, BREAD)
    for depth, found, cut in ((0, {"A"}, {"A"}), (1, {"A", "C"}, {"C"}), (2, {"A", "C", "D", "E"}, {"D"})):
        network = walked(store, a_lot("A"), depth=depth)
        assert set(shown(network)) == found
        assert {goods.lot_code for goods in network.cut} == cut


def test_what_was_taken_back_leads_nowhere_and_what_remains_is_told(store: Store) -> None:
    edges = [
        *made("T1", "A", "B"),
        edge("T1", "output", "B", -1),
        edge("T2", "input", "A", 5),
        edge("T2", "input", "A", -2),
        edge("T2", "output", "C", 7, at=9),
    ]
    network = walked(with_edges(store, edges), a_lot("A"))
    assert shown(network) == {"A": 0, "C": 1}
    (used, came) = network.links("T2")
    assert (used.role, used.quantity, came.role, came.quantity, came.occurred_at) == (
        "input", 3_000_000, "output", 7_000_000, 9,
    )  # fmt: skip


def test_a_serial_follows_serials_and_a_lot_its_lots(store: Store) -> None:
    edges = [
        edge("T1", "input", "L", 2),
        *(edge("T1", "input", "L", serial=serial) for serial in ("S1", "S2")),
        edge("T1", "output", None, serial="P1"),
        edge("T2", "input", "L"),
        edge("T2", "input", "L", serial="S3"),
        edge("T2", "output", None, serial="P2"),
        edge("T3", "input", None, serial="P1"),
        edge("T3", "output", "M"),
    ]
    with_edges(store, edges)
    assert shown(walked(store, a_lot("L"))) == {"L": 0, "P1": 1, "P2": 1, "M": 2}
    assert shown(walked(store, Goods("X", "ITEM", None, "L", "S1"))) == {"S1": 0, "P1": 1, "M": 2}
    assert shown(walked(store, Goods("X", "ITEM", None, "L", "S3"))) == {"S3": 0, "P2": 1}


CODES = st.sampled_from("ABCDEFG")
EDGES = st.lists(
    st.builds(
        edge,
        st.sampled_from(["T1", "T2", "T3", "T4", "T5"]),
        st.sampled_from(["input", "output"]),
        st.none() | CODES,
        st.sampled_from([1, 1, 2, -1]),
        serial=st.none() | st.sampled_from(["S1", "S2"]),
        at=st.integers(0, 9),
    ),
    max_size=25,
)


@pytest.fixture(scope="module")
def one_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    path: Path = tmp_path_factory.mktemp("lineage")
    store = Store(f"sqlite:///{path}/edge.db")
    store.migrate()
    return store


@given(
    edges=EDGES,
    lot=st.none() | CODES,
    serial=st.none() | st.sampled_from(["S1", "S2"]),
    direction=st.sampled_from(["forward", "backward"]),
    depth=st.none() | st.integers(0, 4),
)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_store_is_walked_like_the_graph_in_memory(
    one_store: Store, edges: list[LineageEdge], lot: str | None, serial: str | None, direction: Direction,
    depth: int | None,
) -> None:  # fmt: skip
    start = Goods("X", "ITEM", None, lot, serial)
    if not start.traced:
        return
    edges = _like_the_ledgers(edges)
    network = walked(with_edges(one_store, edges), start, direction, depth)
    visits = list(LineageGraph(edges, serials=serial is not None).walk(start, direction, depth))
    entered = {visit.goods for visit in visits if visit.step is None and visit.goods.traced}
    assert set(network.depths) == entered
    assert set(network.steps) == {visit.step.transformation_id for visit in visits if visit.step is not None}
    assert network.cut == {visit.goods for visit in visits if visit.cut}


def _like_the_ledgers(edges: list[LineageEdge]) -> list[LineageEdge]:
    """A lot's serials come with an edge of the lot itself, as `domain/lineage.py` publishes them."""
    lots = [edge(each.transformation_id, each.role, each.lot_code, each.quantity // 1_000_000, at=each.occurred_at)
            for each in edges if each.lot_code is not None and each.serial_code is not None]  # fmt: skip
    plain = [each for each in edges if each.lot_code is None or each.serial_code is not None]
    return [*(lots or [each for each in edges if each.serial_code is None and each.lot_code is not None]), *plain]
