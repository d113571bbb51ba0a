"""Counts against what really stands on the shelves, and against a naive model; documents arrive when they arrive.

A story tells of goods that move, get lost and are put elsewhere, of documents of it that come late, twice, out of order
and are taken back, and of people who count meanwhile. When everything has arrived and all lists are closed, each row
that was counted holds what stands there. Nothing of that asks how the product does it; the naive model does, line by
line. A failure prints its seed and the shortest story that still shows it.
"""

import ast
from collections import Counter
from pathlib import Path

import pytest

from tests.model.count_comparison import differences
from tests.model.count_deeds import Teller
from tests.model.count_shrinking import Tell, shrunk, told
from tests.model.count_world import Ending, run
from tests.model.naive_codes import Form
from tests.model.shelf_check import problems


def agree(seed: int, deeds: list[Form], tell: Tell) -> None:
    if tell(deeds) is not None:
        pytest.fail(told(seed, shrunk(deeds, tell), tell), pytrace=False)


@pytest.mark.parametrize("block", range(8))
def test_books_are_what_stands_on_the_shelves_for_any_order_of_arrival(block: int) -> None:
    for seed in range(block * 12, block * 12 + 12):
        agree(seed, Teller(seed).tell(60), lambda deeds: next(problems(deeds, run(deeds, partitions=1)), None))


@pytest.mark.parametrize("block", range(8))
def test_crashes_of_either_processor_change_nothing(block: int) -> None:
    """On four partitions: as without crashes, all rows byte for byte, and as the shelves say."""
    for seed in range(10_000 + block * 6, 10_006 + block * 6):
        agree(seed, Teller(seed).tell(60), lambda deeds, seed=seed: _crashed(deeds, seed))  # type: ignore[misc]


@pytest.mark.parametrize("block", range(8))
def test_every_line_adjustment_and_row_is_what_the_naive_model_says(block: int) -> None:
    for seed in range(20_000 + block * 10, 20_010 + block * 10):
        deeds = Teller(seed, twins=False).tell(60)
        agree(seed, deeds, lambda deeds: next(differences(run(deeds, partitions=1)), None))


def test_a_story_of_months_agrees_with_shelves_and_model() -> None:
    deeds = Teller(30_000, twins=False).tell(400)
    ending = run(deeds, partitions=4, crashes=30_000)
    assert next(problems(deeds, ending), None) is None
    assert next(differences(ending), None) is None


def test_the_stories_tell_of_all_that_can_happen_to_a_line() -> None:
    happened: Counter[str] = Counter()
    for seed in range(40):
        ending = run(Teller(seed).tell(60), partitions=1)
        happened.update(it.kind for it in ending.adjustments)
        happened.update("elsewhere" for it in ending.adjustments if it.group is not None)
        happened.update(it.state for it in ending.lines)
        happened.update(it.line[:2] for it in ending.lines if it.line[:2] in ("z-", "m-"))
        happened.update("recounted" for it in ending.lines if it.line[:2] not in ("z-", "m-") and it.revision > 1)
        happened.update("refused lists" for it in ending.replies if it.request_id.endswith("-open") and it.reasons)
        happened.update(it.status for it in ending.feedback)
    few = {"difference": 50, "correction": 50, "late_report": 3, "elsewhere": 2, "refused lists": 1,
           "settled": 100, "superseded": 10,
           "cancelled": 10, "z-": 1, "m-": 20, "recounted": 20, "ask": 5, "accepted": 200}  # fmt: skip
    assert {name: happened[name] for name in few if happened[name] < few[name]} == {}


def _crashed(deeds: list[Form], seed: int) -> str | None:
    smooth, crashed = run(deeds, partitions=4), run(deeds, partitions=4, crashes=seed)
    return next(problems(deeds, crashed), None) or _apart(smooth, crashed)


def _apart(smooth: Ending, crashed: Ending) -> str | None:
    for topic, rows in smooth.bytes.items():
        if rows != crashed.bytes[topic]:
            keys = rows.keys() | crashed.bytes[topic].keys()
            apart = [key for key in keys if rows.get(key) != crashed.bytes[topic].get(key)]
            return f"rows of {topic} differ after crashes: {sorted(map(repr, apart))[:3]}"
    for name in ("replies", "feedback", "postings", "adjustments"):
        if sorted(map(repr, getattr(smooth, name))) != sorted(map(repr, getattr(crashed, name))):
            return f"records of {name} differ after crashes"
    return None


@pytest.mark.parametrize("name", ["shelves", "count_deeds", "count_lines"])
def test_the_shelves_take_nothing_from_the_product(name: str) -> None:
    tree = ast.parse(Path(__file__).with_name(f"{name}.py").read_text())
    imports = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert not [module for module in imports if module.startswith("processors")]
