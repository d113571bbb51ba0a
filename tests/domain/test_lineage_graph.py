"""Where goods went and what they were made of, on edges made by hand and at random."""

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.domain.events import LineageEdge
from processors.domain.lineage_graph import Direction, Goods, LineageGraph, Visit

ONE = 1_000_000


def edge(
    transformation: str,
    role: Literal["input", "output"],
    lot: str | None,
    amount: int = 1,
    *,
    serial: str | None = None,
    movement: str | None = None,
    account: str | None = None,
    at: int = 0,
) -> LineageEdge:
    movement = movement or f"{transformation}-{role}-{lot}"
    return LineageEdge(
        transformation, role, "X", "ITEM", None, lot, serial, amount * ONE, movement, account, at
    )  # fmt: skip


def made(transformation: str, inputs: str, outputs: str) -> list[LineageEdge]:
    """A transformation of lots, each named by one letter."""
    return [edge(transformation, "input", lot) for lot in inputs] + [
        edge(transformation, "output", lot) for lot in outputs
    ]


def a_lot(code: str) -> Goods:
    return Goods("X", "ITEM", None, code, None)


def drawn(visits: list[Visit]) -> list[str]:
    """One text a line: indentation, the step or lot, `~` met again, `…` cut."""
    return [
        "." * visit.level
        + (visit.step.transformation_id if visit.step else visit.goods.serial_code or visit.goods.lot_code or "?")
        + ("~" if visit.again else "")
        + ("…" if visit.cut else "")
        for visit in visits
    ]


def walked(
    edges: list[LineageEdge], start: str, direction: Direction = "forward", depth: int | None = None
) -> list[str]:
    return drawn(list(LineageGraph(edges).walk(a_lot(start), direction, depth)))


BREAD = [*made("T1", "AB", "C"), *made("T2", "C", "DE"), *made("T3", "D", "F")]


@pytest.mark.parametrize(
    ("start", "direction", "lines"),
    [
        ("A", "forward", ["A", ".T1", "..C", "...T2", "....D", ".....T3", "......F", "....E"]),
        ("F", "backward", ["F", ".T3", "..D", "...T2", "....C", ".....T1", "......A", "......B"]),
        ("C", "forward", ["C", ".T2", "..D", "...T3", "....F", "..E"]),
        ("C", "backward", ["C", ".T1", "..A", "..B"]),
        ("F", "forward", ["F"]),
        ("Z", "backward", ["Z"]),
    ],
)
def test_a_walk_goes_through_every_step_to_any_depth(start: str, direction: Direction, lines: list[str]) -> None:
    assert walked(BREAD, start, direction) == lines


def test_a_walk_ends_at_its_depth_and_says_where_more_follows() -> None:
    assert walked(BREAD, "A", depth=1) == ["A", ".T1", "..C…"]
    assert walked(BREAD, "A", depth=2) == ["A", ".T1", "..C", "...T2", "....D…", "....E"]
    assert walked(BREAD, "A", depth=0) == ["A…"]


def test_what_is_met_again_is_named_and_not_entered_again() -> None:
    diamond = [*made("T1", "A", "BC"), *made("T2", "B", "D"), *made("T3", "C", "D"), *made("T4", "D", "E")]
    lines = walked(diamond, "A")
    assert lines == ["A", ".T1", "..B", "...T2", "....D", ".....T4", "......E", "..C", "...T3", "....D~"]


def test_a_lot_is_entered_where_the_way_to_it_is_shortest() -> None:
    edges = [*made("T1", "A", "B"), *made("T2", "B", "C"), *made("T3", "A", "C"), *made("T4", "C", "D")]
    assert walked(edges, "A", depth=2) == ["A", ".T1", "..B", "...T2", "....C~", ".T3", "..C", "...T4", "....D"]


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_a_circle_ends(direction: Direction) -> None:
    edges = [*made("T1", "A", "B"), *made("T2", "B", "A"), *made("T3", "A", "A")]
    lines = walked(edges, "A", direction)
    assert sum("~" in line for line in lines) == 2
    assert {line.strip(".~") for line in lines} == {"A", "B", "T1", "T2", "T3"}


def test_a_chain_of_ten_thousand_steps_is_walked() -> None:
    edges = [e for n in range(10_000) for e in (edge(f"T{n}", "input", f"L{n}"), edge(f"T{n}", "output", f"L{n + 1}"))]
    visits = list(LineageGraph(edges).walk(a_lot("L0"), "forward"))
    assert visits[-1].goods.lot_code == "L10000"
    assert visits[-1].depth == 10_000


def test_what_a_reversal_took_back_is_not_there() -> None:
    edges = [*made("T1", "A", "B"), edge("T1", "output", "B", -1, movement="r1")]
    assert walked(edges, "A") == ["A", ".T1"]
    assert walked(edges, "B", "backward") == ["B"]
    edges.append(edge("T1", "input", "A", -1, movement="r2"))
    assert walked(edges, "A") == ["A"]


def test_a_movement_posted_anew_after_its_reversal_is_the_one_that_is_named() -> None:
    edges = [
        edge("T1", "input", "A", 5, movement="m1", account="C1"),
        edge("T1", "input", "A", -5, movement="r1", account="C1"),
        edge("T1", "input", "A", 3, movement="m2", account="C2"),
    ]
    ((_, part),) = LineageGraph(edges).steps(a_lot("A"), "forward")
    assert (part.quantity, part.movement_ids, part.accounts) == (3 * ONE, ("m2",), ("C2",))


def test_one_reversal_takes_one_of_two_like_movements_back() -> None:
    edges = [edge("T1", "input", "A", amount, movement=name) for name, amount in (("m1", 5), ("m2", 5), ("r1", -5))]
    ((_, part),) = LineageGraph(edges).steps(a_lot("A"), "forward")
    assert (part.quantity, len(part.movement_ids)) == (5 * ONE, 1)


def test_several_movements_of_a_lot_into_one_transformation_add_up() -> None:
    edges = [edge("T1", "input", "A", 5, movement="m1", at=3), edge("T1", "input", "A", 2, movement="m2", at=7)]
    ((_, part),) = LineageGraph(edges).steps(a_lot("A"), "forward")
    assert (part.quantity, part.movement_ids, part.occurred_at) == (7 * ONE, ("m1", "m2"), 7)


def test_a_lot_s_serials_are_followed_as_the_lot_or_one_by_one() -> None:
    edges = [
        edge("T1", "input", "A", 2),
        edge("T1", "input", "A", serial="S1"),
        edge("T1", "input", "A", serial="S2"),
        edge("T1", "output", "B", 1),
        edge("T1", "output", "B", serial="S9"),
    ]
    assert walked(edges, "A") == ["A", ".T1", "..B"]
    ((_, part),) = LineageGraph(edges).steps(a_lot("A"), "forward")
    assert part.quantity == 2 * ONE
    one = LineageGraph(edges, serials=True)
    assert drawn(list(one.walk(Goods("X", "ITEM", None, "A", "S2"), "forward"))) == ["S2", ".T1", "..S9"]


def test_goods_without_lot_and_serial_are_named_and_not_followed() -> None:
    edges = [edge("T1", "input", None), edge("T1", "output", "A"), edge("T0", "output", None), edge("T0", "input", "Z")]
    assert walked(edges, "A", "backward") == ["A", ".T1", "..?"]


def test_steps_come_in_the_order_of_time() -> None:
    edges = [edge("T9", "input", "A", at=1), edge("T1", "input", "A", at=3), edge("T5", "input", "A", at=2)]
    assert walked(edges, "A") == ["A", ".T9", ".T5", ".T1"]


LOTS = st.text(alphabet="ABCDEFGH", min_size=1, max_size=3)


@given(st.lists(st.tuples(st.sampled_from("12345678"), LOTS, LOTS), max_size=12), st.sampled_from("ABC"))
def test_a_walk_finds_what_a_naive_search_finds_and_never_more_lines_than_edges(
    makings: list[tuple[str, str, str]], start: str
) -> None:
    edges = [
        each for name, inputs, outputs in makings for each in made(name, "".join(set(inputs)), "".join(set(outputs)))
    ]
    found, news = {start}, [start]
    while news:
        now = news.pop()
        into = {e.transformation_id for e in edges if e.role == "input" and e.lot_code == now}
        for e in edges:
            if e.role == "output" and e.transformation_id in into and e.lot_code not in found:
                found.add(e.lot_code or "")
                news.append(e.lot_code or "")
    visits = list(LineageGraph(edges).walk(a_lot(start), "forward"))
    assert {visit.goods.lot_code for visit in visits} == found
    assert len(visits) <= len(edges) + 1
    entered = [visit.goods for visit in visits if visit.step is None and not visit.again]
    assert len(entered) == len(set(entered))
