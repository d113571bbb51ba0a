"""The ledger against a second, naive model of it: random stories, with crashes, on one partition and on four.

A failure prints its seed and the shortest story that still shows the difference, as lines for `lotstream simulate`.
"""

import ast
from pathlib import Path

import pytest

from tests.model import product
from tests.model.comparison import Run, difference, shrunk, told
from tests.model.stories import Line, Teller


def agree(seed: int, story: list[Line], run: Run) -> None:
    if difference(story, run) is not None:
        pytest.fail(told(seed, shrunk(story, run), run), pytrace=False)


@pytest.mark.parametrize("seed", range(60))
def test_the_ledger_answers_and_keeps_what_the_naive_model_does(seed: int) -> None:
    agree(seed, Teller(seed).tell(70), lambda story: product.run(story, partitions=1))


@pytest.mark.parametrize("seed", range(1000, 1060))
def test_it_does_so_on_several_partitions_whose_worker_crashes_and_loses_disk_and_redis(seed: int) -> None:
    agree(seed, Teller(seed).tell(70), lambda story: product.run(story, partitions=4, crashes=seed))


@pytest.mark.parametrize("seed", range(2000, 2060))
def test_it_does_so_where_codes_are_unique_across_the_company(seed: int) -> None:
    """On one partition, whose order is that of the ordinals; Redis is not lost, as that may leave a gap in them."""
    story = Teller(seed, company_wide=True).tell(70)
    agree(seed, story, lambda story: product.run(story, partitions=1, crashes=seed, lose_redis=False))


@pytest.mark.parametrize("seed", [7])
def test_it_does_so_over_thousands_of_messages(seed: int) -> None:
    agree(seed, Teller(seed).tell(4000), lambda story: product.run(story, partitions=4, crashes=seed))


@pytest.mark.parametrize("file", ["naive_ledger.py", "naive_codes.py", "stories.py"])
def test_the_model_takes_nothing_from_the_product(file: str) -> None:
    tree = ast.parse((Path(__file__).parent / file).read_text())
    imported = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    }
    assert not [name for name in imported if name is None or name.split(".")[0] in ("processors", "schemas")]
    assert {name for name in imported if name and name.startswith("tests")} <= {
        "tests.model.naive_codes",
        "tests.model.naive_ledger",
    }
