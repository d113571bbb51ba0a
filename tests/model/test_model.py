"""The ledger against a second, naive model of it: random stories, with crashes, on one partition and on four.

Compared are each answer with all its reasons in order, every row of the registers, and the postings, document lines,
edges and alerts of each item one by one.

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


@pytest.mark.parametrize("seed", range(20))
def test_the_ledger_answers_and_keeps_what_the_naive_model_does(seed: int) -> None:
    agree(seed, Teller(seed).tell(70), lambda story: product.run(story, partitions=1))


@pytest.mark.parametrize("seed", range(1000, 1020))
def test_it_does_so_on_several_partitions_whose_worker_crashes_and_loses_disk_and_redis(seed: int) -> None:
    agree(seed, Teller(seed).tell(70), lambda story: product.run(story, partitions=4, crashes=seed))


@pytest.mark.parametrize("seed", range(2000, 2020))
def test_it_does_so_where_codes_are_unique_across_the_company(seed: int) -> None:
    """On one partition, whose order is that of the ordinals; Redis is not lost, as that may leave a gap in them."""
    story = Teller(seed, company_wide=True).tell(70)
    agree(seed, story, lambda story: product.run(story, partitions=1, crashes=seed, lose_redis=False))


@pytest.mark.parametrize("seed", [7])
def test_it_does_so_over_thousands_of_messages(seed: int) -> None:
    agree(seed, Teller(seed).tell(1000), lambda story: product.run(story, partitions=4, crashes=seed))


@pytest.mark.parametrize(
    "file", [*sorted(Path(__file__).parent.glob("naive_*.py")), Path(__file__).with_name("stories.py")]
)
def test_the_model_takes_nothing_from_the_product(file: Path) -> None:
    imports = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {node.module or "" if isinstance(node, ast.ImportFrom) else node.names[0].name for node in imports}
    own = {name for name in names if name.startswith("tests.model.naive_")}
    assert names - own <= {
        "ast",
        "calendar",
        "collections.abc",
        "copy",
        "datetime",
        "fractions",
        "random",
        "typing",
        "zoneinfo",
    }
